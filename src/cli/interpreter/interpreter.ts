/** Runs command lines: tells exec from configuration, keeps the mode, prints. The shell and batch runs share it. */
import type { Alias, CommitOptions, CommitResult, ConfigOpenParams, ControlEvent } from '../../api/index.js';
import type { ConfigMode } from '../../config/language.js';
import type { CommandSpec } from '../../grammar/command.js';
import type { Mismatch } from '../../grammar/explain.js';
import { splitLine } from '../../grammar/words.js';
import { asFailure, type DaemonClient } from '../base/daemon-client.js';
import { Editing } from '../base/editing.js';
import { CliFailure, EXIT, failure } from '../base/failure.js';
import type { TerminalSettings } from '../base/settings.js';
import { type Cli, widthOf } from '../commands/command.js';
import { execCommands } from '../commands/index.js';
import { linesOf, type Output, type OutputStream } from '../output/render.js';
import type { Terminal } from '../terminal/terminal.js';
import { ConfigLines } from './config-lines.js';
import { type ConnectionOptions, DaemonConnection } from './daemon-connection.js';
import { type ExecMatch, isAdministrative, matchEverywhere, matchExec } from './exec-lines.js';
import { type GivenLine, type Origin, refusal, restFrom } from './given-line.js';
import { foldLines, type Lines, type Pipeline, readPipeline } from './pipes.js';
import type { RefusedBlock } from './refused-block.js';

export interface InterpreterOptions extends ConnectionOptions {
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

/** Putting a candidate in force takes the daemon longer than answering a question. */
const COMMIT_PATIENCE_MS = 30_000;

export class Interpreter implements Cli {
  enabled: boolean;
  left = false;
  counters: Cli['counters'] = null;
  /** Lines come from a paste: those of the configuration are gathered, and none leaves the program. */
  pasting = false;
  readonly editing = new Editing();
  private readonly options: InterpreterOptions;
  private readonly connection: DaemonConnection;
  private readonly config: ConfigLines;
  private command = new AbortController();
  /** The user wants the command that runs to end. */
  private interrupted = false;
  /** What a script has left to say was meant for a candidate that is gone. */
  private hasLostCandidate = false;
  /** Lines that are passed over in a script that goes on after errors. */
  private refusedBlock: RefusedBlock | null = null;

