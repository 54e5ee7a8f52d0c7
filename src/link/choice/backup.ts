/** The link that carries the second copy of a frame that is sent twice. */

import type { LinkTable } from '../../state/links.js';
import { NO_LINK, type PeerTable } from '../../state/peers.js';
import { MAX_LINKS } from '../../wire/header.js';

/** Row of the usable link, other than `link`, of the highest priority and then the shortest way; -1 for none. */
export function backupOf(peers: PeerTable, links: LinkTable, link: number): number {
  const peer = links.peer[link];
  let best = NO_LINK;
  for (let id = 0; id < MAX_LINKS; id++) {
    const row = peers.linkOf(peer, id);
    if ((peers.usable[peer] & (1 << id)) === 0 || row === link) continue;
    if (best < 0 || isBetter(links, row, best)) best = row;
  }
  return best;
}

function isBetter(links: LinkTable, link: number, other: number): boolean {
  if (links.priority[link] !== links.priority[other]) return links.priority[link] > links.priority[other];
  return links.rttSmoothed[link] < links.rttSmoothed[other];
}
