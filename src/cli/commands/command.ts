/** What a command of exec mode is, and the shapes that most of them share. */
import type { MethodName, Methods } from '../../api.js';
import { type Args, type CommandSpec, keyword, options, type Token, value } from '../../grammar/command.js';
import { IFNAME, NAME, range } from '../../grammar/values.js';
import type { Client } from '../client.js';

/** What a command prints: an object and its text form. */
export interface Output {
  data: unknown;
  text: string[];
}

/** What exec commands may do to the session that runs them. */
export interface ExecSession {
  client(): Promise<Client>;
  interactive: boolean;
  enabled: boolean;
  /** Lines of a screenful; 0: never stop. */
  terminalLength: number;
  /** The commands that can be given now, for `list` and `find`. */
  commands(): readonly CommandSpec[];
  enterConfiguration(): void;
  leave(): void;
  readInput(): Promise<string>;
}

export interface ExecCommand extends CommandSpec {
  /**
   * What `| json` prints: the result of a method of the control API, or a form in words. null: the command
   * prints nothing.
   */
  json: { resultOf: MethodName } | { form: string } | null;
  run(session: ExecSession, args: Args): Promise<Output | null>;
}

export function command(parts: Omit<ExecCommand, 'mode'>): ExecCommand {
  return { mode: 'exec', ...parts };
}

interface Call<M extends MethodName> extends Omit<CommandSpec, 'mode'> {
  method: M;
  params(args: Args): Methods[M]['params'];
  text(result: Methods[M]['result'], params: Methods[M]['params']): string[];
  /** How long the work may take on top of the usual time for an answer, in milliseconds. */
  patienceMs?(params: Methods[M]['params']): number;
}

/** A command that calls one method and prints its result. */
export function calling<M extends MethodName>(call: Call<M>): ExecCommand {
  const { method, params, text, patienceMs, ...spec } = call;
  return command({
    ...spec,
    json: { resultOf: method },
    async run(session, args) {
      const client = await session.client();
      const asked = params(args);
      const result = await client.request(method, asked, patienceMs?.(asked) ?? 0);
      return { data: result, text: text(result, asked) };
    },
  });
}

export const PEER_NAME = value('peer', NAME, 'Name of a peer', 'peer');
export const LINK_ID = value('link id', range(0, 7), 'Link id', 'link');

export const INTERFACE_FILTER: Token[] = [
  keyword('interface', 'Of one interface only'),
  value('interface', IFNAME, 'Name of an interface', 'interface'),
];
export const PEER_FILTER: Token[] = [keyword('peer', 'Of one peer only'), PEER_NAME];
export const IN_INTERFACE = options(INTERFACE_FILTER);

/** The filters that a method may take. */
export function filterOf(args: Args): { interface?: string; peer?: string; all?: true } {
  return {
    ...interfaceOf(args),
    ...(args.has('peer') && { peer: args.text('peer') }),
    ...(args.has('all') && { all: true as const }),
  };
}

/** The peer, or the link of it, that a command is about. */
export function peerOf(args: Args): { peer: string; interface?: string; link?: number } {
  const link = args.has('link id') ? { link: args.number('link id') } : {};
  return { peer: args.text('peer'), ...interfaceOf(args), ...link };
}

function interfaceOf(args: Args): { interface?: string } {
  return args.has('interface') ? { interface: args.text('interface') } : {};
}
