/** `show mac-table`: all of it, a part of it, or how much there is. */
import type { MacFilter } from '../../api/index.js';
import { type ArgsOf, choice, flag, keyword, options, value } from '../../grammar/command.js';
import { MAC_PATTERN, range } from '../../grammar/values.js';
import { MAC_TABLE, macCountText } from '../output/shows.js';
import { calling, type ExecCommand, OF_INTERFACE, PEER_NAME, SHOW } from './command.js';
import { listing } from './listings.js';
import { LIMIT } from './narrowing.js';

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
  [choice([flag('static', 'Only configured ones')], [flag('dynamic', 'Only learned ones')])],
] as const;
const ANY_OF = options(...FILTERS);
const ANY_OF_FIRST = options(...FILTERS, LIMIT);

function filterOf(args: ArgsOf<[typeof ANY_OF]>): MacFilter {
  const { interface: name, vlan, peer, local, address } = args;
  const kind = args.static ? 'static' : args.dynamic ? 'dynamic' : undefined;
  return {
    ...(name !== undefined && { interface: name }),
    ...(vlan !== undefined && { vlan }),
    ...(peer !== undefined && { peer }),
    ...(local && { local }),
    ...(address !== undefined && { address }),
    ...(kind !== undefined && { kind }),
  };
}

export const macCommands: ExecCommand[] = [
  listing({
    word: 'mac-table',
    help: 'MAC addresses and the peers they belong to',
    filters: [ANY_OF_FIRST],
    method: 'show.macTable',
    fetch: (args) => (client, page) => client.request('show.macTablePage', { ...page, ...filterOf(args) }),
    narrow: ({ limit }) => ({ ...(limit !== undefined && { limit }) }),
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
