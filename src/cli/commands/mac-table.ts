/** `show mac-table`: all of it, a part of it, or how much there is. */
import type { MacEntry, MacFilter } from '../../api/index.js';
import { type ArgsOf, choice, flag, keyword, oneOf, options, value } from '../../grammar/command.js';
import { MAC_PATTERN, range } from '../../grammar/values.js';
import { MAC_TABLE, macCountText } from '../output/shows.js';
import { calling, type ExecCommand, OF_INTERFACE, PEER_NAME, SHOW } from './command.js';
import { listing } from './listings.js';
import { byName, larger, type Ways } from './narrowing.js';

const FILTERS = [
  OF_INTERFACE,
  [keyword('vlan', 'Only those of a VLAN'), value('vlan', range(0, 4094), 'VLAN; 0: untagged')],
  [
    choice(
      [keyword('peer', 'Only those behind a peer'), PEER_NAME],
      [flag('local', 'Only those of this host')],
    ),
  ],
  [
    keyword('address', 'Only those whose address fits a pattern'),
    value('address', MAC_PATTERN, 'Address, with * for any characters'),
  ],
] as const;
const STATES = { dynamic: 'Learned', static: 'Configured' };
const ANY_OF = options(...FILTERS, [keyword('state', 'Only rows in this state'), oneOf('state', STATES)]);

const MAC_WAYS: Ways<MacEntry> = {
  states: {
    words: STATES,
    of: (entry) => (entry.static ? 'static' : 'dynamic'),
  },
  name: { help: 'Only peers whose name fits a pattern', of: ({ peer }) => peer ?? '' },
  sorts: {
    mac: { help: 'By address', order: (a, b) => (a.mac < b.mac ? -1 : 1) },
    peer: { help: 'By peer', order: (a, b) => byName(a.peer, b.peer) },
    vlan: { help: 'By VLAN', order: (a, b) => a.vlan - b.vlan },
    age: { help: 'Oldest first', order: (a, b) => larger(a.ageSeconds, b.ageSeconds) },
  },
};

function filterOf(args: ArgsOf<[typeof ANY_OF]>): MacFilter {
  const { interface: name, vlan, peer, local, address, state } = args;
  return {
    ...(name !== undefined && { interface: name }),
    ...(vlan !== undefined && { vlan }),
    ...(peer !== undefined && { peer }),
    ...(local && { local }),
    ...(address !== undefined && { address }),
    ...(state !== undefined && { state }),
  };
}

export const macCommands: ExecCommand[] = [
  listing({
    word: 'mac-table',
    help: 'MAC addresses and the peers they belong to',
    groups: FILTERS,
    ways: MAC_WAYS,
    method: 'show.macTable',
    fetch: (args) => (client, page) => client.request('show.macTablePage', { ...page, ...filterOf(args) }),
    layout: MAC_TABLE,
  }),
  calling({
    privilege: 'read',
    tokens: [
      SHOW,
      keyword('mac-table', 'MAC addresses and the peers they belong to'),
      keyword('count', 'How many there are'),
      ANY_OF,
    ],
    method: 'show.macCount',
    params: filterOf,
    text: macCountText,
  }),
];
