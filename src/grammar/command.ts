/** The vocabulary in which the command tables are written. */
import type { CompletionKind, Privilege } from '../api.js';
import type { ValueType } from './values.js';

/** A place in the command line where a command can stand. `pipe` holds the output modifiers behind `|`. */
export type Mode = 'exec' | 'config' | 'interface' | 'peer' | 'link' | 'pipe';

export type Token =
  | { kind: 'keyword'; word: string; help: string; capture?: string }
  | { kind: 'value'; name: string; type: ValueType; help: string; complete?: CompletionKind }
  /** Exactly one of the branches. */
  | { kind: 'choice'; branches: readonly (readonly Token[])[] }
  /** Each group at most once, in any order. */
  | { kind: 'options'; groups: readonly (readonly Token[])[] };

/** What every entry of a command table says; the tables of each side add what running it means. */
export interface CommandSpec {
  mode: Mode;
  tokens: readonly Token[];
  privilege: Privilege;
  /**
   * How many leading words `no` needs; those that follow may be left out. Absent: there is no `no` form.
   */
  noNeeds?: number;
  /** Why a command of a configuration mode has no `no` form. */
  withoutNo?: string;
  /** What holds when the line is not there, with its unit. */
  default?: string;
  /** Sentences for the manual, where the help of the words does not say enough. */
  details?: string;
}

export function keyword(word: string, help: string): Token {
  return { kind: 'keyword', word, help };
}

export function value(name: string, type: ValueType, help: string, complete?: CompletionKind): Token {
  return { kind: 'value', name, type, help, ...(complete && { complete }) };
}

/** One of several keywords; the word chosen becomes argument `name`. */
export function oneOf(name: string, words: Readonly<Record<string, string>>): Token {
  const branches = Object.entries(words).map(([word, help]): Token[] => [
    { kind: 'keyword', word, help, capture: name },
  ]);
  return { kind: 'choice', branches };
}

export function choice(...branches: Token[][]): Token {
  return { kind: 'choice', branches };
}

export function options(...groups: Token[][]): Token {
  return { kind: 'options', groups };
}

/** The arguments of a matched command, by name. */
export class Args {
  readonly #values: ReadonlyMap<string, string | number>;

  constructor(values: ReadonlyMap<string, string | number>) {
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  text(name: string): string {
    const found = this.#values.get(name);
    if (typeof found !== 'string') throw new TypeError(`no text argument ${name}`);
    return found;
  }

  number(name: string): number {
    const found = this.#values.get(name);
    if (typeof found !== 'number') throw new TypeError(`no number argument ${name}`);
    return found;
  }

  textOr<T>(name: string, fallback: T): string | T {
    return this.has(name) ? this.text(name) : fallback;
  }

  numberOr<T>(name: string, fallback: T): number | T {
    return this.has(name) ? this.number(name) : fallback;
  }
}

/** The grammar of a command as people write it: `ping peer NAME [link <0-7>]`. */
export function syntaxOf(tokens: readonly Token[]): string {
  return tokens.map(syntaxOfToken).join(' ');
}

function syntaxOfToken(token: Token): string {
  switch (token.kind) {
    case 'keyword':
      return token.word;
    case 'value':
      return token.type.label;
    case 'choice':
      return `<${token.branches.map(syntaxOf).join('|')}>`;
    case 'options':
      return token.groups.map((group) => `[${syntaxOf(group)}]`).join(' ');
  }
}
