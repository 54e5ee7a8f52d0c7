/** `show mac-table`: all of it, a part of it, or how much there is; and `clear mac-table`. */
import type { MacClearFilter, MacEntry, MacFilter } from '../../api/index.js';
import { byName } from '../../base/order.js';
import { type ArgsOf, choice, flag, keyword, oneOf, options, value } from '../../grammar/command.js';
import { MAC, MAC_PATTERN, range } from '../../grammar/values.js';
import { MAC_TABLE, macCountText, macsClearedText } from '../output/shows.js';
import { CLEAR, calling, type ExecCommand, OF_INTERFACE, PEER_NAME, SHOW } from './command.js';
import { listing } from './listings.js';
import { larger, type Ways } from './narrowing.js';

/** What the longest table takes on a busy machine. */
const CLEARING_MS = 60_000;
/** Where stations are. */
const PLACES = [
  OF_INTERFACE,
  [keyword('vlan', 'Only those of a VLAN'), value('vlan', range(0, 4094), 'VLAN; 0: untagged')],
  [
    choice(
      [keyword('peer', 'Only those behind a peer'), PEER_NAME],
      [flag('local', 'Only those of this host')],
    ),
  ],
] as const;
const FILTERS = [
  ...PLACES,
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

const LEARNED = options([flag('dynamic', 'Learned ones, as without this word')], ...PLACES, [
  keyword('address', 'Only one address'),
  value('address', MAC, 'Address of a station'),
]);

function stationsOf({
  interface: name,
  vlan,
  peer,
  local,
  address,
}: Omit<ArgsOf<[typeof LEARNED]>, 'dynamic'>): MacClearFilter {
  return {
    ...(name !== undefined && { interface: name }),
    ...(vlan !== undefined && { vlan }),
    ...(peer !== undefined && { peer }),
    ...(local && { local }),
    ...(address !== undefined && { address }),
  };
}

function filterOf({ state, ...args }: ArgsOf<[typeof ANY_OF]>): MacFilter {
  return { ...stationsOf(args), ...(state !== undefined && { state }) };
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
  calling({
    privilege: 'admin',
    tokens: [CLEAR, keyword('mac-table', 'Forget the stations that were learned'), LEARNED],
    method: 'clear.macTable',
    params: stationsOf,
    text: macsClearedText,
    patienceMs: () => CLEARING_MS,
  }),
];