  constructor(options: InterpreterOptions) {
    this.options = options;
    this.enabled = !options.readOnly;
    this.connection = new DaemonConnection(options, () => {
      this.loseCandidate();
      this.editing.reset();
    });
    this.config = new ConfigLines({
      editing: this.editing,
      client: () => this.client(),
      // At a terminal they would repeat themselves after each line until the block is complete.
      warn: (lines) => {
        if (!this.interactive) this.remark(lines);
      },
    });
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

  get interactive(): boolean {
    return this.options.interactive;
  }

  get signal(): AbortSignal {
    return this.command.signal;
  }

  /** The mode for prompts and completion; null: exec. */
  get configMode(): ConfigMode | null {
    return this.config.mode;
  }

  get context(): readonly string[] {
    return this.config.context;
  }

  /** Configuration lines that wait to be applied. */
  get waitingLines(): number {
    return this.config.waiting;
  }

  /** Forgets the configuration lines that wait to be applied. */
  forgetLines(): void {
    this.config.forget();
  }

  // --- the connection -------------------------------------------------------------------------------

  /** The connection, made at the first need and again after a loss. */
  async client(): Promise<DaemonClient> {
    const client = await this.connection.client();
    if (this.interrupted) throw failure(EXIT.INTERRUPTED, 'interrupted');
    return client;
  }

  /** Ends the command that runs; what it was waiting for is cancelled in the daemon, too. */
  interrupt(): void {
    this.interrupted = true;
    this.command.abort();
    this.connection.interrupt();
  }

  /** Drops the connection and with it whatever the daemon is doing for it. */
  disconnect(): Promise<void> {
    return this.connection.close();
  }

  events(listener: (event: ControlEvent) => void, lost: () => void): Promise<void> {
    return this.connection.listen(listener, lost, this.signal);
  }

  /** Asks the daemon for events, over connections to come as well. */
  subscribe(): Promise<void> {
    return this.connection.subscribe();
  }

  // --- what commands ask for ------------------------------------------------------------------------

  async commands(): Promise<readonly CommandSpec[]> {
    const { configMode } = this;
    const exec = execCommands(this.enabled);
    if (configMode === null) return exec;
    const { CONFIG_COMMANDS } = await import('../../config/commands.js');
    return [...CONFIG_COMMANDS[configMode], ...exec.filter(({ everywhere }) => everywhere)];
  }

  async openConfiguration(params: ConfigOpenParams): Promise<void> {
    const client = await this.client();
    this.editing.take(await client.request('config.open', params));
    this.hasLostCandidate = false;
    this.config.enter();
  }

  dropConfiguration(): void {
    this.config.drop();
  }

  settle(): Promise<void> {
    return this.config.flush();
  }

  async commit(options: CommitOptions & { checkOnly?: boolean }): Promise<CommitResult> {
    const { checkOnly = false, ...order } = options;
    const isPlain = !checkOnly && order.comment === undefined && order.confirmMinutes === undefined;
    const candidate = this.editing.hasCandidate;
    if (!candidate && !isPlain && this.config.waiting > 0) {
      return this.config.commit({ ...order, checkOnly });
    }
    await this.config.flush();
    const client = await this.client();
    const result = await client.request('config.commit', { ...options, candidate }, COMMIT_PATIENCE_MS);
    this.editing.take(result.state);
    if (candidate && !this.editing.hasCandidate) this.config.drop();
    return result;
  }

  remark(lines: string[]): void {
    if (lines.length > 0) this.options.remark(lines);
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
    const { confirmAt } = await import('../terminal/confirm.js');
    return confirmAt(terminal, question, this.signal);
  }

  async linesOf(line: string): Promise<string[]> {
    const { match, stages } = this.matchExec(line);
    if (match.kind === 'empty') return [];
    if (match.kind !== 'command') {
      throw refusal(match, { text: line, origin: null, indent: 0 }, this.interactive);
    }
    const pipeline = readPipeline(stages, this.restricted);
    const output = await match.command.run(this, match.args).catch((error) => {
      throw asFailure(error);
    });
    const lines: string[] = [];
    if (output === null) return lines;
    for await (const batch of this.throughPipes(output, pipeline)) lines.push(...batch);
    return lines;
  }

  async notAuthorized(): Promise<CliFailure> {
    const { notAuthorized } = await import('./not-authorized.js');
    const why = this.readOnly ? 'read-only' : (await this.client()).hello.privilege;
    return new CliFailure(EXIT.NOT_PERMITTED, notAuthorized(why));
  }

  // --- leaving --------------------------------------------------------------------------------------

  leave(): void {
    if (this.pasting) {
      this.remark(['% A paste does not leave the program.']);
      return;
    }
    const warning = this.interactive ? this.editing.warnLeavingProgram(Date.now()) : null;
    if (warning !== null) throw new CliFailure(EXIT.FAILED, warning);
    this.left = true;
  }

  /** Leaves configuration, after applying what has been gathered. */
  async end(): Promise<void> {
    await this.config.flush();
    if (this.configMode === null) return;
    const warning = this.interactive ? this.editing.warnLeavingConfiguration() : null;
    if (warning !== null) throw new CliFailure(EXIT.FAILED, warning);
    const { session, uncommitted, hasCandidate } = this.editing;
    if (this.editing.mode !== 'none') {
      const client = await this.client();
      this.editing.take(await client.request('config.close', {}));
    }
    this.config.leave();
    if (!hasCandidate || !uncommitted) return;
    if (session !== null) this.remark([`% Candidate ${session} keeps its uncommitted changes.`]);
    else if (!this.interactive)
      throw failure(EXIT.FAILED, 'the changes were not committed and have been discarded');
  }

  /**
   * The connection is gone, and a candidate with it: back in exec, so that no line meant for it takes effect at once. Returns
   * what to say of it.
   */
  loseCandidate(): string[] {
    if (!this.editing.hasCandidate) return [];
    const { session } = this.editing;
    this.editing.reset();
    this.config.drop();
    this.hasLostCandidate = true;
    const kept =
      session === null
        ? 'Your candidate is gone'
        : `"configure session ${session}" opens the candidate again`;
    return [`  ${kept}; you are back in exec mode.`];
  }

  /** Somebody took a candidate by force. If it was ours, we are back in exec. */
  async dropIfTaken(): Promise<boolean> {
    if (!this.editing.hasCandidate) return false;
    const state = await (await this.client()).request('config.state', {});
    if (state.mode !== 'none') return false;
    this.editing.take(state);
    this.config.drop();
    return true;
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
    if (this.configMode === null) this.leave();
    else await this.run('exit', null);
  }

  // --- running lines --------------------------------------------------------------------------------

  /** Runs one line. Throws `CliFailure` when it cannot be done. `indent`: columns before it on the screen. */
  async run(text: string, origin: Origin | null, indent = 0): Promise<void> {
    this.command = new AbortController();
    this.interrupted = false;
    try {
      await this.carryOut({ text, origin, indent });
    } finally {
      this.interrupted = false;
      // Whoever listens on behalf of the command has heard enough.
      this.command.abort();
    }
  }

  private async carryOut(line: GivenLine): Promise<void> {
    if (this.refusedBlock?.passes(line.text)) {
      if (this.refusedBlock.isOver) this.refusedBlock = null;
      return;
    }
    if (this.config.comeFirst) return this.configLine(line);
    const found = this.matchExec(line.text);
    const { match } = found;
    if (match.kind === 'unknown' && !this.interactive && (await this.startsConfiguration(line))) {
      if (this.readOnly) throw await this.notAuthorized();
      if (this.hasLostCandidate) throw failure(EXIT.FAILED, 'the candidate is gone with the connection');
      this.config.enterForBlock();
      return this.configLine(line);
    }
    if (match.kind === 'unknown') {
      const meant = await this.aliased(line);
      if (meant !== null) return this.execLine(meant, this.matchExec(meant.text));
      await this.refuseConfiguration(line);
    }
    if (!(match.kind === 'command' && match.command.everywhere)) {
      await this.config.flush();
      this.config.leave();
    }
    await this.execLine(line, found);
  }

  /** What an alias of the configuration stands for, with the words after it; null: there is none of this name. */
  private async aliased({ text, origin }: GivenLine): Promise<GivenLine | null> {
    const { words } = splitLine(text);
    if (words.length === 0 || words[0].quoted) return null;
    const alias = (await this.aliases()).find(({ name }) => name === words[0].text);
    if (alias === undefined) return null;
    return { text: `${alias.line}${text.slice(words[0].end)}`, origin, indent: 0, isExpanded: true };
  }

  /** Those of the configuration; none when the daemon does not say. */
  async aliases(): Promise<readonly Alias[]> {
    const client = await this.client().catch(() => null);
    return (await client?.request('show.aliases', {}).catch(() => null)) ?? [];
  }

  private async startsConfiguration({ text }: GivenLine): Promise<boolean> {
    const { resolveConfigLine } = await import('../../config/resolve.js');
    if (resolveConfigLine(0, splitLine(text)).kind === 'command') return true;
    // A block whose header is wrong is refused as such, at its place, and its lines with it.
    const { RefusedBlock } = await import('./refused-block.js');
    return RefusedBlock.openedBy(text, 0) !== null;
  }

  /** Throws a `CliFailure` when the line is one of the configuration, of whatever mode. */
  private async refuseConfiguration({ text }: GivenLine): Promise<void> {
    const { modesKnowing } = await import('../../config/resolve.js');
    const modes = modesKnowing(splitLine(text));
    if (modes.length === 0) return;
    const list = new Intl.ListFormat('en', { type: 'disjunction', style: 'long' }).format(modes);
    const place = modes.includes('config') ? '' : `, then go to ${list.replace(', or', ' or')} mode`;
    throw new CliFailure(EXIT.SYNTAX, [
      '% Unknown command here: it is a configuration command.',
      `  Type "configure terminal" first${place}.`,
    ]);
  }

  private async configLine(line: GivenLine): Promise<void> {
    const split = splitLine(line.text);
    if (!split.problem && split.words[0]?.text === 'do') {
      if (split.words.length === 1) throw new CliFailure(EXIT.SYNTAX, ['% Incomplete command.']);
      await this.config.flush();
      const rest = restFrom(line, split.words[1].start);
      const found = this.matchExec(rest.text);
      const meant = found.match.kind === 'unknown' ? await this.aliased(rest) : null;
      return meant === null ? this.execLine(rest, found) : this.execLine(meant, this.matchExec(meant.text));
    }
    const found = await this.config.resolve(split);
    if (found.kind === 'empty') return;
    if (found.kind === 'mismatch') {
      const everywhere = matchEverywhere(line.text, this.enabled);
      if (everywhere.match.kind === 'command') return this.execLine(line, everywhere);
      // The word is known in every mode; what else can follow it in exec mode may follow it here, as with `do`.
      const isKnown = everywhere.match.kind !== 'unknown';
      const exec = isKnown ? this.matchExec(line.text) : everywhere;
      if (exec.match.kind === 'command' || (isKnown && found.mismatch.kind === 'unknown')) {
        await this.config.flush();
        return this.execLine(line, exec);
      }
      throw await this.refused(found.mismatch, line);
    }
    const { level } = this.config;
    if (!this.config.gather(found, line)) await this.end();
    else if (this.interactive && !this.pasting) {
      await this.config.flush();
      if (found.command.kind === 'setting' && found.depth < level) this.remarkPlace(line.text.trim());
    }
  }

  /** The line was one of a mode around the one that it was typed in, as those of pasted text may be. */
  private remarkPlace(line: string): void {
    const place = this.context.join(' ') || 'the system';
    this.remark([`% "${line}" was taken for ${place}, which is where you are now.`]);
  }

  /** At a terminal the prompt shows that no block was entered; a script goes on with the lines of the block. */
  private async refused(mismatch: Mismatch, line: GivenLine): Promise<CliFailure> {
    if (!this.interactive && !line.text.endsWith('?')) {
      const { RefusedBlock } = await import('./refused-block.js');
      this.refusedBlock = RefusedBlock.openedBy(line.text, this.config.level) ?? this.refusedBlock;
    }
    return refusal(mismatch, line, this.interactive);
  }

  private matchExec(text: string): ExecMatch {
    return matchExec(text, this.enabled);
  }

  private async execLine(line: GivenLine, { match, stages }: ExecMatch): Promise<void> {
    if (match.kind === 'empty') return;
    if (match.kind !== 'command') {
      if (!this.enabled && isAdministrative(line.text)) {
        throw await this.notAuthorized();
      }
      throw await this.refused(match, line);
    }
    const pipeline = readPipeline(stages, this.restricted);
    try {
      const output = await match.command.run(this, match.args);
      if (output === null) return;
      const lines = await this.fitted(output, pipeline);
      await this.options.print(lines, !pipeline.noMore, this.signal);
      if (this.interrupted) throw failure(EXIT.INTERRUPTED, 'interrupted');
    } catch (error) {
      throw asFailure(error);
    }
  }

  /** What is printed of an output: records are broken where the terminal ends, once filters have seen them whole. */
  private async fitted(output: Output | OutputStream, pipeline: Pipeline): Promise<Lines> {
    const lines = this.throughPipes(output, pipeline);
    const isText = pipeline.json === 'no' && !this.options.json;
    const width = isText && 'isRecords' in output && output.isRecords ? await widthOf(this) : undefined;
    return width === undefined ? lines : foldLines(lines, width);
  }

  private throughPipes(output: Output | OutputStream, { json, filters }: Pipeline): Lines {
    const form = json !== 'no' ? json : this.options.json ? 'compact' : 'text';
    return filters.reduce((lines: Lines, filter) => filter(lines), linesOf(output, form));
  }
}
