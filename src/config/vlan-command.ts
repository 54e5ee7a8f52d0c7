/** The line `vlan` of a port: of a peer, or of the TAP. */
import type { VlanConfig } from '../api/config.js';
import { type ArgsOf, choice, flag, keyword, options, value } from '../grammar/command.js';
import { matchLine } from '../grammar/match.js';
import { buildTree } from '../grammar/tree.js';
import { VLAN, VLAN_LIST } from '../grammar/values.js';
import { splitLine } from '../grammar/words.js';
import { type Scope, type Setting, setting } from './language.js';

interface Port {
  vlan?: VlanConfig;
}

/** Arguments that the words of `CARRIED_VLANS` give. */
type VlanArgs = { readonly [Name in 'access' | 'native' | 'allowed']?: CarriedArgs[Name] | undefined };
type CarriedArgs = ArgsOf<[typeof CARRIED_VLANS]>;

/** What a port carries, as words of a command. */
export const CARRIED_VLANS = choice(
  [
    keyword('access', 'One VLAN, its frames without a tag'),
    value('access', VLAN, 'The VLAN', { called: 'access VLAN' }),
  ],
  [
    flag('trunk', 'Several VLANs, their frames tagged'),
    options(
      [
        keyword('native', 'The VLAN whose frames have no tag'),
        value('native', VLAN, 'The VLAN', { default: 'none', called: 'native VLAN' }),
      ],
      [
        keyword('allowed', 'No others but these and the native one'),
        value('allowed', VLAN_LIST, 'VLANs and ranges of VLANs', { default: 'all' }),
      ],
    ),
  ],
);

const WORDS = buildTree([{ mode: 'peer', privilege: 'read', tokens: [CARRIED_VLANS] }]);

/** The line of a mode whose object `target` finds; `port` says whose frames are meant. */
export function vlanCommand(
  mode: 'interface' | 'peer',
  target: (scope: Scope) => Port,
  port: string,
): Setting {
  return setting(mode, {
    tokens: [keyword('vlan', `VLANs that ${port} carries`), CARRIED_VLANS],
    noNeeds: 1,
    default: 'every frame as it is',
    set(scope, words) {
      target(scope).vlan = vlanOf(words);
    },
    unset(scope) {
      delete target(scope).vlan;
    },
    render(scope) {
      const { vlan } = target(scope);
      return vlan === undefined ? [] : [`vlan ${vlanWords(vlan)}`];
    },
  });
}

/** What the words of `CARRIED_VLANS` mean. */
export function vlanOf({ access, native, allowed }: VlanArgs): VlanConfig {
  if (access !== undefined) return { mode: 'access', vlan: access };
  return {
    mode: 'trunk',
    ...(native !== undefined && { native }),
    ...(allowed !== undefined && { allowed }),
  };
}

/** What a port carries, in the words of the configuration. */
export function vlanWords(config: VlanConfig): string {
  if (config.mode === 'access') return `access ${config.vlan}`;
  const native = config.native === undefined ? '' : ` native ${config.native}`;
  return `trunk${native}${config.allowed === undefined ? '' : ` allowed ${config.allowed}`}`;
}

/** Whether two ports carry the same. */
export function isSameVlan(a: VlanConfig | undefined, b: VlanConfig | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && vlanWords(a) === vlanWords(b));
}

/** Reads what `vlanWords` writes; null where it is something else. */
export function parseVlanWords(text: string): VlanConfig | null {
  const match = matchLine(WORDS, splitLine(text));
  return match.kind === 'command' ? vlanOf(match.args) : null;
}
