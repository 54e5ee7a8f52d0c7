/** Runs command lines: tells exec from configuration, keeps the mode, prints. The shell and batch runs share it. */
import type {
  CommitOptions,
  CommitResult,
  ConfigApplyResult,
  ConfigOpenParams,
  ControlEvent,
  Problem,
} from '../api/index.js';
import { CONFIG_MODES, type ConfigMode } from '../config/language.js';
import type { CommandSpec } from '../grammar/command.js';
import { displayWidth, explainAtPrompt, type Mismatch } from '../grammar/explain.js';
import { type Match, matchLine } from '../grammar/match.js';
import { splitLine } from '../grammar/words.js';
import { AnsweredError, Client } from './client.js';
import type { ExecCommand, ExecSession } from './commands/command.js';
import { everywhereTree, execCommands, execTree, execTreeFor } from './commands/index.js';
import { Editing } from './editing.js';
import { CliFailure, EXIT, failure } from './failure.js';
import { linesOf, type Output, type OutputStream } from './output/render.js';
import { type Lines, type Pipeline, readPipeline, splitPipes } from './pipes.js';
import type { TerminalSettings } from './settings.js';
import type { Terminal } from './terminal/terminal.js';

/** Where a line comes from, to name it in errors. */
export interface Origin {
  source: string;
  /** 1-based. */
  line: number;
}

export interface InterpreterOptions {
  socket: string;
  /** How long to wait for a daemon that is not there yet. */
  patienceMs: number;
  clientName: string;
  /** A terminal: each configuration line takes effect at once. Otherwise those of a run are applied together. */
  interactive: boolean;
  /** All output as JSON. */
  json: boolean;
  /** Only commands that change nothing. */
  readOnly: boolean;
  /** No files of this host, no other programs. */
  restricted: boolean;
  /** Questions are answered with yes. */
  assumeYes: boolean;
  settings: TerminalSettings;
  /** Prints lines as they come. Ends them early when nobody wants more, or when `signal` aborts. */
  print(lines: Lines, stopAtScreens: boolean, signal: AbortSignal): Promise<void>;
  /** Remarks that are not output: standard error in batch runs. */
  remark(lines: string[]): void;
  readInput(): Promise<string>;
  terminal(): Promise<Terminal | null>;
  history(): readonly string[];
}

interface GatheredLine {
  text: string;
  origin: Origin | null;
}

/** Applying a large configuration takes the daemon longer than answering a question. */
const APPLY_PATIENCE_MS = 30_000;

/** The grammar of the configuration; scripts that only ask do without it. */
const configuration = () => import('../config/resolve.js');

const NOT_AUTHORIZED = [
  '% Command authorization failed.',
  '  It is for administrators: type "enable" first.',
];
const NEEDS_CONFIGURATION = [
  '% Unknown command here: it belongs to the configuration.',
  '  Type "configure terminal" first.',
];

export class Interpreter implements ExecSession {
  enabled: boolean;
  left = false;
  readonly editing = new Editing();
  /** Hears of events while it is set, over the loss of a connection, too. */
  onEvent: ((event: ControlEvent) => void) | null = null;
  /** Hears that the connection is lost. */
  onLost: (() => void) | null = null;
  private readonly options: InterpreterOptions;
  private connecting: Promise<Client> | null = null;
  /** Depth of the block that the next line stands in; null in exec mode. */
  private depth: number | null = null;
  /** Configuration was begun by a configuration line rather than by `configure terminal`: it ends with its block. */
  private implicit = false;
  /** Headers of the open blocks as of the last applied line. */
  private blocks: string[] = [];
  private gathered: GatheredLine[] = [];
  private command = new AbortController();
  /** The user wants the command that runs to end. */
  private interrupted = false;
  /** Listeners of commands that run. */
  private readonly eventListeners = new Set<(event: ControlEvent) => void>();
  private wantsEvents = false;
  /** The connection that sends events. */
  private subscribed: Client | null = null;

  constructor(options: InterpreterOptions) {
    this.options = options;
    this.enabled = !options.readOnly;
  }

  get settings(): TerminalSettings {
    return this.options.settings;
  }

  get restricted(): boolean {
    return this.options.restricted;
  }

  get readOnly(): boolean {
    return this.options.readOnly;
  }

  get signal(): AbortSignal {
    return this.command.signal;
  }

  /** Ends the command that runs; what it was waiting for is cancelled in the daemon, too. */
  interrupt(): void {
    this.interrupted = true;
    this.command.abort();
    void this.connecting?.then(
      (client) => client.interrupt(),
      () => undefined,
    );
  }

  get interactive(): boolean {
    return this.options.interactive;
  }

