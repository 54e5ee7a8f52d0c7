/**
 * The commands of a mode, merged into a graph whose edges are words. Matcher, help and completion all walk it. A node is
 * worked out when it is first looked at, and nodes with the same way ahead are one: the options of a command may come in
 * any order, and nobody lists all orders.
 */
import { type CommandSpec, type KeywordToken, syntaxOf, type Token, type ValueToken } from './command.js';

export interface KeywordEdge<C> extends KeywordToken {
  /** Only earlier forms of commands go through it: understood and not offered. */
  hidden: boolean;
  to: Node<C>;
}

export interface ValueEdge<C> extends ValueToken {
  to: Node<C>;
}

interface Leaf<C> {
  command: C;
  /** Reached through `no`. */
  negated: boolean;
}

export interface Node<C> {
  readonly keywords: ReadonlyMap<string, KeywordEdge<C>>;
  readonly values: readonly ValueEdge<C>[];
  readonly leaf: Leaf<C> | null;
<<<<<<< HEAD
}

/** One command, as far as it has not been read. */
interface Item<C> {
  command: C;
  /** Words that must still come before it may end: of the form with `no`; null: all of `rest`. */
  needs: number | null;
  rest: readonly Piece[];
}

type Piece = Token & { isOld?: boolean };
type SimplePiece = (KeywordToken & { isOld?: boolean }) | ValueToken;

const NO_HELP = 'Negate a command or set its defaults';

/**
 * Builds the tree of some commands. Looking at a node throws when two commands are the same words, or describe a shared
 * word differently: both are mistakes in a table, which `walkTree` finds.
 */
export function buildTree<C extends CommandSpec>(commands: Iterable<C>): Node<C> {
  const items: Item<C>[] = [];
  const no: KeywordToken = { kind: 'keyword', word: 'no', help: NO_HELP };
  for (const command of commands) {
    items.push({ command, needs: null, rest: command.tokens });
    const { noNeeds } = command;
    if (noNeeds !== undefined) items.push({ command, needs: noNeeds + 1, rest: [no, ...command.tokens] });
  }
  return new Forest<C>().node(items);
}

/** Looks at every node once. Throws what looking at one throws. */
export function walkTree<C>(root: Node<C>, look: (node: Node<C>) => void = () => undefined): void {
  const seen = new Set<Node<C>>([root]);
  for (const node of seen) {
    look(node);
    for (const { to } of [...node.keywords.values(), ...node.values]) seen.add(to);
  }
}

/** The nodes of a tree, each once. */
class Forest<C extends CommandSpec> {
  private readonly nodes = new Map<string, Node<C>>();
  private readonly ids = new Map<unknown, number>();
  /** What is left of options when one group was taken, by the options and the group. */
  private readonly less = new Map<string, Piece>();

  node(items: readonly Item<C>[]): Node<C> {
    const key = items.map((item) => this.keyOf(item)).join('|');
    const known = this.nodes.get(key);
    if (known !== undefined) return known;
    const made = new LazyNode(this, items);
    this.nodes.set(key, made);
    return made;
  }

  /** Every word that can come next, and what is left then; null for the end. */
  steps(rest: readonly Piece[]): ([SimplePiece, readonly Piece[]] | null)[] {
    if (rest.length === 0) return [null];
    const [first, ...tail] = rest;
    switch (first.kind) {
      case 'keyword':
      case 'value':
        return [[first, tail]];
      case 'choice':
        return [
          ...first.branches.flatMap((branch) => this.steps([...branch, ...tail])),
          ...(first.hidden ?? []).flatMap(([word, ...others]) =>
            this.steps([this.hide(word), ...others, ...tail]),
          ),
        ];
      case 'options':
        return [
          ...this.steps(tail),
          ...first.groups.flatMap((group, index) =>
            this.steps([...group, this.without(first, index), ...tail]),
          ),
        ];
    }
  }

  private without(options: Extract<Piece, { kind: 'options' }>, index: number): Piece {
    const groups = options.groups.filter((_, other) => other !== index);
    const key = groups.map((group) => this.idOf(group)).join(',');
    const known = this.less.get(key);
    if (known !== undefined) return known;
    const left: Piece = { kind: 'options', groups };
    this.less.set(key, left);
    return left;
  }

