/** What a command of exec mode is, and the shapes that most of them share. */
import type {
  CommitOptions,
  CommitResult,
  ConfigOpenParams,
  ControlEvent,
  MethodName,
  Methods,
} from '../../api/index.js';
import {
  type Args,
  type ArgsOf,
  type CommandSpec,
  formerly,
  keyword,
  options,
  type Token,
  value,
} from '../../grammar/command.js';
import { IFNAME, NAME, range } from '../../grammar/values.js';
import type { DaemonClient } from '../base/daemon-client.js';
import type { Editing } from '../base/editing.js';
import type { CliFailure } from '../base/failure.js';
import type { TerminalSettings } from '../base/settings.js';
import type { Output, OutputStream } from '../output/render.js';
import { foldLine } from '../output/table.js';
import type { Terminal } from '../terminal/terminal.js';

export type { Output, OutputPart, OutputStream } from '../output/render.js';

/** Counters as of a moment; those at zero are left out. */
interface CounterSnapshot {
  /** Milliseconds since the epoch. */
  readonly timeMs: number;
  readonly values: ReadonlyMap<string, number>;
}

/** What exec commands may do with the program that runs them. */
export interface Cli {
  client(): Promise<DaemonClient>;
  interactive: boolean;
  enabled: boolean;
  readonly settings: TerminalSettings;
  readonly readOnly: boolean;
  /** Why a command is not for this user, and what is. */
  notAuthorized(): Promise<CliFailure>;
  /** Files of this host and other programs are out of reach: the user has no other way to them. */
  readonly restricted: boolean;
  /** Aborts when the user interrupts the command. */
  readonly signal: AbortSignal;
  /** The commands that can be given now, for `list` and `find`. */
  commands(): Promise<readonly CommandSpec[]>;
  readonly editing: Editing;
  /** Enters configuration mode. */
  openConfiguration(params: ConfigOpenParams): Promise<void>;
  /** Applies the configuration lines that have been collected. */
  settle(): Promise<void>;
  /** Puts the candidate in force, or the lines that have been collected for want of one. */
  commit(options: CommitOptions & { checkOnly?: boolean }): Promise<CommitResult>;
  /** Leaves configuration mode without another word; lines that have been collected are dropped. */
  dropConfiguration(): void;
  /** Counters as of the last `show counters delta`; null before the first. */
  counters: CounterSnapshot | null;
  /** Lines beside the output. */
  remark(lines: string[]): void;
  /** Throws a warning, once, when something would be lost. */
  leave(): void;
  readInput(): Promise<string>;
  /** The terminal that keys come from; null in a script. */
  terminal(): Promise<Terminal | null>;
  /** Asks a question that Enter or `y` answers with yes. In a script the answer is no, unless it was given before. */
  confirm(question: string): Promise<boolean>;
  /** Runs a command of exec mode and gives its lines instead of printing them. Throws `CliFailure`. */
  linesOf(line: string): Promise<string[]>;
  /** Headers of the configuration blocks that the next line stands in, outermost first. */
  readonly context: readonly string[];
  /** Lines typed before, newest first. */
  history(): readonly string[];
  /**
   * Hears events from now on until the signal aborts; `lost` is called if the connection ends before. Comes back when
   * the daemon has agreed.
   */
  events(listener: (event: ControlEvent) => void, lost: () => void): Promise<void>;
}

export interface ExecCommand extends CommandSpec {
  /**
   * What `| json` prints: the result of a method of the control API, or a form in words. null: the command
   * prints nothing.
   */
  json: { resultOf: MethodName } | { form: string } | null;
  /** Its last argument takes the rest of the line with the output modifiers: it is a command itself. */
  takesPipes?: true;
  /** Can be given in configuration modes too, without `do`. It sees to the lines that have been collected by itself. */
  everywhere?: true;
  run(cli: Cli, args: Args): Promise<Output | OutputStream | null>;
}

interface ExecParts<T extends readonly Token[]> extends Omit<ExecCommand, 'mode' | 'tokens' | 'run'> {
  tokens: T;
  run(cli: Cli, args: ArgsOf<T>): Promise<Output | OutputStream | null>;
}

/** A command of exec mode; its handler gets the arguments that its tokens give. */
export function command<const T extends readonly Token[]>(parts: ExecParts<T>): ExecCommand {
  return { mode: 'exec', ...(parts as ExecParts<readonly Token[]>) };
}

interface Call<M extends MethodName, T extends readonly Token[]>
  extends Omit<CommandSpec, 'mode' | 'tokens'> {
  tokens: T;
  method: M;
  params(args: ArgsOf<T>): Methods[M]['params'];
  text(result: Methods[M]['result'], params: Methods[M]['params']): string[];
  everywhere?: true;
  /** See `Output`. */
  isRecords?: true;
  /** How long the work may take on top of the usual time for an answer, in milliseconds. */
  patienceMs?(params: Methods[M]['params']): number;
}

/** A command that calls one method and prints its result. */
export function calling<M extends MethodName, const T extends readonly Token[]>(
  call: Call<M, T>,
): ExecCommand {
  const { method, params, text, isRecords = false, patienceMs, ...spec } = call;
  return command({
    ...spec,
    json: { resultOf: method },
    async run(cli, args: ArgsOf<T>) {
      if (call.everywhere) await cli.settle();
      const client = await cli.client();
      const asked = params(args);
      const result = await client.request(method, asked, patienceMs?.(asked) ?? 0);
      return { data: result, text: text(result, asked), isRecords };
    },
  });
}

/** Lines that come live, broken between words where the terminal ends; a script gets them whole. */
export async function fitted(cli: Cli, lines: string[]): Promise<string[]> {
  const width = await widthOf(cli);
  return width === undefined ? lines : lines.flatMap((line) => foldLine(line, width));
}

/** Columns of the terminal; undefined in a script. */
export async function widthOf(cli: Cli): Promise<number | undefined> {
  return cli.interactive ? (await cli.terminal())?.columns : undefined;
}

export const SHOW = keyword('show', 'Show status, counters and configuration');

export const CLEAR = keyword('clear', 'Reset counters, a peer, the MAC table or a candidate');

export const PEER_NAME = value('peer', NAME, 'Name of a peer', { complete: 'peer' });
export const LINK_ID = value('link', range(0, 7), 'Link id', { complete: 'link', called: 'link id' });

export const INTERFACE_NAME = value('interface', IFNAME, 'Name of an interface', { complete: 'interface' });
export const OF_INTERFACE = [keyword('interface', 'Only this interface'), INTERFACE_NAME] as const;
/** A peer, by its name alone. */
export const PEER = formerly([PEER_NAME], [keyword('peer', 'Only this peer'), PEER_NAME]);
export const OF_PEER = [PEER] as const;
export const OF_LINK = [keyword('link', 'Only this link'), LINK_ID] as const;
/** The one form in which commands take "link N of peer X". */
export const PEER_AND_LINK = formerly(
  [PEER_NAME, keyword('link', 'A link of the peer'), LINK_ID],
  [keyword('link', 'A link of a peer'), PEER_NAME, LINK_ID],
);
export const IN_INTERFACE = options(OF_INTERFACE);
