/** What a configuration command is, and the shapes that most of them share. */
import {
  type Args,
  type CommandSpec,
  keyword,
  type Mode,
  oneOf,
  type Token,
  value,
} from '../grammar/command.js';
import { LINE, range } from '../grammar/values.js';
import { renderLine } from '../grammar/words.js';
import type { Config, InterfaceConfig, LinkConfig, PeerConfig, Policy } from './model.js';

/** The blocks that a configuration line stands in. */
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
  /** First keyword of the setting whose other spelling this is. */
  aliasOf?: string;
  set(scope: Scope, args: Args): void;
  /** The `no` form; what is not set stays so without a word. */
  unset(scope: Scope, args: Args): void;
  render(scope: Scope): string[];
}

/** A line that opens a block, making its object if need be. */
export interface BlockCommand extends CommandSpec {
  kind: 'block';
  opens: Mode;
  enter(scope: Scope, args: Args): Block;
  remove(scope: Scope, args: Args): void;
  blocks(scope: Scope): Block[];
}

/** A line that leaves the block, or all of them. */
export interface LeaveCommand extends CommandSpec {
  kind: 'leave';
  to: 'parent' | 'top';
}

export type ConfigCommand = Setting | BlockCommand | LeaveCommand;

/** The configuration modes, outermost first: a mode's index is the depth of its lines. */
export const CONFIG_MODES = ['config', 'interface', 'peer', 'link'] as const satisfies readonly Mode[];
export type ConfigMode = (typeof CONFIG_MODES)[number];

type OptionalKey<T> = { [K in keyof T]-?: undefined extends T[K] ? K : never }[keyof T];

export interface Field<V> {
  tokens: Token[];
  /** Absent: the keywords in front. */
  noNeeds?: number;
  read(args: Args): V;
  write(value: V): string;
}

/** Makes settings that each are one optional field of the mode's object. */
export function fieldsOf<T>(mode: ConfigMode, target: (scope: Scope) => T) {
  return <K extends OptionalKey<T>>(key: K, field: Field<NonNullable<T[K]>>): Setting => ({
    kind: 'setting',
    mode,
    privilege: 'admin',
    tokens: field.tokens,
    noNeeds: field.noNeeds ?? field.tokens.findIndex((token) => token.kind !== 'keyword'),
    set(scope, args) {
      target(scope)[key] = field.read(args);
    },
    unset(scope) {
      delete target(scope)[key];
    },
    render(scope) {
      const present = target(scope)[key];
      return present === undefined || present === null ? [] : [field.write(present)];
    },
  });
}

export function setting(mode: ConfigMode, parts: Omit<Setting, 'kind' | 'mode' | 'privilege'>): Setting {
  return { kind: 'setting', mode, privilege: 'admin', ...parts };
}

export const interfaceOf = (scope: Scope) => scope.interface as InterfaceConfig;
export const peerOf = (scope: Scope) => scope.peer as PeerConfig;
export const linkOf = (scope: Scope) => scope.link as LinkConfig;

export const PORT = range(1, 65535);

export const description: Field<string> = {
  tokens: [keyword('description', 'Free text about it'), value('text', LINE, 'Up to 255 characters')],
  read: (args) => args.text('text'),
  write: (text) => `description ${renderLine(text)}`,
};

const POLICIES: Record<Policy, string> = {
  passive: 'Use the best link alone, the others stand by',
  active: 'Send a copy over every link',
  'round-robin': 'Send over all links in turn',
};

export function policy(help: string): Field<Policy> {
  return {
    tokens: [keyword('policy', help), oneOf('policy', POLICIES)],
    read: (args) => args.text('policy') as Policy,
    write: (chosen) => `policy ${chosen}`,
  };
}

/** Peers and links are in service unless `shutdown` is said. */
export function shutdownOf(mode: ConfigMode, target: (scope: Scope) => { shutdown?: boolean }): Setting {
  return setting(mode, {
    tokens: [keyword('shutdown', 'Take it out of service')],
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
