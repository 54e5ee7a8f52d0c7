/** Finds the one command that a line means. */
import type { Args } from './command.js';
import { closestWords } from './distance.js';
import type { Form, KeywordEdge, Node, ValueEdge } from './tree.js';
import { isRefusal } from './values.js';
import { restOfLine, type SplitLine, withRest } from './words.js';

export type Match<C> =
  | { kind: 'empty' }
  | { kind: 'command'; command: C; form: Form; args: Args; keywords: string[] }
  /** `at`: offset of the first word that no path accepts. `reason` is a sentence, or null. */
  | { kind: 'invalid'; at: number; reason: string | null; suggestions: string[] }
  /** The first word begins no command. */
  | { kind: 'unknown'; at: number; word: string; suggestions: string[] }
  | { kind: 'ambiguous'; at: number; candidates: string[] }
  /** `expected`: what can come next, or null where it is too much to say. */
  | { kind: 'incomplete'; at: number; expected: string | null };

/** More choices than these are for `?` to list. */
const MAX_CHOICES = 8;
/** Keywords that are named beside what is wrong with a value. */
const MAX_ALTERNATIVES = 3;

/** A way through the tree that the words read so far allow. */
export interface Path<C> {
  node: Node<C>;
  edge: KeywordEdge<C> | ValueEdge<C> | null;
  value: string | number | true;
  /** It goes by an earlier form of a command: any other path is preferred. */
  isOld: boolean;
  previous: Path<C> | null;
}

/** Where `walk` ended: the paths that took all words, or the word that no path took. */
interface Walk<C> {
  paths: Path<C>[];
  failedAt: number | null;
}

/**
 * Matches a line: keywords may be shortened to what is unique with the whole line in view, an exact keyword
 * goes before a longer one, a keyword goes before a value, a format goes before a name.
 */
export function matchLine<C>(root: Node<C>, line: SplitLine): Match<C> {
  const text = withRest(line);
  return (text !== null && matchText(root, text)) || matchWords(root, line);
}

/** Matches a line that ends in free text, which may hold what is a comment anywhere else; null when it does not. */
function matchText<C>(root: Node<C>, line: SplitLine): Match<C> | null {
  const { paths, failedAt } = walk(root, line, line.words.length);
  const isText =
    failedAt === null
      ? paths.length === 1 && isFreeText(paths[0].edge)
      : paths.some(({ node }) => node.values.some(isFreeText));
  if (!isText) return null;
  return failedAt === null ? commandOf(paths[0], line) : explainFailure(paths, line, failedAt);
}

function isFreeText<C>(edge: Path<C>['edge']): boolean {
  return edge?.kind === 'value' && edge.type.freeText === true;
}

function matchWords<C>(root: Node<C>, line: SplitLine): Match<C> {
  if (line.problem !== null) {
    return { kind: 'invalid', at: line.problem.at, reason: line.problem.message, suggestions: [] };
  }
  if (line.words.length === 0) return { kind: 'empty' };
  const found = walk(root, line, line.words.length);
  const { failedAt } = found;
  const current = found.paths.filter(({ isOld }) => !isOld);
  const paths = current.length > 0 ? current : found.paths;
  if (failedAt !== null) return explainFailure(paths, line, failedAt);
  return paths.length > 1 ? ambiguity(paths, line) : commandOf(paths[0], line);
}

function commandOf<C>(path: Path<C>, line: SplitLine): Match<C> {
  if (path.node.leaf === null) {
    return { kind: 'incomplete', at: line.words[line.words.length - 1].end, expected: expectedAt([path]) };
  }
  const { command, form } = path.node.leaf;
  return { kind: 'command', command, form, args: argsOf(path), keywords: keywordsOf(path) };
}

/** Follows the first `count` words of a line from `root` along every path that accepts them. */
export function walk<C>(root: Node<C>, line: SplitLine, count: number): Walk<C> {
  let paths: Path<C>[] = [{ node: root, edge: null, value: '', isOld: false, previous: null }];
  for (let index = 0; index < count; index++) {
    const next: Path<C>[] = [];
    let restTaken = false;
    for (const path of paths) {
      for (const step of stepsFrom(path, line, index)) {
        next.push(step);
        restTaken ||= step.edge?.kind === 'value' && step.edge.type.restOfLine === true;
      }
    }
    if (next.length === 0) return { paths, failedAt: index };
    paths = next;
    if (restTaken) break;
  }
  return { paths, failedAt: null };
}

function stepsFrom<C>(path: Path<C>, line: SplitLine, index: number): Path<C>[] {
  const word = line.words[index];
  const exact = word.quoted ? undefined : path.node.keywords.get(word.text);
  const edges = word.quoted ? [] : exact === undefined ? keywordsBeginning(path.node, word.text) : [exact];
  const steps = edges.map((edge): Path<C> => {
    const isOld = path.isOld || edge.hidden;
    return { node: edge.to, edge, value: edge.gives?.value ?? '', isOld, previous: path };
  });
  // A word that could be the beginning of a hidden keyword may as well be a name.
  const isKeyword = exact !== undefined || edges.some(({ hidden }) => !hidden);
  return isKeyword ? steps : [...steps, ...valueSteps(path, line, index)];
}

