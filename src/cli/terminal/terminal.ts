/** The terminal in front of the user: keys in, text out, and everything put back as it was at the end. */
import type { ReadStream, WriteStream } from 'node:tty';
import { type Key, KeyDecoder } from './key-decoder.js';

const PASTE_MARKS_ON = '\x1b[?2004h';
const PASTE_MARKS_OFF = '\x1b[?2004l';
const FULL_SCREEN_ON = '\x1b[?1049h\x1b[?25l';
const FULL_SCREEN_OFF = '\x1b[?25h\x1b[?1049l';
const DEFAULT_ROWS = 24;
const DEFAULT_COLUMNS = 80;
/** Terminals that are not told to mark pastes: they would print the request. */
const WITHOUT_PASTE_MARKS = /^(?:|dumb|unknown|network|ansi|vt\d+)$/;
const SIGNALS = { SIGHUP: 1, SIGTERM: 15 } as const;

/** Takes a key at the moment it is pressed; false leaves it to wait in the queue. */
type KeyHandler = (key: Key) => boolean;

export class Terminal {
  /** Columns as the user wants them to be; null: as many as there are. */
  widthWanted: number | null = null;
  private readonly input: ReadStream;
  private readonly output: WriteStream;
  private readonly marksPastes: boolean;
  private readonly decoder = new KeyDecoder();
  private readonly resized = new Set<() => void>();
  private queue: Key[] = [];
  private wake: (() => void) | null = null;
  private handler: KeyHandler | null = null;
  private interrupt: (() => void) | null = null;
  private isOpen = false;
  private isOver = false;
  private isFullScreen = false;

  constructor(input: ReadStream, output: WriteStream, environment: NodeJS.ProcessEnv) {
    this.input = input;
    this.output = output;
    this.marksPastes = !WITHOUT_PASTE_MARKS.test(environment['TERM'] ?? '');
  }

  get columns(): number {
    return this.widthWanted ?? (this.output.columns || DEFAULT_COLUMNS);
  }

  get rows(): number {
    return this.output.rows || DEFAULT_ROWS;
  }

  get ended(): boolean {
    return this.isOver;
  }

  /** Takes single keys from now on. */
  open(): void {
    if (this.isOpen) return;
    this.isOpen = true;
    this.input.on('data', this.take);
    this.input.on('end', this.end);
    this.input.on('error', this.end);
    this.output.on('resize', this.tellResized);
    process.on('exit', this.restore);
    for (const signal of Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]) process.on(signal, this.die);
    this.input.setRawMode(true);
    this.input.resume();
    if (this.marksPastes) this.output.write(PASTE_MARKS_ON);
  }

  /** Gives the terminal back, as at the end, or for a program that needs it for itself. */
  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.input.off('data', this.take);
    this.input.off('end', this.end);
    this.input.off('error', this.end);
    this.output.off('resize', this.tellResized);
    process.off('exit', this.restore);
    for (const signal of Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]) process.off(signal, this.die);
    this.restore();
    if (!this.isOver) this.input.setRawMode(false);
    this.input.pause();
  }

  write(text: string): void {
    this.output.write(text);
  }

  /** Writes, and waits while the terminal is slow. */
  writeFully(text: string): Promise<void> {
    return new Promise((resolve) => this.output.write(text, () => resolve()));
  }

  bell(): void {
    this.output.write('\x07');
  }

  /** The next key that nobody has taken before; null when the terminal has gone; `idle` when none comes in time. */
  async readKey(withinMs: number | null): Promise<Key | 'idle' | null> {
    if (this.queue.length === 0 && !this.isOver) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        if (withinMs !== null) timer = setTimeout(resolve, withinMs);
      });
      clearTimeout(timer);
    }
    return this.queue.shift() ?? (this.isOver ? null : 'idle');
  }

  /**
   * While `work` runs, Ctrl-C calls `interrupt` and throws away what was typed ahead; other keys wait, unless a
   * handler takes them.
   */
  async during(work: () => Promise<void>, interrupt: () => void): Promise<void> {
    this.interrupt = interrupt;
    try {
      const done = work();
      // It may have come in one piece with the key that began the work.
      const early = this.queue.findIndex(isInterrupt);
      if (early >= 0) {
        this.queue.splice(0, early + 1);
        interrupt();
      }
      await done;
    } finally {
      this.interrupt = null;
    }
  }

  /** Gives keys to `handler` as they are pressed, pasted ones excepted, until the returned function is called. */
  capture(handler: KeyHandler): () => void {
    const before = this.handler;
    this.handler = handler;
    return () => {
      this.handler = before;
    };
  }

  /** Calls back when the terminal has changed its size, until the returned function is called. */
  onResize(listener: () => void): () => void {
    this.resized.add(listener);
    return () => this.resized.delete(listener);
  }

  /** Switches to an empty screen of its own, without a cursor; the other one comes back unharmed. */
  enterFullScreen(): void {
    this.isFullScreen = true;
    this.output.write(FULL_SCREEN_ON);
  }

  leaveFullScreen(): void {
    if (!this.isFullScreen) return;
    this.isFullScreen = false;
    this.output.write(FULL_SCREEN_OFF);
  }

  private readonly take = (chunk: Buffer): void => {
    for (const key of this.decoder.push(chunk)) this.key(key);
    if (this.queue.length > 0) this.wakeReader();
  };

  private key(key: Key): void {
    const pasted = key.kind === 'text' ? key.literal : key.pasted;
    if (!pasted && this.handler?.(key)) return;
    if (this.interrupt !== null && isInterrupt(key)) {
      this.queue = [];
      this.interrupt();
      return;
    }
    this.queue.push(key);
  }

  private readonly end = (): void => {
    this.isOver = true;
    this.interrupt?.();
    this.wakeReader();
  };

  private wakeReader(): void {
    this.wake?.();
    this.wake = null;
  }

  private readonly tellResized = (): void => {
    for (const listener of this.resized) listener();
  };

  private readonly restore = (): void => {
    this.leaveFullScreen();
    if (this.marksPastes) this.output.write(PASTE_MARKS_OFF);
  };

  private readonly die = (signal: NodeJS.Signals): void => {
    process.exit(128 + SIGNALS[signal as keyof typeof SIGNALS]);
  };
}

function isInterrupt(key: Key): boolean {
  return key.kind === 'press' && key.name === 'ctrl-c';
}