  /** The mode for prompts and completion; null: exec. */
  get configMode(): ConfigMode | null {
    return this.depth === null ? null : CONFIG_MODES[this.depth];
  }

  get context(): readonly string[] {
    return this.blocks;
  }

  /** The connection, made at the first need and again after a loss. */
  async client(): Promise<Client> {
    this.connecting = (this.connecting ?? Promise.reject()).then(
      (client) => (client.closed ? this.connect() : client),
      () => this.connect(),
    );
    const client = await this.connecting;
    if (this.interrupted) throw failure(EXIT.INTERRUPTED, 'interrupted');
    return client;
  }

  /** Drops the connection and with it whatever the daemon is doing for it. */
  async disconnect(): Promise<void> {
    const client = await this.connecting?.catch(() => null);
    client?.close();
    this.connecting = null;
  }

  async commands(): Promise<readonly CommandSpec[]> {
    const { configMode } = this;
    const exec = execCommands(this.enabled);
    if (configMode === null) return exec;
    const { CONFIG_COMMANDS } = await import('../config/commands.js');
    return [...CONFIG_COMMANDS[configMode], ...exec.filter(({ everywhere }) => everywhere)];
  }

  async openConfiguration(params: ConfigOpenParams): Promise<void> {
    const client = await this.client();
    this.editing.take(await client.request('config.open', params));
    this.enter(false);
  }

  dropConfiguration(): void {
    this.gathered = [];
    this.depth = null;
  }

  remark(lines: string[]): void {
    if (lines.length > 0) this.options.remark(lines);
  }

  leave(): void {
    const warning = this.interactive ? this.editing.warnLeavingProgram(Date.now()) : null;
    if (warning !== null) throw new CliFailure(EXIT.FAILED, warning);
    this.left = true;
  }

  settle(): Promise<void> {
    return this.flush();
  }

  async commit(options: CommitOptions & { checkOnly?: boolean }): Promise<CommitResult> {
    const { checkOnly = false, ...order } = options;
    const isPlain = !checkOnly && order.comment === undefined && order.confirmMinutes === undefined;
    if (this.editing.hasCandidate || isPlain || this.gathered.length === 0) {
      await this.flush();
      const client = await this.client();
      const candidate = this.editing.hasCandidate;
      const result = await client.request('config.commit', { ...options, candidate }, APPLY_PATIENCE_MS);
      this.editing.take(result.state);
      if (candidate && !this.editing.hasCandidate) this.dropConfiguration();
      return result;
    }
    const gathered = this.gathered;
    const applied = await this.apply({ ...order, checkOnly });
    if (checkOnly) this.gathered = gathered;
    return { confirmed: false, ...applied };
  }

  readInput(): Promise<string> {
    return this.options.readInput();
  }

  terminal(): Promise<Terminal | null> {
    return this.options.terminal();
  }

  history(): readonly string[] {
    return this.options.history();
  }

  async confirm(question: string): Promise<boolean> {
    if (this.options.assumeYes) return true;
    const terminal = await this.terminal();
    if (terminal === null) return false;
    const { confirmAt } = await import('./terminal/confirm.js');
    return confirmAt(terminal, question, this.signal);
  }

  async linesOf(line: string): Promise<string[]> {
    const { match, stages } = this.matchExec(line);
    if (match.kind === 'empty') return [];
    if (match.kind !== 'command') throw this.refused(match, line, null, 0);
    const pipeline = readPipeline(stages, this.restricted);
    const output = await match.command.run(this, match.args).catch((error) => {
      throw toFailure(error);
    });
    const lines: string[] = [];
    if (output === null) return lines;
    for await (const batch of this.throughPipes(output, pipeline)) lines.push(...batch);
    return lines;
  }

  async events(listener: (event: ControlEvent) => void, lost: () => void): Promise<void> {
    const { signal } = this;
    this.eventListeners.add(listener);
    signal.addEventListener('abort', () => this.eventListeners.delete(listener));
    await this.subscribe();
    (await this.client()).onClose(lost);
  }

  /** Asks the daemon for events, also over a connection that is made after this one was lost. */
  async subscribe(): Promise<void> {
    this.wantsEvents = true;
    const client = await this.client();
    if (this.subscribed !== client) await this.follow(client);
  }

  private async follow(client: Client): Promise<void> {
    this.subscribed = client;
    client.onEvent((event) => {
      for (const listener of this.eventListeners) listener(event);
      this.onEvent?.(event);
    });
    client.onClose(() => {
      // Leaving closes it, too; that is no loss.
      if (!this.left) this.onLost?.();
    });
    await client.request('events.subscribe', {});
  }

