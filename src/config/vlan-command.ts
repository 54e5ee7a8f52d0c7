/** The line `vlan` of a port: of a peer, or of the TAP. */
import type { VlanConfig } from '../api/config.js';
import { choice, flag, keyword, options, value } from '../grammar/command.js';
import { VLAN, VLAN_LIST } from '../grammar/values.js';
import { type Scope, type Setting, setting } from './language.js';

interface Port {
  vlan?: VlanConfig;
}

/** The line of a mode whose object `target` finds; `port` says whose frames are meant. */
export function vlanCommand(
  mode: 'interface' | 'peer',
  target: (scope: Scope) => Port,
  port: string,
): Setting {
  return setting(mode, {
    tokens: [
      keyword('vlan', `VLANs that ${port} carries`),
      choice(
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
      ),
    ],
    noNeeds: 1,
    default: 'every frame as it is',
    set(scope, { access, native, allowed }) {
      const trunk = { ...(native !== undefined && { native }), ...(allowed !== undefined && { allowed }) };
      target(scope).vlan =
        access === undefined ? { mode: 'trunk', ...trunk } : { mode: 'access', vlan: access };
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

/** What a port carries, in the words of the configuration. */
export function vlanWords(config: VlanConfig): string {
  if (config.mode === 'access') return `access ${config.vlan}`;
  const native = config.native === undefined ? '' : ` native ${config.native}`;
  return `trunk${native}${config.allowed === undefined ? '' : ` allowed ${config.allowed}`}`;
}
