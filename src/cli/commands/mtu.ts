/** `show mtu`: what each link found out about its path, and what that costs. */
import type { PeerMtu } from '../../api/index.js';
import { byName } from '../../base/order.js';
import { MTUS } from '../output/mtu.js';
import { type ExecCommand, OF_INTERFACE, OF_PEER } from './command.js';
import { listing, pagesOrPeer } from './listings.js';
import { larger } from './narrowing.js';

export const mtuCommands: ExecCommand[] = [
  listing<PeerMtu, [typeof OF_PEER, typeof OF_INTERFACE]>({
    word: 'mtu',
    help: 'Path MTU of each link, which link is short, and what that costs',
    groups: [OF_PEER, OF_INTERFACE],
    ways: {
      name: { help: 'Only peers whose name fits a pattern', of: ({ peer }) => peer },
      sorts: {
        peer: { help: 'By peer', order: (a, b) => byName(a.peer, b.peer) },
        frame: { help: 'Shortest path first', order: (a, b) => larger(b.frameBytes, a.frameBytes) },
      },
    },
    method: 'show.mtu',
    fetch: pagesOrPeer<PeerMtu>(
      (client, page) => client.request('show.mtuPage', page),
      (client, of) => client.request('show.mtu', of),
    ),
    layout: MTUS,
  }),
];
