/**
 * The log on standard error. Lines are written by other threads, so that a reader who stops reading stalls nothing; what
 * does not fit into a bounded queue meanwhile is left out and counted.
 */
import { constants, fstatSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';

/** Bytes of lines that wait to be written. */
const QUEUE_BYTES = 1 << 20;
/** How long the end of the daemon waits for the last lines, in milliseconds. */
const LAST_WORDS_MS = 500;

interface StderrOptions {
  /** Standard error, unless a test says otherwise. */
  fd?: number;
  queueBytes?: number;
  /** `$JOURNAL_STREAM`: device and inode of the stream that leads to the journal (systemd.exec(5)). */
  journal?: string | undefined;
}

export class StderrLog {
  readonly log: pino.Logger;
  /** Lines left out since the daemon started. */
  leftOut = 0;
  private told = 0;
  private readonly destination: ReturnType<typeof pino.destination>;

  /** `level` is one of pino's. */
  constructor(level: string, { fd = 2, queueBytes = QUEUE_BYTES, journal }: StderrOptions = {}) {
    // With a `minLength` of 0, the default, `flush` does not wait for the lines that wait.
    const options = { sync: false, minLength: 1, maxLength: queueBytes };
    this.destination = pino.destination({ dest: ownDescriptor(fd), ...options });
    this.log = pino({ level }, isJournal(fd, journal) ? withPriority(this.destination) : this.destination);
    this.destination.on('drop', () => {
      this.leftOut++;
    });
    this.destination.on('drain', () => this.tell());
    // Nobody is left to hear of it when standard error is gone.
    this.destination.on('error', () => undefined);
  }

  /** Writes what waits, for a limited time. */
  async close(): Promise<void> {
    const written = new Promise<void>((resolve) => this.destination.flush(() => resolve()));
    await Promise.race([written, sleep(LAST_WORDS_MS)]);
  }

  /** Room again: says what is missing. */
  private tell(): void {
    const lines = this.leftOut - this.told;
    if (lines === 0) return;
    this.told = this.leftOut;
    this.log.warn({ lines }, 'log lines were left out: they came faster than they were read');
  }
}

/**
 * A pipe is opened once more, so that only our own writes to it never block: a thread that hangs in one would keep the
 * process from ending.
 */
function ownDescriptor(fd: number): number {
  try {
    if (!fstatSync(fd).isFIFO()) return fd;
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_APPEND);
  } catch {
    return fd;
  }
}

/** Whether what is written to a descriptor comes to the journal: the variable is inherited by programs whose output goes elsewhere. */
function isJournal(fd: number, stream: string | undefined): boolean {
  if (stream === undefined) return false;
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    return stream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

/** Lines with the priority of their level before them, as the journal takes it (sd-daemon(3)). */
function withPriority(destination: pino.DestinationStream): pino.DestinationStream {
  const stream = {
    // Pino then says the level of each line.
    [Symbol.for('pino.metadata')]: true,
    lastLevel: pino.levels.values['info'],
    write(line: string): void {
      destination.write(`<${priorityOf(stream.lastLevel)}>${line}`);
    },
  };
  return stream;
}

/** Of syslog (RFC 5424), from a level of pino. */
function priorityOf(level: number): number {
  if (level >= pino.levels.values['fatal']) return 2;
  if (level >= pino.levels.values['error']) return 3;
  if (level >= pino.levels.values['warn']) return 4;
  return level >= pino.levels.values['info'] ? 6 : 7;
}
