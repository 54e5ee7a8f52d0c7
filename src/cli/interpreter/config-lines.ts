/** Configuration lines on their way to the daemon: the block that the next one stands in, and those gathered so far. */
import type { CommitOptions, CommitResult, ConfigApplyResult } from '../../api/index.js';
import { CONFIG_MODES, type ConfigMode } from '../../config/language.js';
import type { Resolution } from '../../config/resolve.js';
import type { SplitLine } from '../../grammar/words.js';
import { AnsweredError, asFailure, type DaemonClient } from '../base/daemon-client.js';
import type { Editing } from '../base/editing.js';
import { CliFailure } from '../base/failure.js';
import { type GivenLine, placedProblem } from './given-line.js';

/** Applying a large configuration takes the daemon longer than answering a question. */
const APPLY_PATIENCE_MS = 30_000;

interface ConfigLinesParts {
  editing: Editing;
  client(): Promise<DaemonClient>;
  /** Takes the warnings of lines that were applied. */
  warn(lines: string[]): void;
}

export class ConfigLines {
  private readonly parts: ConfigLinesParts;
  /** Depth of the block that the next line stands in; null in exec mode. */
  private depth: number | null = null;
  /** Configuration was begun by a configuration line rather than by `configure terminal`: it ends with its block. */
  private implicit = false;
  /** Headers of the open blocks as of the last applied line. */
  private blocks: string[] = [];
  private gathered: GivenLine[] = [];

  constructor(parts: ConfigLinesParts) {
    this.parts = parts;
  }

  /** null: exec mode. */
  get mode(): ConfigMode | null {
    return this.depth === null ? null : CONFIG_MODES[this.depth];
  }

  /** The next line is read as configuration before it is read as an exec command. */
  get comeFirst(): boolean {
    return this.depth !== null && !(this.implicit && this.depth === 0);
  }

  get context(): readonly string[] {
    return this.blocks;
  }

  /** Lines gathered and not applied yet. */
  get waiting(): number {
    return this.gathered.length;
  }

  /** Depth at which the next line is read; exec mode counts as outside all blocks. */
  get level(): number {
    return this.depth ?? 0;
  }

  /** Enters configuration mode, outside all blocks. */
  enter(): void {
    this.depth = 0;
    this.implicit = false;
    this.blocks = [];
  }

  /** Enters configuration mode for the block that the next line opens. */
  enterForBlock(): void {
    if (this.depth === null) this.enter();
    this.implicit = true;
  }

  /** Back in exec mode; lines gathered go with the next `flush`. */
  leave(): void {
    this.depth = null;
  }

  /** Back in exec mode; lines gathered are forgotten. */
  drop(): void {
    this.gathered = [];
    this.depth = null;
  }

  /** Forgets lines gathered; the next one stands where the last applied one has led. */
  forget(): void {
    this.gathered = [];
    if (this.depth !== null) this.depth = this.blocks.length;
  }

  /** What a line means where the next one stands. */
  async resolve(line: SplitLine): Promise<Resolution> {
    // The grammar of the configuration; scripts that only ask do without it.
    const { resolveConfigLine } = await import('../../config/resolve.js');
    return resolveConfigLine(this.level, line);
  }

  /** Gathers a line; false when it leaves configuration mode instead. */
  gather(found: Extract<Resolution, { kind: 'command' }>, line: GivenLine): boolean {
    const leaving = found.command.kind === 'leave' ? found.command.to : null;
    if (leaving === 'top' || (leaving === 'parent' && this.depth === 0)) return false;
    this.gathered.push(line);
    if (leaving === 'parent') this.depth = (this.depth ?? 1) - 1;
    else this.depth = found.depth + (found.command.kind === 'block' && found.form === 'plain' ? 1 : 0);
    return true;
  }

  /** Applies the lines gathered so far, all or none. */
  async flush(): Promise<void> {
    if (this.waiting > 0) await this.apply({ checkOnly: false });
  }

  /** Applies the lines gathered so far as a commit of its own. With `checkOnly` they stay gathered. */
  async commit(order: CommitOptions & { checkOnly: boolean }): Promise<CommitResult> {
    const { gathered } = this;
    const applied = await this.apply(order);
    if (order.checkOnly) this.gathered = gathered;
    return { confirmed: false, ...applied };
  }

  private async apply(order: CommitOptions & { checkOnly: boolean }): Promise<ConfigApplyResult> {
    const { gathered, blocks: before } = this;
    const { editing } = this.parts;
    // Asked before a lost connection is made again: the candidate is gone then, and the daemon must refuse.
    const candidate = editing.hasCandidate;
    this.gathered = [];
    try {
      const client = await this.parts.client();
      const lines = gathered.map(({ text }) => text);
      const params = { ...order, context: before, lines, mode: 'merge' as const, candidate };
      const result = await client.request('config.apply', params, APPLY_PATIENCE_MS);
      editing.take(result.state);
      if (!order.checkOnly) this.blocks = result.context;
      this.parts.warn(result.warnings.map((warning) => placedProblem(warning, gathered, '% Warning')));
      return result;
    } catch (error) {
      this.depth = this.depth === null ? null : before.length;
      if (!(error instanceof AnsweredError) || error.problems.length === 0) throw asFailure(error);
      throw new CliFailure(
        error.exitCode,
        error.problems.map((problem) => placedProblem(problem, gathered, '% Error')),
      );
    }
  }
}
