/** Output modifiers: what follows `|`. They run here, never in the daemon. */
import {
  type Args,
  type ArgsOf,
  type CommandSpec,
  keyword,
  options,
  type Token,
  value,
} from '../../grammar/command.js';
import { explainInWords } from '../../grammar/explain.js';
import { matchLine } from '../../grammar/match.js';
import { buildTree, type Node } from '../../grammar/tree.js';
import { LINE, range, WORD } from '../../grammar/values.js';
import { splitLine } from '../../grammar/words.js';
import { CliFailure, EXIT, failure } from '../base/failure.js';
import { type FileOptions, intoFile } from '../output/file.js';
import { foldLine } from '../output/table.js';

/** Lines as they come, some at a time. */
export type Lines = AsyncIterable<string[]>;
/** A stage of a chain. It keeps no more than it must, and ends its source early when it needs no more of it. */
type LineFilter = (lines: Lines) => Lines;

interface PipeCommand extends CommandSpec {
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
const COUNT = value('count', range(1, 1_000_000, 'lines'), 'Number of lines');
const FILE = value('file', WORD, 'File on the host where this program runs');

function stage<const T extends readonly Token[]>(
  word: string,
  help: string,
  rest: T,
  filter: ((args: ArgsOf<T>) => LineFilter) | null,
): PipeCommand {
  const tokens = [keyword(word, help), ...rest];
  return { mode: 'pipe', privilege: 'read', word, tokens, filter: filter as PipeCommand['filter'] };
}

function writing(word: string, help: string, options: FileOptions): PipeCommand {
  return stage(word, help, [FILE], ({ file }) => intoFile(file, options));
}

export const PIPE_STAGES: readonly PipeCommand[] = [
  writing('append', 'Append to a file', { flags: 'a', pass: false }),
  stage('begin', 'Start at the first line that matches', [PATTERN], ({ pattern }) => {
    const matches = matcher(pattern);
    return async function* (lines) {
      let begun = false;
      for await (const batch of lines) {
        const first: number = begun ? 0 : batch.findIndex(matches);
        begun ||= first >= 0;
        if (begun) yield batch.slice(first);
      }
    };
  }),
  stage('count', 'Count lines, or only those that match', [options([PATTERN])], ({ pattern }) => {
    const matches = pattern === undefined ? () => true : matcher(pattern);
    return async function* (lines) {
      let count = 0;
      for await (const batch of lines) count += batch.filter(matches).length;
      yield [String(count)];
    };
  }),
  stage('exclude', 'Leave out lines that match', [PATTERN], ({ pattern }) => {
    const matches = matcher(pattern);
    return each((batch) => batch.filter((line) => !matches(line)));
  }),
  stage(
    'head',
    'Only the first lines',
    [COUNT],
    ({ count }) =>
      (lines) =>
        head(lines, count),
  ),
  stage('include', 'Only lines that match', [PATTERN], ({ pattern }) => {
    const matches = matcher(pattern);
    return each((batch) => batch.filter(matches));
  }),
  stage('json', 'As JSON, on one line', [], null),
  stage('json-pretty', 'As JSON, indented', [], null),
  stage('no-more', 'Print without stopping after each screen', [], null),
  writing('redirect', 'Write to a file', { flags: 'w', pass: false }),
  stage('section', 'Only lines that match, each with its indented block', [PATTERN], ({ pattern }) => {
    const matches = matcher(pattern);
    let depth = Number.POSITIVE_INFINITY;
    return each((batch) =>
      batch.filter((line) => {
        const indent = line.search(/\S|$/);
        if (indent > depth) return true;
        depth = matches(line) ? indent : Number.POSITIVE_INFINITY;
        return depth === indent;
      }),
    );
  }),
  stage(
    'tail',
    'Only the last lines',
    [COUNT],
    ({ count }) =>
      async function* (lines) {
        let last: string[] = [];
        for await (const batch of lines) last = [...last, ...batch].slice(-count);
        yield last;
      },
  ),
  writing('tee', 'Write to a file and pass the lines on', { flags: 'w', pass: true }),
];

function each(work: (batch: string[]) => string[]): LineFilter {
  return async function* (lines) {
    for await (const batch of lines) yield work(batch);
  };
}

async function* head(lines: Lines, count: number): Lines {
  let left = count;
  for await (const batch of lines) {
    yield batch.slice(0, left);
    left -= batch.length;
    if (left <= 0) return;
  }
}

const WRITERS: ReadonlySet<string> = new Set(['append', 'redirect', 'tee']);

let tree: Node<PipeCommand> | undefined;

export function pipeTree(): Node<PipeCommand> {
  tree ??= buildTree(PIPE_STAGES);
  return tree;
}

/** Cuts a command line at its unquoted `|` words. Returns the command and what follows each bar. */
export function splitPipes(source: string): { command: string; stages: { text: string; at: number }[] } {
  const bars = splitLine(source).words.filter((word) => !word.quoted && word.text.startsWith('|'));
  const stages = bars.map((bar, index) => ({
    text: source.slice(bar.start + 1, bars[index + 1]?.start ?? source.length),
    at: bar.start + 1,
  }));
  return { command: source.slice(0, bars[0]?.start ?? source.length), stages };
}

/**
 * Reads the modifiers. Throws a `CliFailure` that says which one is wrong, or writes a file of the user's where the
 * session is `restricted`.
 */
export function readPipeline(stages: readonly { text: string }[], restricted: boolean): Pipeline {
  const pipeline: Pipeline = { json: 'no', noMore: false, filters: [] };
  for (const [index, { text }] of stages.entries()) {
    const match = matchLine(pipeTree(), splitLine(text));
    if (match.kind === 'empty') throw new CliFailure(EXIT.SYNTAX, ['% Incomplete command.']);
    if (match.kind === 'unknown') throw new CliFailure(EXIT.SYNTAX, [`% Unknown action '${match.word}'`]);
    if (match.kind !== 'command') throw new CliFailure(EXIT.SYNTAX, [`% ${explainInWords(match)}`]);
    const { word, filter } = match.command;
    if (restricted && WRITERS.has(word)) {
      throw failure(EXIT.NOT_PERMITTED, 'a restricted user may not write files');
    }
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

/** Lines broken between words, none wider than a terminal of so many columns. */
export async function* foldLines(lines: Lines, width: number): Lines {
  for await (const batch of lines) yield batch.flatMap((line) => foldLine(line, width));
}
