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

interface Leaf<C> {
  command: C;
  /** Reached through `no`. */
  negated: boolean;
}

export interface Node<C> {
  keywords: Map<string, KeywordEdge<C>>;
  values: ValueEdge<C>[];
  leaf: Leaf<C> | null;
}

type SimpleToken = (KeywordToken & { hidden?: boolean }) | ValueToken;

const NO_HELP = 'Negate a command or set its defaults';

/**
 * Builds the tree of some commands. Throws when two commands are the same words, or describe a shared word
 * differently: both are mistakes in a table.
 */
export function buildTree<C extends CommandSpec>(commands: Iterable<C>): Node<C> {
  const root = emptyNode<C>();
  for (const command of commands) {
    for (const path of expand(command.tokens)) addPath(root, path, { command, negated: false });
    if (command.noNeeds === undefined) continue;
    const no: SimpleToken = { kind: 'keyword', word: 'no', help: NO_HELP };
    for (const path of expand(command.tokens)) {
      for (let length = command.noNeeds; length <= path.length; length++) {
        addPath(root, [no, ...path.slice(0, length)], { command, negated: true });
      }
    }
  }
  return root;
}

function emptyNode<C>(): Node<C> {
  return { keywords: new Map(), values: [], leaf: null };
}

/** All plain sequences that a pattern stands for. */
function expand(tokens: readonly Token[]): SimpleToken[][] {
  let paths: SimpleToken[][] = [[]];
  for (const token of tokens) {
    const alternatives =
      token.kind === 'choice'
        ? [...token.branches.flatMap(expand), ...(token.hidden ?? []).flatMap(expandHidden)]
        : token.kind === 'options'
          ? expandOptions(token.groups)
          : [[token]];
    paths = paths.flatMap((path) => alternatives.map((alternative) => [...path, ...alternative]));
  }
  return paths;
}

function expandHidden(tokens: readonly Token[]): SimpleToken[][] {
  return expand(tokens).map(([first, ...rest]) => [{ ...first, hidden: true }, ...rest]);
}

function expandOptions(groups: readonly (readonly Token[])[]): SimpleToken[][] {
  const paths: SimpleToken[][] = [[]];
  for (const [index, group] of groups.entries()) {
    const others = groups.filter((_, other) => other !== index);
    for (const first of expand(group)) {
      for (const rest of expandOptions(others)) paths.push([...first, ...rest]);
    }
  }
  return paths;
}

function addPath<C>(root: Node<C>, path: readonly SimpleToken[], leaf: Leaf<C>): void {
  let node = root;
  for (const token of path)
    node = token.kind === 'keyword' ? keywordStep(node, token) : valueStep(node, token);
  if (node.leaf !== null && (node.leaf.command !== leaf.command || node.leaf.negated !== leaf.negated)) {
    throw new Error(`two commands are "${path.map(nameOf).join(' ')}"`);
  }
  node.leaf = leaf;
}

function keywordStep<C>(node: Node<C>, token: KeywordToken & { hidden?: boolean }): Node<C> {
  const known = node.keywords.get(token.word);
  const { hidden = false } = token;
  if (known === undefined) {
    const to = emptyNode<C>();
    node.keywords.set(token.word, { ...token, hidden, to });
    return to;
  }
  if (known.help !== token.help || known.gives?.name !== token.gives?.name) {
    throw new Error(`the keyword "${token.word}" is described twice: "${known.help}", "${token.help}"`);
  }
  known.hidden &&= hidden;
  return known.to;
}

function valueStep<C>(node: Node<C>, token: ValueToken): Node<C> {
  const known = node.values.find((edge) => edge.type === token.type && edge.name === token.name);
  if (known !== undefined) return known.to;
  const to = emptyNode<C>();
  node.values.push({ ...token, to });
  return to;
}

function nameOf(token: SimpleToken): string {
  return token.kind === 'keyword' ? token.word : token.type.label;
}
