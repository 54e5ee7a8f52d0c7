/** Bytes of a terminal as keys. */
import { StringDecoder } from 'node:string_decoder';

export type Key =
  /** Printable characters; `literal`: they mean themselves, as in a paste or after Ctrl-V. */
  | { kind: 'text'; text: string; literal: boolean }
  /** A key that does something: `enter`, `left`, `ctrl-r`, `meta-b`. */
  | { kind: 'press'; name: string; pasted: boolean };

const ESCAPE = '\x1b';
const PASTE_END = `${ESCAPE}[201~`;

const CONTROLS: Readonly<Record<string, string>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\x7f': 'backspace',
  '\b': 'backspace',
};

/** What ends an escape sequence, or its number before `~`. */
const SEQUENCES: Readonly<Record<string, string>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  H: 'home',
  F: 'end',
  '1~': 'home',
  '7~': 'home',
  '4~': 'end',
  '8~': 'end',
  '3~': 'delete',
  '5~': 'page-up',
  '6~': 'page-down',
};

/** Control sequences (ECMA-48): parameters, then a final byte; `O` introduces those of a keypad. */
const SEQUENCE = new RegExp(`^${ESCAPE}(?:\\[([0-9;?]*)([@-~])|O([@-~]))`);
const UNFINISHED = new RegExp(`^${ESCAPE}(?:\\[[0-9;?]*|O)?$`);

/**
 * Takes a terminal's bytes as they come, cut anywhere, and gives the keys that they are. A lone Escape is the Meta
 * prefix of the next key, however late that comes. Between the marks of a bracketed paste every character means
 * itself, but the end of a line still ends it; the key `paste-end` follows.
 */
export class KeyDecoder {
  private readonly utf8 = new StringDecoder('utf8');
  private rest = '';
  private pasting = false;
  private literalNext = false;

  push(chunk: Buffer): Key[] {
    this.rest += this.utf8.write(chunk);
    const keys: Key[] = [];
    while (this.rest !== '') {
      const length = this.pasting ? this.pasted(keys) : this.typed(keys);
      if (length === 0) break;
      this.rest = this.rest.slice(length);
    }
    return keys;
  }

  /** Reads one key; returns how many characters it took, 0 when there must come more. */
  private typed(keys: Key[]): number {
    const first = firstCharacter(this.rest);
    if (this.literalNext) {
      this.literalNext = false;
      if (isPrintable(first)) keys.push({ kind: 'text', text: first, literal: true });
      return first.length;
    }
    if (first === '\x16') {
      this.literalNext = true;
      return 1;
    }
    if (first === ESCAPE) return this.escaped(keys);
    if (isPrintable(first)) keys.push({ kind: 'text', text: first, literal: false });
    else keys.push(press(CONTROLS[first] ?? controlName(first)));
    // The two characters that some terminals send for Enter are one key.
    return this.rest.startsWith('\r\n') ? 2 : first.length;
  }

  private escaped(keys: Key[]): number {
    const found = SEQUENCE.exec(this.rest);
    if (found === null) {
      if (UNFINISHED.test(this.rest)) return 0;
      const second = firstCharacter(this.rest.slice(1));
      if (second === ESCAPE) return 1;
      if (isPrintable(second)) keys.push(press(`meta-${second.toLowerCase()}`));
      else if (CONTROLS[second] === 'backspace') keys.push(press('meta-backspace'));
      return 1 + second.length;
    }
    const [sequence, parameters = '', final, keypad] = found;
    if (sequence === `${ESCAPE}[200~`) {
      this.pasting = true;
      return sequence.length;
    }
    const [number, modifier] = parameters.split(';');
    const name = SEQUENCES[keypad ?? (final === '~' ? `${number}~` : final)];
    if (name !== undefined) keys.push(press(modifier === undefined ? name : withModifier(name)));
    return sequence.length;
  }

  private pasted(keys: Key[]): number {
    if (this.rest.startsWith(PASTE_END)) {
      this.pasting = false;
      keys.push({ kind: 'press', name: 'paste-end', pasted: true });
      return PASTE_END.length;
    }
    if (PASTE_END.startsWith(this.rest)) return 0;
    const first = firstCharacter(this.rest);
    if (first === '\r' || first === '\n') {
      keys.push({ kind: 'press', name: 'enter', pasted: true });
      return this.rest.startsWith('\r\n') ? 2 : 1;
    }
    if (first === '\t') keys.push({ kind: 'text', text: ' ', literal: true });
    else if (isPrintable(first)) keys.push({ kind: 'text', text: first, literal: true });
    return first.length;
  }
}

function press(name: string): Key {
  return { kind: 'press', name, pasted: false };
}

/** Arrows with Ctrl or Alt held go by words. */
function withModifier(name: string): string {
  if (name === 'left') return 'meta-b';
  return name === 'right' ? 'meta-f' : name;
}

function firstCharacter(text: string): string {
  return String.fromCodePoint(text.codePointAt(0) as number);
}

function isPrintable(character: string): boolean {
  return !/[\p{Cc}\p{Cs}\ufffd]/u.test(character);
}

/** `\x01` is `ctrl-a`. */
function controlName(character: string): string {
  return `ctrl-${String.fromCharCode(character.charCodeAt(0) + 0x60)}`;
}
