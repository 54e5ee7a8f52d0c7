/** Commands of `(config-peer)` about the peer as a port of the switch. */

import { keyword, value } from '../grammar/command.js';
import { range } from '../grammar/values.js';
import { DEFAULTS } from './defaults.js';
import { peerOf, type Setting, setting } from './language.js';
import { stormCommand } from './storm-command.js';
import { vlanCommand } from './vlan-command.js';

const GROUP = range(0, 255);

export const portCommands: Setting[] = [
  setting('peer', {
    tokens: [
      keyword(
        'split-horizon',
        'Frames do not pass between peers of one group; "no": they pass to and from all, as with clients that have no block',
      ),
      keyword('group', 'Peers between which frames do not pass'),
      value('group', GROUP, 'Number of the group', { default: DEFAULTS.splitHorizon }),
    ],
    noNeeds: 1,
    set(scope, { group }) {
      peerOf(scope).splitHorizon = group;
    },
    unset(scope) {
      peerOf(scope).splitHorizon = false;
    },
    reset(scope) {
      delete peerOf(scope).splitHorizon;
    },
    render(scope) {
      const { splitHorizon } = peerOf(scope);
      if (splitHorizon === undefined) return [];
      return [splitHorizon === false ? 'no split-horizon' : `split-horizon group ${splitHorizon}`];
    },
  }),
  stormCommand,
  vlanCommand('peer', peerOf, 'this peer'),
];
