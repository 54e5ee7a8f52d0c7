/** Hostile and half-right text from a seed: the same number gives the same input on any machine. */
import { integer, seededRandom } from '../sim/random.js';

const PROTOTYPES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '__defineGetter__',
];
const ODDITIES = [
  '"',
  "'",
  '\\',
  '!',
  '#',
  '|',
  '?',
  '\t',
  '\0',
  '\x7f',
  '\u2028',
  '\u202e',
  '\ufeff',
  '\ud800',
  '\u{1f600}',
  'é',
  '大阪',
  '-',
  '-1',
  '0x10',
  '1e9',
  '99999999999',
  '007',
  '::',
  '1.2.3.4.5',
  '0.0.0.0/0',
  'ff:ff:ff:ff:ff:ff',
  '%s',
  '..',
];

export class Inputs {
  private readonly random: () => number;
  private readonly words: readonly string[];
  private readonly lines: readonly string[];

  /** `words` and `lines` are right ones, to start from. */
  constructor(seed: number, words: readonly string[], lines: readonly string[]) {
    this.random = seededRandom(seed);
    this.words = words;
    this.lines = lines;
  }

  /** One line: right, nearly right, or noise. */
  line(): string {
    switch (this.below(5)) {
      case 0:
        return this.pick(this.lines);
      case 1:
        return this.mutated(this.pick(this.lines));
      case 2:
        return this.shortened(this.pick(this.lines));
      case 3:
        return Array.from({ length: this.below(12) }, () => this.word()).join(' ');
      default:
        return this.noise();
    }
  }

  /** Several lines, mostly of a right text, some of them changed, left out or doubled. */
  text(): string {
    const lines: string[] = [];
    const length = this.below(12);
    const start = this.below(this.lines.length);
    for (let index = 0; index < length; index++) {
      const right = this.lines[(start + index) % this.lines.length];
      lines.push(this.below(4) === 0 ? this.line() : right);
    }
    return lines.join(this.below(10) === 0 ? '\r\n' : '\n');
  }

  /** A line with some characters exchanged, taken out or put in. */
  private mutated(line: string): string {
    const chars = [...line];
    for (let changes = this.below(4); changes >= 0; changes--) {
      const at = this.below(chars.length + 1);
      chars.splice(at, this.below(2), this.below(2) === 0 ? this.pick(ODDITIES) : this.char());
    }
    return chars.join('');
  }

  /** Words cut short, as fingers type them. */
  private shortened(line: string): string {
    return line
      .split(' ')
      .map((word) => word.slice(0, 1 + this.below(word.length + 1)))
      .join(' ');
  }

  private word(): string {
    const kind = this.below(8);
    if (kind === 0) return this.pick(PROTOTYPES);
    if (kind === 1) return this.pick(ODDITIES);
    if (kind === 2) return this.char().repeat(1 + this.below(300));
    return this.pick(this.words);
  }

  private noise(): string {
    return Array.from({ length: this.below(60) }, () => this.char()).join('');
  }

  private char(): string {
    return String.fromCharCode(this.below(this.below(3) === 0 ? 0x10000 : 0x80));
  }

  /** From 0 up to and without `limit`. */
  private below(limit: number): number {
    return integer(this.random, 0, limit - 1);
  }

  private pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)];
  }
}
