/** The vocabulary in which the command tables are written. */
import type { CompletionKind, Privilege } from '../api/index.js';
import type { ValueType } from './values.js';

/** A place in the command line where a command can stand. `pipe` holds the output modifiers after `|`. */
export type Mode = 'exec' | 'config' | 'interface' | 'peer' | 'link' | 'pipe';

export interface KeywordToken {
  kind: 'keyword';
  word: string;
  help: string;
  /** Argument that the keyword gives by standing there. */
  gives?: { name: string; value: string | true };
}

export interface ValueToken extends ValueNotes {
  kind: 'value';
  /** Argument that receives the value. */
  name: string;
  type: ValueType;
  help: string;
}

/** What else can be said about a value. */
interface ValueNotes {
  /** Live names that can stand here. */
  complete?: CompletionKind;
  /** What holds when the value is left out. */
  default?: string | number;
  /** What people call it, when that is not the argument's name. */
  called?: string;
}

/** Exactly one of the branches. */
interface ChoiceToken {
  kind: 'choice';
  branches: readonly (readonly Token[])[];
  /** Branches that are understood and not offered: earlier forms of the command. Each begins with a keyword. */
  hidden?: readonly (readonly Token[])[];
}

/** Each group at most once, in any order. */
interface OptionsToken {
  kind: 'options';
  groups: readonly (readonly Token[])[];
}

/**
 * A piece of a command's grammar. `A` is the object of arguments that it gives to the handler: nothing holds it
 * when the program runs, but the compiler derives the handler's parameter from it (`ArgsOf`).
 */
export type Token<A = unknown> = (KeywordToken | ValueToken | ChoiceToken | OptionsToken) & {
  readonly [GIVEN]?: A;
};

declare const GIVEN: unique symbol;

type GivenBy<T> = T extends { readonly [GIVEN]?: infer A } ? A : never;

/** Spelled out, so that editors show `{ peer: string; link?: number }` rather than how it came about. */
type Plain<A> = { [K in keyof A]: A[K] };

type Joined<T extends readonly Token[]> = T extends readonly [
  infer First,
  ...infer Rest extends readonly Token[],
]
  ? GivenBy<First> & Joined<Rest>
  : unknown;

/** The arguments that a sequence of tokens gives. */
export type ArgsOf<T extends readonly Token[]> = Plain<Joined<T>>;

/** Arguments that may be there or not: those of any of several sequences. */
type MaybeArgsOf<G extends readonly (readonly Token[])[]> = G extends readonly [
  infer First extends readonly Token[],
  ...infer Rest extends readonly (readonly Token[])[],
]
  ? Partial<Joined<First>> & MaybeArgsOf<Rest>
  : unknown;

/** Those that every branch gives are there, the others may be. */
type ChosenArgs<B extends readonly (readonly Token[])[]> = Plain<
  MaybeArgsOf<B> & { [K in keyof Joined<B[number]>]: Joined<B[number]>[K] }
>;

/** Arguments by name, of whatever command. */
export type Args = Readonly<Record<string, string | number | true | undefined>>;

/** What every entry of a command table says; the tables of each side add what running it means. */
export interface CommandSpec {
  mode: Mode;
  tokens: readonly Token[];
  privilege: Privilege;
  /**
   * How many leading words `no` needs; those that follow may be left out. Absent: there is no `no` form.
   */
  noNeeds?: number;
  /** There is a `default` form, which needs as many words as `no`. */
  hasDefault?: true;
  /** Why a command of a configuration mode has no `no` form. */
  withoutNo?: string;
  /** What holds when the line is not there, where no value's default says it. */
  default?: string;
  /** Sentences for the manual, where the help of the words does not say enough. */
  details?: string;
}

export function keyword(word: string, help: string): Token<unknown> {
  return { kind: 'keyword', word, help };
}

/** A keyword that gives the argument of its name: `true` when it stands there. */
export function flag<W extends string>(word: W, help: string): Token<{ [K in W]: true }> {
  return { kind: 'keyword', word, help, gives: { name: word, value: true } };
}

export function value<N extends string, V extends string | number>(
  name: N,
  type: ValueType<V>,
  help: string,
  notes: ValueNotes = {},
): Token<{ [K in N]: V }> {
  return { kind: 'value', name, type, help, ...notes };
}

/** One of several keywords; the word chosen becomes argument `name`. */
export function oneOf<N extends string, W extends string>(
  name: N,
  words: Readonly<Record<W, string>>,
): Token<{ [K in N]: W }> {
  const branches = Object.entries<string>(words).map(([word, help]): Token[] => [
    { kind: 'keyword', word, help, gives: { name, value: word } },
  ]);
  return { kind: 'choice', branches };
}

export function choice<const B extends readonly (readonly Token[])[]>(...branches: B): Token<ChosenArgs<B>> {
  return { kind: 'choice', branches };
}

/** Tokens that used to be written in another form, which is still understood: it must give the same arguments. */
export function formerly<const T extends readonly Token[]>(
  now: T,
  ...before: readonly (readonly Token[])[]
): Token<ArgsOf<T>> {
  return { kind: 'choice', branches: [now], hidden: before };
}

export function options<const G extends readonly (readonly Token[])[]>(
  ...groups: G
): Token<Plain<MaybeArgsOf<G>>> {
  return { kind: 'options', groups };
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
      return token.branches.length === 1
        ? syntaxOf(token.branches[0])
        : `<${token.branches.map(syntaxOf).join('|')}>`;
    case 'options':
      return token.groups.map((group) => `[${syntaxOf(group)}]`).join(' ');
  }
}

/** A value of the command can take all words to the end of the line. */
export function takesRestOfLine(tokens: readonly Token[]): boolean {
  return tokens.some((token) => {
    if (token.kind === 'value') return token.type.restOfLine === true;
    if (token.kind === 'choice') return token.branches.some(takesRestOfLine);
    return token.kind === 'options' && token.groups.some(takesRestOfLine);
  });
}

/** The help of a value, with its unit and its default: `Time between heartbeats (milliseconds, default 100)`. */
export function helpOf({
  help,
  type,
  default: preset,
}: Pick<ValueToken, 'help' | 'type' | 'default'>): string {
  const notes = [type.unit, preset === undefined ? undefined : `default ${preset}`].filter(Boolean);
  return notes.length === 0 ? help : `${help} (${notes.join(', ')})`;
}
