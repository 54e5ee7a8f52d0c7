/** The commands of a mode, merged into a tree whose edges are words. Matcher, help and completion all walk it. */
import type { CommandSpec, KeywordToken, Token, ValueToken } from './command.js';

export interface KeywordEdge<C> extends KeywordToken {
  /** Only earlier forms of commands go through it: understood and not offered. */
  hidden: boolean;
  to: Node<C>;
}

export interface ValueEdge<C> extends ValueToken {
  to: Node<C>;
}

/** How the line was given: as it is, or after `no` or `default`. */
export type Form = 'plain' | 'no' | 'default';

interface Leaf<C> {
  command: C;
  form: Form;
}

export interface Node<C> {
  readonly keywords: ReadonlyMap<string, KeywordEdge<C>>;
  readonly values: readonly ValueEdge<C>[];
  readonly leaf: Leaf<C> | null;
}

type SimpleToken = (KeywordToken & { hidden?: boolean }) | ValueToken;

const FORM_HELP = { no: 'Negate a command', default: 'Set a command to its default' } as const;

/** A command, and what is left of its tokens at a node. */
interface Item<C> {
  readonly leaf: Leaf<C>;
  readonly tokens: readonly Token[];
  /** With so many words more the line may end, whatever is left: a `no` or `default` form. */
  readonly needs: number;
}

/**
 * Builds the tree of some commands. Throws when two commands are the same words, or describe a shared word
 * differently: both are mistakes in a table. Beyond the words that commands share, nodes are made when somebody comes by:
 * options in any order are more ways through a command than anybody goes.
 */
export function buildTree<C extends CommandSpec>(commands: Iterable<C>): Node<C> {
  const items: Item<C>[] = [];
  for (const command of commands) {
    const { tokens, noNeeds, hasDefault } = command;
    items.push({ leaf: { command, form: 'plain' }, tokens, needs: Number.POSITIVE_INFINITY });
    if (noNeeds === undefined) continue;
    const forms = hasDefault === true ? (['no', 'default'] as const) : (['no'] as const);
    for (const form of forms) {
      const word: Token = { kind: 'keyword', word: form, help: FORM_HELP[form] };
      items.push({ leaf: { command, form }, tokens: [word, ...tokens], needs: noNeeds + 1 });
    }
  }
  const root = new LazyNode(items, '');
  root.check();
  return root;
}

interface Edges<C> {
  readonly keywords: Map<string, KeywordEdge<C> & { to: LazyNode<C> }>;
  readonly values: (ValueEdge<C> & { to: LazyNode<C> })[];
  leaf: Leaf<C> | null;
}

class LazyNode<C> implements Node<C> {
  private edges: Edges<C> | null = null;

  /** `path`: the words that lead here. More items may come until it is looked at. */
  constructor(
    private readonly items: Item<C>[],
    private readonly path: string,
  ) {}

  get keywords(): ReadonlyMap<string, KeywordEdge<C>> {
    return this.look().keywords;
  }

  get values(): readonly ValueEdge<C>[] {
    return this.look().values;
  }

  get leaf(): Leaf<C> | null {
    return this.look().leaf;
  }

  /** Looks at every node that several commands share. */
  check(): void {
    const { keywords, values } = this.look();
    for (const { to } of [...keywords.values(), ...values]) {
      if (to.items.some(({ leaf }) => leaf.command !== to.items[0].leaf.command)) to.check();
    }
  }

  private look(): Edges<C> {
    if (this.edges === null) {
      this.edges = { keywords: new Map(), values: [], leaf: null };
      for (const item of this.items) this.take(item, this.edges);
    }
    return this.edges;
  }

  private take(item: Item<C>, edges: Edges<C>): void {
    if (item.needs <= 0) this.end(item.leaf, edges);
    for (const step of firstsOf(item.tokens, false)) {
      if (step === null) {
        this.end(item.leaf, edges);
        continue;
      }
      const { token, rest } = step;
      const to = token.kind === 'keyword' ? this.keywordStep(token, edges) : this.valueStep(token, edges);
      to.items.push({ leaf: item.leaf, tokens: rest, needs: item.needs - 1 });
    }
  }

  private end(leaf: Leaf<C>, edges: Edges<C>): void {
    const known = edges.leaf;
    if (known !== null && (known.command !== leaf.command || known.form !== leaf.form)) {
      throw new Error(`two commands are "${this.path}"`);
    }
    edges.leaf = leaf;
  }

  private keywordStep(token: KeywordToken & { hidden?: boolean }, { keywords }: Edges<C>): LazyNode<C> {
    const known = keywords.get(token.word);
    const { hidden = false } = token;
    if (known === undefined) {
      const to = this.next(token);
      keywords.set(token.word, { ...token, hidden, to });
      return to;
    }
    if (known.help !== token.help || known.gives?.name !== token.gives?.name) {
      throw new Error(`the keyword "${token.word}" is described twice: "${known.help}", "${token.help}"`);
    }
    known.hidden &&= hidden;
    return known.to;
  }

  private valueStep(token: ValueToken, { values }: Edges<C>): LazyNode<C> {
    const known = values.find((edge) => edge.type === token.type && edge.name === token.name);
    if (known !== undefined) return known.to;
    const to = this.next(token);
    values.push({ ...token, to });
    return to;
  }

  private next(token: SimpleToken): LazyNode<C> {
    return new LazyNode<C>([], this.path === '' ? nameOf(token) : `${this.path} ${nameOf(token)}`);
  }
}

/** A word that some tokens can begin with, and the tokens that follow it. */
interface Step {
  token: SimpleToken;
  rest: readonly Token[];
}

/** Everything that tokens can begin with; null: they can end here. */
function* firstsOf(tokens: readonly Token[], hidden: boolean): Generator<Step | null> {
  if (tokens.length === 0) {
    yield null;
    return;
  }
  const [first, ...rest] = tokens;
  switch (first.kind) {
    case 'choice':
      for (const branch of first.branches) yield* firstsOf([...branch, ...rest], hidden);
      for (const branch of first.hidden ?? []) yield* firstsOf([...branch, ...rest], true);
      return;
    case 'options':
      yield* firstsOf(rest, hidden);
      for (const group of first.groups) {
        const groups = first.groups.filter((other) => other !== group);
        const left: Token[] = groups.length === 0 ? [] : [{ kind: 'options', groups }];
        yield* firstsOf([...group, ...left, ...rest], hidden);
      }
      return;
    default:
      yield { token: first.kind === 'keyword' ? { ...first, hidden } : first, rest };
  }
}

function nameOf(token: SimpleToken): string {
  return token.kind === 'keyword' ? token.word : token.type.label;
}