  private hide(token: Token): Piece {
    const key = `hidden ${this.idOf(token)}`;
    const known = this.less.get(key) ?? ({ ...token, isOld: true } as Piece);
    this.less.set(key, known);
    return known;
  }

  private keyOf({ command, needs, rest }: Item<C>): string {
    return [this.idOf(command), needs, ...rest.map((piece) => this.idOf(piece))].join(',');
  }

  private idOf(thing: unknown): number {
    const known = this.ids.get(thing) ?? this.ids.size;
    this.ids.set(thing, known);
    return known;
  }
}

interface Looked<C> {
  keywords: Map<string, KeywordEdge<C>>;
  values: ValueEdge<C>[];
  leaf: Leaf<C> | null;
=======
>>>>>>> main
}

/** Edges that are being gathered: what lies behind each. */
interface Gathered<C, T extends SimplePiece> {
  token: T;
  hidden: boolean;
  items: Item<C>[];
}

class LazyNode<C extends CommandSpec> implements Node<C> {
  private looked: Looked<C> | undefined;

<<<<<<< HEAD
  constructor(
    private readonly forest: Forest<C>,
    private readonly items: readonly Item<C>[],
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

  private look(): Looked<C> {
    this.looked ??= this.workOut();
    return this.looked;
  }

  private workOut(): Looked<C> {
    const words = new Map<string, Gathered<C, KeywordToken>>();
    const values: Gathered<C, ValueToken>[] = [];
    let leaf: Leaf<C> | null = null;
    const end = (command: C, negated: boolean): void => {
      if (leaf !== null && (leaf.command !== command || leaf.negated !== negated))
        throw new Error(`two commands are "${syntaxOf(command.tokens)}"`);
      leaf = { command, negated };
    };
    for (const { command, needs, rest } of this.items) {
      if (needs !== null && needs <= 0) end(command, true);
      for (const step of this.forest.steps(rest)) {
        if (step === null) {
          if (needs === null) end(command, false);
          continue;
        }
        const [token, tail] = step;
        const item = { command, needs: needs === null ? null : Math.max(0, needs - 1), rest: tail };
        if (token.kind === 'keyword') addWord(words, token, item);
        else addValue(values, token, item);
      }
    }
    const keywords = [...words].map(([word, { token, hidden, items }]): [string, KeywordEdge<C>] => [
      word,
      { ...token, hidden, to: this.forest.node(items) },
    ]);
    return {
      keywords: new Map(keywords),
      values: values.map(({ token, items }) => ({ ...token, to: this.forest.node(items) })),
      leaf,
    };
  }
}

function addWord<C>(
  words: Map<string, Gathered<C, KeywordToken>>,
  token: KeywordToken & { isOld?: boolean },
  item: Item<C>,
): void {
  const { word, help, gives, isOld: hidden = false } = token;
  const known = words.get(word);
  if (known === undefined) {
    words.set(word, { token, hidden, items: [item] });
    return;
  }
  if (known.token.help !== help || known.token.gives?.name !== gives?.name)
    throw new Error(`the keyword "${word}" is described twice: "${known.token.help}", "${help}"`);
  known.hidden &&= hidden;
  known.items.push(item);
}

function addValue<C>(values: Gathered<C, ValueToken>[], token: ValueToken, item: Item<C>): void {
  const known = values.find(({ token: { type, name } }) => type === token.type && name === token.name);
  if (known === undefined) values.push({ token, hidden: false, items: [item] });
  else known.items.push(item);
=======
/** A command, and what is left of its tokens at a node. */
interface Item<C> {
  readonly leaf: Leaf<C>;
  readonly tokens: readonly Token[];
  /** With so many words more the line may end, whatever is left: a `no` form. */
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
    const { tokens, noNeeds } = command;
    items.push({ leaf: { command, negated: false }, tokens, needs: Number.POSITIVE_INFINITY });
    if (noNeeds === undefined) continue;
    const no: Token = { kind: 'keyword', word: 'no', help: NO_HELP };
    items.push({ leaf: { command, negated: true }, tokens: [no, ...tokens], needs: noNeeds + 1 });
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
    if (known !== null && (known.command !== leaf.command || known.negated !== leaf.negated)) {
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
>>>>>>> main
}
