/** Which link of a peer carries its frames. Worked out when a link changes, so that a frame only looks it up. */
import { NO_LINK, type PeerTable } from '../datapath/peers.js';
import { MAX_LINKS } from '../datapath/wire.js';
import { type LinkTable, STATE } from './links.js';

/**
 * How gladly a link is taken, in steps: every link of a higher standing goes before all of a lower one. What is held
 * back, by damping or by the operator, is still better than nothing.
 */
export const STANDING = { UNUSABLE: 0, DRAINED: 1, DAMPED: 2, CLEAN: 3 } as const;

export function standingOf(links: LinkTable, row: number): number {
  const state = links.state[row];
  if (state === STATE.UP) return STANDING.CLEAN;
  if (state === STATE.DAMPED) return STANDING.DAMPED;
  return state === STATE.DRAINING || state === STATE.DRAINED ? STANDING.DRAINED : STANDING.UNUSABLE;
}

/**
 * Recomputes a peer's usable links (all of the best standing), its active link (highest priority; the one in use stays
 * when no other has a higher one) and the largest plaintext that all of them take, so that what was sealed for one fits
 * the others.
 */
export function reselect(peers: PeerTable, links: LinkTable, peer: number): void {
  const before = peers.activeLink[peer];
  let usable = 0;
  let best = NO_LINK;
  let smallest = 0;
  let standing: number = STANDING.DRAINED;
  for (let id = 0; id < MAX_LINKS; id++) {
    const row = peers.linkOf(peer, id);
    if (row >= 0) standing = Math.max(standing, standingOf(links, row));
  }
  for (let id = 0; id < MAX_LINKS; id++) {
    const row = peers.linkOf(peer, id);
    if (row < 0 || standingOf(links, row) !== standing) continue;
    usable |= 1 << id;
    const plain = links.maxPlain[row];
    if (smallest === 0 || plain < smallest) smallest = plain;
    if (best < 0 || links.priority[row] > links.priority[best]) best = row;
    else if (row === before && links.priority[row] === links.priority[best]) best = row;
  }
  peers.usable[peer] = usable;
  // While none is usable, frames are still sealed, to wait.
  if (usable !== 0) peers.smallestPlain[peer] = smallest;
  peers.activeLink[peer] = best;
  if (best >= 0) peers.lastLink[peer] = best;
}

/** Round-robin: the next usable link after the one that had the last turn. -1 when there is none. */
export function nextTurn(peers: PeerTable, peer: number): number {
  const usable = peers.usable[peer];
  for (let step = 1; step <= MAX_LINKS; step++) {
    const id = (peers.lastTurn[peer] + step) % MAX_LINKS;
    if ((usable & (1 << id)) === 0) continue;
    peers.lastTurn[peer] = id;
    return peers.linkOf(peer, id);
  }
  return NO_LINK;
}
