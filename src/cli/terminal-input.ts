/**
 * The keyboard, in front of `node:readline`. It takes out the keys that act at once (`?`, Ctrl-Z, Ctrl-D on an empty
 * line, Ctrl-C while a command runs), and holds back what is typed or pasted while a command runs.
 */
import { Readable } from 'node:stream';
import type { ReadStream } from 'node:tty';

export interface KeyActions {
  /** What stands before the cursor. */
  textBeforeCursor(): string;
  lineIsEmpty(): boolean;
  /** Each returns when it is done; until then no further key is taken. */
  help(): Promise<void>;
  end(): Promise<void>;
  up(): Promise<void>;
  /** Ctrl-C while a command runs. */
  cancel(): void;
  /** A key while the output waits at a full screen; false when it does not wait. */
  atPause(key: string): boolean;
}

const CTRL_C = 0x03;
const CTRL_D = 0x04;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const CTRL_V = 0x16;
const CTRL_Z = 0x1a;
const ESCAPE = 0x1b;
const QUESTION_MARK = 0x3f;

export class TerminalInput extends Readable {
  readonly isTTY = true;
  readonly #terminal: ReadStream;
  #actions: KeyActions | null = null;
  #queue: number[] = [];
  /** A command runs. */
  #running = false;
  /** A key is being acted on. */
  #held = false;
  #literal = false;

  constructor(terminal: ReadStream) {
    super();
    this.#terminal = terminal;
    terminal.on('data', (chunk: Buffer) => this.#take(chunk));
    terminal.on('end', () => this.push(null));
  }

  override _read(): void {
    // Keys are pushed as they come.
  }

  /** `node:readline` asks for this to see single keys. */
  setRawMode(raw: boolean): this {
    this.#terminal.setRawMode(raw);
    return this;
  }

  begin(actions: KeyActions): void {
    this.#actions = actions;
  }

  /** The command of the last line has ended: goes on with what was typed meanwhile. */
  ready(): void {
    this.#running = false;
    this.#pump();
  }

  get #busy(): boolean {
    return this.#running || this.#held;
  }

  #take(chunk: Buffer): void {
    for (const byte of chunk) {
      if (this.#busy && this.#actions?.atPause(String.fromCharCode(byte))) continue;
      if (byte === CTRL_C && this.#running) {
        this.#queue = [];
        this.#actions?.cancel();
      } else {
        this.#queue.push(byte);
      }
    }
    this.#pump();
  }

  #pump(): void {
    while (!this.#busy && this.#queue.length > 0) {
      const ordinary = this.#ordinaryBytes();
      if (ordinary.length > 0) {
        this.push(Buffer.from(ordinary));
        // readline sees these in a later turn; what comes behind them must find the line as they left it.
        this.#hold(new Promise((resolve) => setImmediate(resolve)));
      } else {
        this.#special(this.#queue.shift() as number);
      }
    }
  }

  /** Takes the bytes up to the next key that acts at once. */
  #ordinaryBytes(): number[] {
    const count = this.#queue.findIndex((byte, index) => this.#isSpecial(byte, index));
    return this.#queue.splice(0, count < 0 ? this.#queue.length : count);
  }

  #isSpecial(byte: number, index: number): boolean {
    if (byte === RETURN || byte === LINE_FEED || byte === CTRL_V || byte === CTRL_Z || byte === CTRL_D)
      return true;
    // Inside an escape sequence, "?" is part of a terminal's answer.
    const before = this.#queue.slice(Math.max(0, index - 2), index);
    return (byte === QUESTION_MARK && !before.includes(ESCAPE)) || (this.#literal && index === 0);
  }

  #special(byte: number): void {
    const actions = this.#actions as KeyActions;
    if (this.#literal) {
      this.#literal = false;
      this.#hold(this.#pass(byte));
    } else if (byte === CTRL_V) {
      this.#literal = true;
    } else if (byte === RETURN || byte === LINE_FEED) {
      this.#running = true;
      this.push(Buffer.from([byte]));
    } else if (byte === CTRL_Z) {
      this.#hold(actions.end());
    } else if (byte === CTRL_D) {
      this.#hold(actions.lineIsEmpty() ? actions.up() : this.#pass(byte));
    } else {
      this.#hold(insideQuotes(actions.textBeforeCursor()) ? this.#pass(byte) : actions.help());
    }
  }

  async #pass(byte: number): Promise<void> {
    this.push(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }

  #hold(work: Promise<void>): void {
    this.#held = true;
    void work.finally(() => {
      this.#held = false;
      this.#pump();
    });
  }
}

function insideQuotes(text: string): boolean {
  const opened = /(?:^|[ \t])(["'])[^"']*$/.exec(text);
  return opened !== null;
}
