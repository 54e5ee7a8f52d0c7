/** What a configuration command is, and the forms that most of them share. */

import type { Config, InterfaceConfig, LinkConfig, PeerConfig, Policy } from '../api/config.js';
import {
  type Args,
  type ArgsOf,
  type CommandSpec,
  keyword,
  type Mode,
  oneOf,
  options,
  type Token,
  value,
} from '../grammar/command.js';
import { range, TEXT } from '../grammar/values.js';
import { renderLine } from '../grammar/words.js';
import { DEFAULTS } from './defaults.js';

/** The blocks that enclose a configuration line. */
export interface Scope {
  config: Config;
  interface: InterfaceConfig | null;
  peer: PeerConfig | null;
  link: LinkConfig | null;
}

export interface Block {
  /** The line that opens it, in full. */
  header: string;
  scope: Scope;
}

/** A line that sets something. */
export interface Setting extends CommandSpec {
  kind: 'setting';
  /** First keyword of the setting for which this is another spelling. */
  aliasOf?: string;
  set(scope: Scope, args: Args): void;
  /** The `no` form; does nothing if it is not set. */
  unset(scope: Scope, args: Args): void;
  /** The `default` form, where that is not the `no` form. */
  reset?(scope: Scope, args: Args): void;
  /**
   * What holds while nothing is set, as a line; null: no line says it. Absent: the default values of its words, or its `no`
   * form where it has no values.
   */
  preset?(scope: Scope): string | null;
  render(scope: Scope): string[];
}

/** A line that opens a block and creates its object if necessary. */
interface BlockCommand extends CommandSpec {
  kind: 'block';
  opens: Mode;
  enter(scope: Scope, args: Args): Block;
  remove(scope: Scope, args: Args): void;
  blocks(scope: Scope): Block[];
}

/** A line that leaves the block, or all blocks. */
export interface LeaveCommand extends CommandSpec {
  kind: 'leave';
  to: 'parent' | 'top';
}

export type ConfigCommand = Setting | BlockCommand | LeaveCommand;

/** The configuration modes, outermost first: a mode's index is the depth of its lines. */
export const CONFIG_MODES = ['config', 'interface', 'peer', 'link'] as const satisfies readonly Mode[];
export type ConfigMode = (typeof CONFIG_MODES)[number];

type OptionalKey<T> = { [K in keyof T]-?: undefined extends T[K] ? K : never }[keyof T];

export interface Field<V, T extends readonly Token[]> {
  tokens: T;
  /** How many tokens its `no` form needs; absent: the leading keywords. */
  noNeeds?: number;
  read(args: ArgsOf<T>): V;
  write(value: V): string;
  preset?: Setting['preset'];
}

/** A field that several objects have; infers the types of its tokens. */
export function field<V, const T extends readonly Token[]>(parts: Field<V, T>): Field<V, T> {
  return parts;
}

/** Makes settings, each of which is one optional field of the mode's object. */
export function fieldsOf<T>(mode: ConfigMode, target: (scope: Scope) => T) {
  return <K extends OptionalKey<T>, const G extends readonly Token[]>(
    key: K,
    { tokens, noNeeds, read, write, preset }: Field<NonNullable<T[K]>, G>,
  ): Setting =>
    setting(mode, {
      tokens,
      noNeeds: noNeeds ?? tokens.findIndex((token) => token.kind !== 'keyword'),
      ...(preset !== undefined && { preset }),
      set(scope, args) {
        target(scope)[key] = read(args);
      },
      unset(scope) {
        delete target(scope)[key];
      },
      render(scope) {
        const present = target(scope)[key];
        return present === undefined || present === null ? [] : [write(present)];
      },
    });
}

interface SettingParts<T extends readonly Token[]>
  extends Omit<Setting, 'kind' | 'mode' | 'privilege' | 'hasDefault' | 'tokens' | 'set' | 'unset' | 'reset'> {
  tokens: T;
  set(scope: Scope, args: ArgsOf<T>): void;
  unset(scope: Scope, args: Partial<ArgsOf<T>>): void;
  reset?(scope: Scope, args: Partial<ArgsOf<T>>): void;
}

/** A line that sets something; the arguments of its handlers follow from its tokens. */
export function setting<const T extends readonly Token[]>(mode: ConfigMode, parts: SettingParts<T>): Setting {
  const given = parts as SettingParts<readonly Token[]>;
  return { kind: 'setting', mode, privilege: 'admin', hasDefault: true, ...given };
}

interface BlockParts<T extends readonly Token[]>
  extends Omit<BlockCommand, 'kind' | 'mode' | 'privilege' | 'tokens' | 'enter' | 'remove'> {
  tokens: T;
  enter(scope: Scope, args: ArgsOf<T>): Block;
  remove(scope: Scope, args: ArgsOf<T>): void;
}

/** A line that opens a block; its `no` form needs all of its words. */
export function block<const T extends readonly Token[]>(
  mode: ConfigMode,
  parts: BlockParts<T>,
): BlockCommand {
  const { tokens } = parts;
  return {
    kind: 'block',
    mode,
    privilege: 'admin',
    noNeeds: tokens.length,
    ...(parts as BlockParts<readonly Token[]>),
  };
}

export const interfaceOf = (scope: Scope) => scope.interface as InterfaceConfig;
export const peerOf = (scope: Scope) => scope.peer as PeerConfig;
export const linkOf = (scope: Scope) => scope.link as LinkConfig;

export const PORT = range(1, 65535);

export const description = field({
  tokens: [keyword('description', 'Free text'), value('text', TEXT, 'Up to 255 characters')],
  read: ({ text }) => text,
  write: (text) => `description ${renderLine(text)}`,
});

const POLICIES: Record<Policy, string> = {
  passive: 'Use only the best link, the others stand by',
  active: 'Send a copy over every link',
  'round-robin': 'Send over all links in turn',
  adaptive: 'Spread flows by measured capacity, bulk over several links',
};

/** The policy, and with `active` by how many links copies are sent. */
export function policyOf(
  mode: ConfigMode,
  target: (scope: Scope) => { policy?: Policy; copies?: number },
  help: string,
): Setting {
  return setting(mode, {
    tokens: [
      keyword('policy', help),
      oneOf('policy', POLICIES),
      options([
        keyword('copies', 'With active: only by the best few links'),
        value('copies', range(2, 8), 'Links', { default: 'all' }),
      ]),
    ],
    noNeeds: 1,
    set(scope, { policy, copies }) {
      const found = target(scope);
      found.policy = policy;
      if (copies === undefined) delete found.copies;
      else found.copies = copies;
    },
    unset(scope) {
      delete target(scope).policy;
      delete target(scope).copies;
    },
    render(scope) {
      const { policy, copies } = target(scope);
      return policy === undefined ? [] : [policyLine(policy, copies)];
    },
    preset(scope) {
      const { policy = DEFAULTS.policy, copies } = interfaceOf(scope);
      return policyLine(policy, copies);
    },
  });
}

function policyLine(policy: Policy, copies: number | undefined): string {
  return `policy ${policy}${copies === undefined ? '' : ` copies ${copies}`}`;
}

/** Peers and links are in service unless `shutdown` is given. */
export function shutdownOf(mode: ConfigMode, target: (scope: Scope) => { shutdown?: boolean }): Setting {
  return setting(mode, {
    tokens: [keyword('shutdown', 'Take out of service')],
    noNeeds: 1,
    set(scope) {
      target(scope).shutdown = true;
    },
    unset(scope) {
      delete target(scope).shutdown;
    },
    render: (scope) => (target(scope).shutdown ? ['shutdown'] : []),
  });
}