  /** Leaves configuration, after applying what has been gathered. */
  async end(): Promise<void> {
    await this.flush();
    if (this.depth === null) return;
    const warning = this.interactive ? this.editing.warnLeavingConfiguration() : null;
    if (warning !== null) throw new CliFailure(EXIT.FAILED, warning);
    const { session, uncommitted, hasCandidate } = this.editing;
    if (this.editing.mode !== 'none') {
      const client = await this.client();
      this.editing.take(await client.request('config.close', {}));
    }
    this.depth = null;
    if (!hasCandidate || !uncommitted) return;
    if (session !== null) this.remark([`% Session ${session} keeps its uncommitted changes.`]);
    else if (!this.interactive)
      throw failure(EXIT.FAILED, 'the changes were not committed and are discarded');
  }

  /** The orderly end of a run: a commit that awaits confirmation is left to its time. */
  async finish(): Promise<void> {
    await this.end();
    if (this.editing.ownDeadlineMs(Date.now()) === null) return;
    const client = await this.client();
    await client.request('config.detach', {});
  }

  /** One level up, as Ctrl-D does on an empty line. */
  async up(): Promise<void> {
    if (this.depth === null) this.leave();
    else await this.run('exit', null);
  }

  /** Runs one line. Throws `CliFailure` when it cannot be done. `promptWidth` puts the caret under the right word. */
  async run(source: string, origin: Origin | null, promptWidth = 0): Promise<void> {
    this.command = new AbortController();
    this.interrupted = false;
    try {
      await this.carryOut(source, origin, promptWidth);
    } finally {
      this.interrupted = false;
      // Whoever listens on behalf of the command has heard enough.
      this.command.abort();
    }
  }

  private async carryOut(source: string, origin: Origin | null, promptWidth: number): Promise<void> {
    if (this.depth !== null && !(this.implicit && this.depth === 0)) {
      await this.configLine(source, origin, promptWidth);
      return;
    }
    const { match } = this.matchExec(source);
    if (match.kind === 'unknown' && (await this.startsConfiguration(source))) {
      if (this.interactive) throw new CliFailure(EXIT.SYNTAX, NEEDS_CONFIGURATION);
      if (this.readOnly) throw failure(EXIT.NOT_PERMITTED, 'this session is read-only');
      if (this.depth === null) this.enter(true);
      this.implicit = true;
      await this.configLine(source, origin, promptWidth);
      return;
    }
    if (!(match.kind === 'command' && match.command.everywhere)) {
      await this.flush();
      this.depth = null;
    }
    await this.execLine(source, match, origin, promptWidth);
  }

  /** Applies the configuration lines gathered so far, all or none. */
  async flush(): Promise<void> {
    if (this.gathered.length > 0) await this.apply({ checkOnly: false });
  }

  private async apply(order: CommitOptions & { checkOnly: boolean }): Promise<ConfigApplyResult> {
    const gathered = this.gathered;
    this.gathered = [];
    const before = this.blocks;
    const candidate = this.editing.hasCandidate;
    try {
      const client = await this.client();
      const lines = gathered.map(({ text }) => text);
      const params = { ...order, context: before, lines, mode: 'merge' as const, candidate };
      const result = await client.request('config.apply', params, APPLY_PATIENCE_MS);
      this.editing.take(result.state);
      if (!order.checkOnly) this.blocks = result.context;
      if (!this.interactive) {
        this.remark(result.warnings.map((warning) => problemLine(warning, gathered, '% Warning')));
      }
      return result;
    } catch (error) {
      this.depth = this.depth === null ? null : before.length;
      if (!(error instanceof AnsweredError) || error.problems.length === 0) throw toFailure(error);
      throw new CliFailure(
        error.exitCode,
        error.problems.map((problem) => problemLine(problem, gathered, '% Error')),
      );
    }
  }

  private enter(implicit: boolean): void {
    this.depth = 0;
    this.implicit = implicit;
    this.blocks = [];
  }

  /** The command of exec mode that a line means, and what stands behind its bars. */
  private matchExec(source: string): { match: Match<ExecCommand>; stages: { text: string }[] } {
    const { command, stages } = splitPipes(source);
    const line = splitLine(command);
    const firstWord = line.words[0]?.text ?? '';
    const tree = this.interactive ? execTree(this.enabled) : execTreeFor(this.enabled, firstWord);
    const match = matchLine(tree, line);
    if (match.kind !== 'command' || !match.command.takesPipes) return { match, stages };
    return { match: matchLine(tree, splitLine(source)), stages: [] };
  }

  private async startsConfiguration(source: string): Promise<boolean> {
    const { resolveConfigLine } = await configuration();
    return resolveConfigLine(0, splitLine(source)).kind === 'command';
  }

