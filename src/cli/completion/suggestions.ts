/** Completion in the mode that the shell is in: the grammar's words and the daemon's live names. */
import type { CompleteParams } from '../../api/index.js';
import { configTree } from '../../config/resolve.js';
import { type Completion, type CompletionOption, completeLine } from '../../grammar/complete.js';
import { renderWord, splitLine } from '../../grammar/words.js';
import { everywhereTree, execTree } from '../commands/index.js';
import { mayEndInJson } from '../interpreter/exec-lines.js';
import type { Interpreter } from '../interpreter/interpreter.js';
import { pipeTree, splitPipes } from '../interpreter/pipes.js';
import { twoColumns } from '../output/table.js';

/** Names that take longer are not worth waiting for. */
const NAMES_WITHIN_MS = 200;

const DO_OPTION: CompletionOption = {
  text: 'do',
  help: 'Run an exec command',
  kind: 'keyword',
  complete: null,
  args: {},
};

const JSON_OPTION: CompletionOption = {
  text: 'json',
  help: 'As JSON, on one line',
  kind: 'keyword',
  complete: null,
  args: {},
};

/** What `?` shows: a line for each thing that can come next. */
export async function helpLines(interpreter: Interpreter, text: string, width: number): Promise<string[]> {
  const { completion, pipeable } = await withAliases(interpreter, text);
  if (completion.options.length === 0 && !completion.runnable) {
    return ['% There is no matching command.'];
  }
  const rows: [string, string][] = [];
  for (const option of completion.options) {
    rows.push([option.text, option.help]);
    for (const name of await liveNames(interpreter, option, completion.partial)) rows.push([`  ${name}`, '']);
  }
  if (completion.runnable && pipeable) rows.push(['|', 'Output modifiers']);
  if (completion.runnable) rows.push(['<cr>', '']);
  return twoColumns(rows, width);
}

/** What Tab can do with the unfinished word. */
interface WordCompletion {
  /** Offset of the word. */
  start: number;
  /** What it can be, in order. */
  words: string[];
  /** What all of them begin with, at least as long as what has been typed. */
  common: string;
  /** There is one, and it is whole. */
  unique: boolean;
}

export async function completionFor(interpreter: Interpreter, text: string): Promise<WordCompletion> {
  const { found, partial } = await suggestionsFor(interpreter, text);
  const words = [...found.keys()];
  const shared = words.length === 0 ? partial : words.reduce(commonBeginning);
  // One that must be quoted begins with a quote, which shares nothing with the others.
  const common = words.length === 1 || shared.startsWith(partial) ? shared : partial;
  return { start: text.length - partial.length, words, common, unique: words.length === 1 };
}

/** What can stand in the place of the unfinished word, each with what it means. */
export async function suggestionsFor(
  interpreter: Interpreter,
  text: string,
): Promise<{ found: Map<string, string>; partial: string }> {
  const { completion } = await withAliases(interpreter, text);
  const { options, partial } = completion;
  const found = new Map<string, string>();
  for (const option of options) {
    if (option.kind === 'keyword') found.set(option.text, option.help);
    else for (const name of await liveNames(interpreter, option, partial)) found.set(name, option.help);
  }
  return { found, partial };
}

function commonBeginning(a: string, b: string): string {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return a.slice(0, length);
}

interface Completed {
  completion: Completion;
  /** Output modifiers can follow. */
  pipeable: boolean;
}

/** Completion that knows the aliases of the configuration, too: a command goes before an alias of its name. */
async function withAliases(interpreter: Interpreter, text: string): Promise<Completed> {
  const completed = completionAt(interpreter, text);
  const line = execPartOf(interpreter, text);
  if (line === null) return completed;
  const { completion } = completed;
  const [word] = splitLine(line).words;
  const isFirst = word === undefined || word.end === line.length;
  if (!isFirst && (completion.options.length > 0 || completion.runnable)) return completed;
  const aliases = (await withinTime(interpreter.aliases(), NAMES_WITHIN_MS)) ?? [];
  if (!isFirst) {
    const meant = aliases.find(({ name }) => name === word.text);
    if (meant === undefined) return completed;
    return completeExec(interpreter, `${meant.line}${line.slice(word.end)}`);
  }
  for (const { name, line: meant } of aliases) {
    if (!name.startsWith(completion.partial) || completion.options.some((option) => option.text === name))
      continue;
    completion.options.push({
      text: name,
      help: `Alias of "${meant}"`,
      kind: 'keyword',
      complete: null,
      args: {},
    });
  }
  completion.options.sort((a, b) => (a.text < b.text ? -1 : 1));
  return completed;
}

