/** Output modifiers: what stands behind `|`. They run here, never in the daemon. */
import { type Args, type ArgsOf, type CommandSpec, keyword, type Token, value } from '../grammar/command.js';
import { explainInWords } from '../grammar/explain.js';
import { matchLine } from '../grammar/match.js';
import { buildTree, type Node } from '../grammar/tree.js';
import { LINE, range } from '../grammar/values.js';
import { splitLine } from '../grammar/words.js';
import { CliFailure, EXIT } from './failure.js';

type LineFilter = (lines: string[]) => string[];

export interface PipeCommand extends CommandSpec {
  word: string;
  /** Makes the filter; null for modifiers of the whole output. */
  filter: ((args: Args) => LineFilter) | null;
}

/** What a chain of modifiers asks for. */
export interface Pipeline {
  json: 'no' | 'compact' | 'pretty';
  noMore: boolean;
  filters: LineFilter[];
}

const PATTERN = value('pattern', LINE, 'Regular expression');
const COUNT = value('count', range(1, 1_000_000, 'lines'), 'Number');

function stage<const T extends readonly Token[]>(
  word: string,
  help: string,
  rest: T,
  filter: ((args: ArgsOf<T>) => LineFilter) | null,
): PipeCommand {
  const tokens = [keyword(word, help), ...rest];
  return { mode: 'pipe', privilege: 'read', word, tokens, filter: filter as PipeCommand['filter'] };
}

const STAGES: PipeCommand[] = [
  stage('begin', 'From the first line that matches', [PATTERN], ({ pattern }) => {
    const matches = matcher(pattern);
    return (lines) => {
      const first = lines.findIndex(matches);
      return first < 0 ? [] : lines.slice(first);
    };
  }),
  stage('count', 'Number of lines', [], () => (lines) => [String(lines.length)]),
  stage('exclude', 'Lines that do not match', [PATTERN], ({ pattern }) => {
    const matches = matcher(pattern);
    return (lines) => lines.filter((line) => !matches(line));
  }),
  stage(
    'head',
    'The first lines',
    [COUNT],
    ({ count }) =>
      (lines) =>
        lines.slice(0, count),
  ),
  stage('include', 'Lines that match', [PATTERN], ({ pattern }) => {
    const matches = matcher(pattern);
    return (lines) => lines.filter(matches);
  }),
  stage('json', 'As JSON, on one line', [], null),
  stage('json-pretty', 'As JSON, indented', [], null),
  stage('no-more', 'Without stopping at full screens', [], null),
  stage('section', 'Lines that match, each with its indented block', [PATTERN], ({ pattern }) => {
    const matches = matcher(pattern);
    return (lines) => sections(lines, matches);
  }),
  stage(
    'tail',
    'The last lines',
    [COUNT],
    ({ count }) =>
      (lines) =>
        lines.slice(-count),
  ),
];

let tree: Node<PipeCommand> | undefined;

export function pipeTree(): Node<PipeCommand> {
  tree ??= buildTree(STAGES);
  return tree;
}

/** Cuts a command line at its unquoted `|` words. Returns the command and what stands behind each bar. */
export function splitPipes(source: string): { command: string; stages: { text: string; at: number }[] } {
  const bars = splitLine(source).words.filter((word) => !word.quoted && word.text.startsWith('|'));
  const stages = bars.map((bar, index) => ({
    text: source.slice(bar.start + 1, bars[index + 1]?.start ?? source.length),
    at: bar.start + 1,
  }));
  return { command: source.slice(0, bars[0]?.start ?? source.length), stages };
}

/** Reads the modifiers. Throws a `CliFailure` (syntax) that says which one is wrong. */
export function readPipeline(stages: readonly { text: string }[]): Pipeline {
  const pipeline: Pipeline = { json: 'no', noMore: false, filters: [] };
  for (const [index, { text }] of stages.entries()) {
    const match = matchLine(pipeTree(), splitLine(text));
    if (match.kind === 'empty') throw new CliFailure(EXIT.SYNTAX, ['% Incomplete command.']);
    if (match.kind === 'unknown') throw new CliFailure(EXIT.SYNTAX, [`% Unknown action '${match.word}'`]);
    if (match.kind !== 'command') throw new CliFailure(EXIT.SYNTAX, [`% ${explainInWords(match)}`]);
    const { word, filter } = match.command;
    if (filter !== null) pipeline.filters.push(filter(match.args));
    else if (word === 'no-more') pipeline.noMore = true;
    else if (index > 0) throw new CliFailure(EXIT.SYNTAX, [`% '${word}' must be the first output modifier`]);
    else pipeline.json = word === 'json' ? 'compact' : 'pretty';
  }
  return pipeline;
}

function matcher(pattern: string): (line: string) => boolean {
  try {
    const expression = new RegExp(pattern, 'u');
    return (line) => expression.test(line);
  } catch {
    throw new CliFailure(EXIT.SYNTAX, [`% Bad regexp '${pattern}'`]);
  }
}

function sections(lines: readonly string[], matches: (line: string) => boolean): string[] {
  const kept: string[] = [];
  let depth = Number.POSITIVE_INFINITY;
  for (const line of lines) {
    const indent = line.search(/\S|$/);
    if (indent > depth) {
      kept.push(line);
    } else {
      depth = matches(line) ? indent : Number.POSITIVE_INFINITY;
      if (depth === indent) kept.push(line);
    }
  }
  return kept;
}
