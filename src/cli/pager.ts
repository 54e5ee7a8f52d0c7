/** Stops long output at full screens. */

const QUESTION = ' --More-- ';
const ERASE = `\r${' '.repeat(QUESTION.length)}\r`;

export class Pager {
  readonly #write: (text: string) => void;
  #answer: ((key: string) => void) | null = null;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** Prints lines; stops whenever `height` are on the screen, never when it is 0. */
  async print(lines: readonly string[], height: number): Promise<void> {
    let room = height > 1 ? height - 1 : Number.POSITIVE_INFINITY;
    for (const [index, line] of lines.entries()) {
      this.#write(`${line}\n`);
      room--;
      if (room > 0 || index === lines.length - 1) continue;
      const key = await this.#ask();
      if (key === 'q' || key === '\x03') return;
      room = key === '\r' || key === '\n' ? 1 : height - 1;
    }
  }

  /** Takes a key while it stops at a screen: space goes on, Enter gives a line, `q` and Ctrl-C end. */
  key(key: string): boolean {
    if (this.#answer === null) return false;
    if (![' ', '\r', '\n', 'q', '\x03'].includes(key)) return true;
    this.#write(ERASE);
    const answer = this.#answer;
    this.#answer = null;
    answer(key);
    return true;
  }

  #ask(): Promise<string> {
    this.#write(QUESTION);
    return new Promise((resolve) => {
      this.#answer = resolve;
    });
  }
}