/** What of a line is a command of exec mode: all of it there, what follows `do` in the configuration; null: nothing. */
function execPartOf({ configMode }: Interpreter, text: string): string | null {
  if (configMode === null) return text;
  const [first, second] = splitLine(text).words;
  return first?.text === 'do' && text.length > first.end ? text.slice(second?.start ?? text.length) : null;
}

function completionAt(interpreter: Interpreter, text: string): Completed {
  const mode = interpreter.configMode;
  if (mode === null) return completeExec(interpreter, text);
  const exec = execPartOf(interpreter, text);
  if (exec !== null) return completeExec(interpreter, exec);
  const [first] = splitLine(text).words;
  const completion = completeLine(configTree(mode), text);
  if (completion.start === (first?.start ?? text.length) && 'do'.startsWith(completion.partial)) {
    completion.options.push(DO_OPTION);
  }
  const elsewhere = completeLine(everywhereTree(interpreter.enabled), splitPipes(text).command);
  if (completion.start === (first?.start ?? text.length)) {
    completion.options.push(...elsewhere.options);
    completion.options.sort((a, b) => (a.text < b.text ? -1 : 1));
  } else if (completion.options.length === 0 && !completion.runnable) {
    return completeExec(interpreter, text);
  }
  return { completion, pipeable: false };
}

/** `watch [SECONDS] show …`: what follows is a command again. */
const REPEATED = /^\s*wat(?:ch?)?\s+(?:\d+\s+)?(?=[a-z]\S*\s)/;

function completeExec(interpreter: Interpreter, text: string): Completed {
  const repeated = REPEATED.exec(text);
  if (repeated !== null) return completeExec(interpreter, text.slice(repeated[0].length));
  const { stages } = splitPipes(text);
  const last = stages.at(-1);
  if (last !== undefined) return { completion: completeLine(pipeTree(), last.text), pipeable: true };
  const completion = completeLine(execTree(interpreter.enabled), text);
  const { start, partial, options } = completion;
  const offered = options.some((option) => option.text === JSON_OPTION.text);
  if (!offered && 'json'.startsWith(partial) && mayEndInJson(text.slice(0, start), interpreter.enabled)) {
    options.push(JSON_OPTION);
    completion.invalidAt = null;
  }
  return { completion, pipeable: splitLine(text).words[0]?.text.startsWith('sh') ?? false };
}

/** Live names that can stand for a value; none when the daemon does not say in time. */
async function liveNames(
  interpreter: Interpreter,
  option: CompletionOption,
  partial: string,
): Promise<string[]> {
  if (option.complete === null) return [];
  const names = await withinTime(askNames(interpreter, option, option.complete), NAMES_WITHIN_MS);
  return (names ?? []).filter((name) => name.startsWith(partial)).map((name) => renderWord(name));
}

async function askNames(
  interpreter: Interpreter,
  { args }: CompletionOption,
  kind: CompleteParams['kind'],
): Promise<string[]> {
  const client = await interpreter.client();
  const [inInterface, ofPeer] = interpreter.context.map((header) => splitLine(header).words[1].text);
  const params: CompleteParams = {
    kind,
    ...(inInterface !== undefined && { interface: inInterface }),
    ...(ofPeer !== undefined && kind === 'link' && { peer: ofPeer }),
    ...(typeof args['interface'] === 'string' && { interface: args['interface'] }),
    ...(typeof args['peer'] === 'string' && { peer: args['peer'] }),
  };
  return client.request('complete', params);
}

function withinTime<T>(work: Promise<T>, ms: number): Promise<T | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), ms);
    work.then(resolve, () => resolve(null)).finally(() => clearTimeout(timer));
  });
}