function valueSteps<C>(path: Path<C>, line: SplitLine, index: number): Path<C>[] {
  let best = 0;
  let steps: Path<C>[] = [];
  for (const edge of path.node.values) {
    if (edge.type.rank < best) continue;
    const parsed = edge.type.parse(textFor(edge, line, index));
    if (isRefusal(parsed)) continue;
    if (edge.type.rank > best) steps = [];
    best = edge.type.rank;
    steps.push({ node: edge.to, edge, value: parsed, isOld: path.isOld, previous: path });
  }
  return steps;
}

function keywordsBeginning<C>(node: Node<C>, prefix: string): KeywordEdge<C>[] {
  return [...node.keywords.values()].filter((edge) => edge.word.startsWith(prefix));
}

/** The keywords that people should know of. */
export function keywordsOffered<C>(node: Node<C>): KeywordEdge<C>[] {
  return [...node.keywords.values()].filter(({ hidden }) => !hidden);
}

/** The values that a path has collected. */
export function argsOf<C>(end: Path<C>): Args {
  const args: Record<string, string | number | true> = {};
  for (let path: Path<C> | null = end; path !== null; path = path.previous) {
    if (path.edge === null) continue;
    const name = path.edge.kind === 'value' ? path.edge.name : path.edge.gives?.name;
    if (name !== undefined) args[name] = path.value;
  }
  return args;
}

function keywordsOf<C>(end: Path<C>): string[] {
  const words: string[] = [];
  for (let path: Path<C> | null = end; path !== null; path = path.previous) {
    if (path.edge?.kind === 'keyword') words.unshift(path.edge.word);
  }
  return words;
}

function textFor<C>(edge: ValueEdge<C>, line: SplitLine, index: number): string {
  return edge.type.restOfLine ? restOfLine(line, index) : line.words[index].text;
}

function explainFailure<C>(paths: Path<C>[], line: SplitLine, index: number): Match<C> {
  const word = line.words[index];
  const values = paths.flatMap((path) => path.node.values);
  const keywords = paths.flatMap((path) => keywordsOffered(path.node)).map((edge) => edge.word);
  const suggestions = word.quoted ? [] : closestWords(word.text, keywords);
  if (index === 0) return { kind: 'unknown', at: word.start, word: word.text, suggestions };
  const refusal = refusalOf(values, line, index);
  // Keywords beside a value are alternatives to it where something must follow, and else options.
  const isNeeded = paths.every(({ node }) => node.leaf === null);
  const alike = values.filter(({ type }) => type.mayBegin(word.text)).length;
  // A word that looks like one kind of value was meant to be one.
  const isOpen = alike === 0 || alike === values.length;
  const others = isNeeded && isOpen && keywords.length <= MAX_ALTERNATIVES ? keywords : [];
  const reason = refusal === null ? expectedAt(paths) : [refusal, ...others].join(', or ');
  return { kind: 'invalid', at: word.start, reason, suggestions };
}

/** Why the values that could stand here refuse the word: in the words of those that it most looks like. */
function refusalOf<C>(values: ValueEdge<C>[], line: SplitLine, index: number): string | null {
  const word = line.words[index];
  const alike = values.filter((edge) => edge.type.mayBegin(word.text));
  const reasons: string[] = [];
  for (const edge of alike.length > 0 ? alike : values) {
    const parsed = edge.type.parse(textFor(edge, line, index));
    if (!isRefusal(parsed)) continue;
    const name = edge.called ?? edge.name;
    const isRepeated = reasons.some((reason) => reason.startsWith(`${name} must be `));
    const reason = isRepeated ? parsed.refused.replace(/^must be /, '') : `${name} ${parsed.refused}`;
    if (!reasons.some((known) => known.endsWith(reason))) reasons.push(reason);
  }
  return reasons.length === 0 ? null : reasons.join(', or ');
}

/** What can come next, as `expected: active | passive`. Null: nothing, or more than people want to read. */
function expectedAt<C>(paths: Path<C>[]): string | null {
  const choices = new Set<string>();
  for (const { node } of paths) {
    for (const { word } of keywordsOffered(node)) choices.add(word);
    for (const { type } of node.values) {
      choices.add(type.unit === undefined ? type.label : `${type.label} ${type.unit}`);
    }
  }
  if (choices.size === 0 || choices.size > MAX_CHOICES) return null;
  if (paths.some(({ node }) => node.leaf !== null)) choices.add('<cr>');
  return `expected: ${[...choices].join(' | ')}`;
}

/** Names the word at which the surviving paths part, and what it could mean. */
function ambiguity<C>(paths: Path<C>[], line: SplitLine): Match<C> {
  const traces = paths.map(traceOf);
  let index = 0;
  while (traces.every((trace) => trace[index] === traces[0][index])) index++;
  const candidates = [...new Set(traces.map((trace) => trace[index]))].sort();
  return { kind: 'ambiguous', at: line.words[index].start, candidates };
}

function traceOf<C>(end: Path<C>): string[] {
  const trace: string[] = [];
  for (let path: Path<C> | null = end; path !== null; path = path.previous) {
    if (path.edge !== null)
      trace.unshift(path.edge.kind === 'keyword' ? path.edge.word : path.edge.type.label);
  }
  return trace;
}