  private async configLine(source: string, origin: Origin | null, promptWidth: number): Promise<void> {
    const line = splitLine(source);
    if (!line.problem && line.words[0]?.text === 'do' && line.words.length > 1) {
      await this.flush();
      const offset = line.words[1].start;
      const rest = source.slice(offset);
      const { match } = this.matchExec(rest);
      await this.execLine(rest, match, origin, promptWidth + displayWidth(source.slice(0, offset)));
      return;
    }
    const { resolveConfigLine } = await configuration();
    const found = resolveConfigLine(this.depth ?? 0, line);
    if (found.kind === 'mismatch') {
      const match = matchLine(everywhereTree(this.enabled), splitLine(splitPipes(source).command));
      if (match.kind === 'command') return this.execLine(source, match, origin, promptWidth);
      // The word is known in every mode; what else can follow it in exec mode may follow it here, as with `do`.
      const exec = match.kind === 'unknown' ? match : this.matchExec(source).match;
      if (exec.kind === 'command' || (match.kind !== 'unknown' && found.mismatch.kind === 'unknown')) {
        await this.flush();
        return this.execLine(source, exec, origin, promptWidth);
      }
    }
    if (found.kind === 'mismatch') throw this.refused(found.mismatch, source, origin, promptWidth);
    if (found.kind === 'empty') return;
    const leaving = found.command.kind === 'leave' ? found.command.to : null;
    if (leaving === 'top' || (leaving === 'parent' && this.depth === 0)) {
      await this.end();
      return;
    }
    this.gathered.push({ text: source, origin });
    if (leaving === 'parent') this.depth = (this.depth ?? 1) - 1;
    else this.depth = found.depth + (found.command.kind === 'block' && !found.negated ? 1 : 0);
    if (this.interactive) await this.flush();
  }

  private async execLine(
    source: string,
    match: Match<ExecCommand>,
    origin: Origin | null,
    promptWidth: number,
  ): Promise<void> {
    if (match.kind === 'empty') return;
    if (match.kind !== 'command') {
      if (!this.enabled && isCommand(source)) throw new CliFailure(EXIT.NOT_PERMITTED, NOT_AUTHORIZED);
      throw this.refused(match, source, origin, promptWidth);
    }
    const stages = match.command.takesPipes ? [] : splitPipes(source).stages;
    const pipeline = readPipeline(stages, this.restricted);
    try {
      const output = await match.command.run(this, match.args);
      if (output === null) return;
      await this.options.print(this.throughPipes(output, pipeline), !pipeline.noMore, this.signal);
      if (this.interrupted) throw failure(EXIT.INTERRUPTED, 'interrupted');
    } catch (error) {
      throw toFailure(error);
    }
  }

  private throughPipes(output: Output | OutputStream, { json, filters }: Pipeline): Lines {
    const form = json !== 'no' ? json : this.options.json ? 'compact' : 'text';
    return filters.reduce((lines: Lines, filter) => filter(lines), linesOf(output, form));
  }

  private refused(
    mismatch: Mismatch,
    source: string,
    origin: Origin | null,
    promptWidth: number,
  ): CliFailure {
    const lines = explainAtPrompt(mismatch, source, promptWidth);
    if (this.interactive) return new CliFailure(EXIT.SYNTAX, lines);
    const column = [...source.slice(0, mismatch.at)].length + 1;
    const place = origin === null ? [] : [`${origin.source}:${origin.line}:${column}:`];
    return new CliFailure(EXIT.SYNTAX, [...place, source, ...lines]);
  }

  private async connect(): Promise<Client> {
    this.editing.reset();
    const { socket, clientName, patienceMs } = this.options;
    const client = await Client.connect(socket, clientName, patienceMs);
    if (this.wantsEvents) await this.follow(client);
    return client;
  }
}

/** The line would do something for whoever may administer. */
function isCommand(source: string): boolean {
  return matchLine(execTree(true), splitLine(splitPipes(source).command)).kind === 'command';
}

/** `peer.conf:12:8: % Error: link id must be 0-7`, or without a place where there is none. */
function problemLine(problem: Problem, gathered: readonly GatheredLine[], kind: string): string {
  const origin = problem.line === 0 ? null : (gathered[problem.line - 1]?.origin ?? null);
  const place = origin === null ? '' : `${origin.source}:${origin.line}:${problem.column}: `;
  const where = problem.line === 0 ? ` (${problem.text})` : '';
  return `${place}${kind}: ${problem.message}${where}`;
}

function toFailure(error: unknown): CliFailure {
  if (error instanceof CliFailure) return error;
  if (error instanceof AnsweredError) return failure(error.exitCode, error.message);
  throw error;
}
