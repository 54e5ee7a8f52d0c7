/**
 * A program of the operator's that is run for each event, with the event as a JSON object on its standard input. One runs at a time;
 * a queue of bounded length holds what comes meanwhile, and what has no room is counted.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import type { ControlEvent } from '../../api/index.js';
import type { EventHandlerStatus } from '../../api/logging.js';
import type { EventLog } from '../base/event-log.js';
import type { Log } from '../base/log.js';

const MAX_WAITING = 256;
/** A program that takes longer is killed, in milliseconds. */
const PATIENCE_MS = 10_000;
const WRITABLE_BY_OTHERS = 0o022;
const EXECUTABLE = 0o111;
/** Debug lines come by the hundred, and what a handler does may make events itself. */
const NOT_HANDLED: ReadonlySet<ControlEvent['kind']> = new Set(['debug']);

export class EventHandler {
  private file: string | null = null;
  private readonly waiting: ControlEvent[] = [];
  private child: ChildProcess | null = null;
  private counts = { run: 0, failed: 0, dropped: 0 };
  /** Why the last run failed; null: it did not. */
  private fault: string | null = null;
  private readonly stopListening: () => void;

  constructor(
    events: EventLog,
    private readonly log: Log,
  ) {
    this.stopListening = events.listen((event) => this.take(event));
  }

  /** Another configuration is in force: another program, or none. */
  follow(file: string | null): void {
    if (file === this.file) return;
    this.file = file;
    this.waiting.length = 0;
    this.counts = { run: 0, failed: 0, dropped: 0 };
    this.fault = file === null ? null : problemOf(file);
    if (this.fault !== null) this.log.warn({ file, why: this.fault }, 'the event handler cannot be run');
  }

  /** Null: there is none. */
  status(): EventHandlerStatus | null {
    const { file, counts, fault } = this;
    return file === null ? null : { file, ...counts, fault };
  }

  /** Whether the program runs. */
  get isBusy(): boolean {
    return this.child !== null;
  }

  close(): void {
    this.stopListening();
    this.follow(null);
    this.child?.kill('SIGKILL');
  }

  private take(event: ControlEvent): void {
    if (this.file === null || NOT_HANDLED.has(event.kind)) return;
    if (this.waiting.length >= MAX_WAITING) this.counts.dropped++;
    else this.waiting.push(event);
    this.next();
  }

  private next(): void {
    const { file } = this;
    if (file === null || this.child !== null) return;
    const event = this.waiting.shift();
    if (event === undefined) return;
    const problem = problemOf(file);
    if (problem !== null) {
      this.failed(file, problem);
      return this.next();
    }
    this.counts.run++;
    this.child = this.start(file, event, (why) => {
      this.child = null;
      if (why === null) this.fault = null;
      else this.failed(file, why);
      this.next();
    });
  }

  private start(file: string, event: ControlEvent, ended: (why: string | null) => void): ChildProcess {
    const { PATH = '/usr/sbin:/usr/bin:/sbin:/bin', LANG = 'C.UTF-8' } = process.env;
    const child = spawn(file, [event.kind], {
      cwd: '/',
      env: { PATH, LANG },
      stdio: ['pipe', 'ignore', 'ignore'],
      timeout: PATIENCE_MS,
      killSignal: 'SIGKILL',
    });
    // A program need not read what it is given.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(`${JSON.stringify(event)}\n`);
    let isOver = false;
    const over = (why: string | null): void => {
      if (!isOver) ended(why);
      isOver = true;
    };
    child.on('error', (error) => over(error.message));
    child.on('exit', (code, signal) => {
      if (code === 0) over(null);
      else over(code === null ? `it was ended by ${signal}` : `it ended with status ${code}`);
    });
    return child;
  }

  private failed(file: string, why: string): void {
    this.counts.failed++;
    // A handler that always fails is told once.
    if (why !== this.fault) this.log.warn({ file, why }, 'the event handler failed');
    this.fault = why;
  }
}

/** Why a program is not run: whoever may configure this host must not thereby run what anybody wrote. */
function problemOf(file: string): string | null {
  try {
    const status = statSync(file);
    const { mode, uid } = status;
    if (!status.isFile()) return 'it is not a regular file';
    if ((mode & EXECUTABLE) === 0) return 'it is not executable';
    if (uid !== 0 && uid !== process.geteuid?.())
      return `it is owned by user ${uid}, neither root nor the user who runs it`;
    return (mode & WRITABLE_BY_OTHERS) === 0 ? null : 'others may write it';
  } catch (error) {
    return `it cannot be read (${(error as NodeJS.ErrnoException).code})`;
  }
}
