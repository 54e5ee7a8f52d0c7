/** The line that is being typed: text, cursor, what was killed, the walk through the history. Knows no terminal. */

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const WORD = /[\p{L}\p{N}_]/u;

export class LineEditor {
  private characters = '';
  /** Offset in UTF-16 units, always between two characters as people see them. */
  private at = 0;
  private killed = '';
  /** The last key killed text: what the next one kills joins it. */
  private killing = false;
  private readonly history: () => readonly string[];
  /** Place in the history, 0 the newest; -1: the line that is being typed. */
  private place = -1;
  private draft = '';

  /** `history` gives the lines to walk through, newest first. */
  constructor(history: () => readonly string[] = () => []) {
    this.history = history;
  }

  get text(): string {
    return this.characters;
  }

  get cursor(): number {
    return this.at;
  }

  get beforeCursor(): string {
    return this.characters.slice(0, this.at);
  }

  /** Starts a new line. Returns the old one. */
  take(): string {
    const text = this.characters;
    this.set('');
    this.place = -1;
    return text;
  }

  /** Makes `text` the line, the cursor at its end. */
  set(text: string): void {
    this.characters = text;
    this.at = text.length;
    this.killing = false;
  }

  insert(text: string): void {
    this.characters = this.beforeCursor + text + this.characters.slice(this.at);
    this.at += text.length;
    this.killing = false;
  }

  /** Puts `text` in the place of what stands between `start` and the cursor. */
  replaceBeforeCursor(start: number, text: string): void {
    this.characters = this.characters.slice(0, start) + text + this.characters.slice(this.at);
    this.at = start + text.length;
    this.killing = false;
  }

  /** Does what a key is for; false when the key is for nothing here, or nothing could be done. */
  press(name: string): boolean {
    const action = ACTIONS.get(name);
    if (action === undefined) return false;
    const wasKilling = this.killing;
    this.killing = false;
    const before = `${this.at} ${this.characters}`;
    action(this, wasKilling);
    return before !== `${this.at} ${this.characters}`;
  }

  moveTo(offset: number): void {
    this.at = offset;
  }

  /** Removes what stands between two offsets, without keeping it. */
  erase(from: number, to: number): void {
    this.characters = this.characters.slice(0, from) + this.characters.slice(to);
    this.at = from;
  }

  /** Removes and keeps it; kills in a row gather in the order in which they stood in the line. */
  kill(from: number, to: number, wasKilling: boolean): void {
    const text = this.characters.slice(from, to);
    const before = wasKilling ? this.killed : '';
    this.killed = from < this.at ? text + before : before + text;
    this.erase(from, to);
    this.killing = true;
  }

  yank(): void {
    this.insert(this.killed);
  }

  /** Swaps the characters around the cursor; at the end of the line the two before it. */
  transpose(): void {
    const end = this.at === this.characters.length ? this.at : this.after();
    const middle = this.before(end);
    const start = this.before(middle);
    if (start === middle) return;
    const swapped = this.characters.slice(middle, end) + this.characters.slice(start, middle);
    this.characters = this.characters.slice(0, start) + swapped + this.characters.slice(end);
    this.at = end;
  }

  walkHistory(steps: 1 | -1): void {
    const lines = this.history();
    const next = this.place + steps;
    if (next < -1 || next >= lines.length) return;
    if (this.place === -1) this.draft = this.characters;
    this.place = next;
    this.set(next === -1 ? this.draft : lines[next]);
  }

  /** Offset of the character before `offset`, and of the one after it, as people count characters. */
  before(offset = this.at): number {
    let last = 0;
    for (const { index } of segmenter.segment(this.characters.slice(0, offset))) last = index;
    return last;
  }

  after(offset = this.at): number {
    const [next] = segmenter.segment(this.characters.slice(offset));
    return offset + (next?.segment.length ?? 0);
  }

  wordStart(isPart: RegExp): number {
    let at = this.at;
    while (at > 0 && !isPart.test(this.characters.slice(this.before(at), at))) at = this.before(at);
    while (at > 0 && isPart.test(this.characters.slice(this.before(at), at))) at = this.before(at);
    return at;
  }

  wordEnd(isPart: RegExp): number {
    let at = this.at;
    const { length } = this.characters;
    while (at < length && !isPart.test(this.characters.slice(at, this.after(at)))) at = this.after(at);
    while (at < length && isPart.test(this.characters.slice(at, this.after(at)))) at = this.after(at);
    return at;
  }
}

type Action = (line: LineEditor, wasKilling: boolean) => void;

const toStart: Action = (line) => line.moveTo(0);
const toEnd: Action = (line) => line.moveTo(line.text.length);
const back: Action = (line) => line.moveTo(line.before());
const forward: Action = (line) => line.moveTo(line.after());
const older: Action = (line) => line.walkHistory(1);
const newer: Action = (line) => line.walkHistory(-1);
const deleteHere: Action = (line) => line.erase(line.cursor, line.after());
const deleteBefore: Action = (line) => line.erase(line.before(), line.cursor);

const ACTIONS: ReadonlyMap<string, Action> = new Map([
  ['ctrl-a', toStart],
  ['home', toStart],
  ['ctrl-e', toEnd],
  ['end', toEnd],
  ['ctrl-b', back],
  ['left', back],
  ['ctrl-f', forward],
  ['right', forward],
  ['meta-b', (line) => line.moveTo(line.wordStart(WORD))],
  ['meta-f', (line) => line.moveTo(line.wordEnd(WORD))],
  ['ctrl-d', deleteHere],
  ['delete', deleteHere],
  ['backspace', deleteBefore],
  ['ctrl-w', (line, more) => line.kill(line.wordStart(/\S/), line.cursor, more)],
  ['meta-backspace', (line, more) => line.kill(line.wordStart(WORD), line.cursor, more)],
  ['meta-d', (line, more) => line.kill(line.cursor, line.wordEnd(WORD), more)],
  ['ctrl-u', (line, more) => line.kill(0, line.cursor, more)],
  ['ctrl-x', (line, more) => line.kill(0, line.cursor, more)],
  ['ctrl-k', (line, more) => line.kill(line.cursor, line.text.length, more)],
  ['ctrl-y', (line) => line.yank()],
  ['ctrl-t', (line) => line.transpose()],
  ['ctrl-p', older],
  ['up', older],
  ['ctrl-n', newer],
  ['down', newer],
]);
