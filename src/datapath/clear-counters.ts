/** `clear counters`: what is counted of an interface, its peers and their links begins at zero again. */
import type { CounterClearing } from '../contract/answers.js';
import { INTERFACE, LINK, LINK_WIDTH, PEER, PEER_WIDTH, type SharedStats } from '../contract/stats.js';
import type { Assembly } from './assembly.js';

/** Of the interface: by the first two the threads tell each other how far they are, the others say how things are now. */
const KEPT = [
  INTERFACE.handshakesGiven,
  INTERFACE.handshakesTaken,
  INTERFACE.macEntries,
  INTERFACE.pacedLinks,
  INTERFACE.pacedIntervalUs,
];

/**
 * Sets counters to zero: those of a peer and its links, or those of the interface, when `from` is 0, and of some rows. Returns the
 * row to go on from; null: nothing is left.
 */
export function clearCounters(parts: Assembly, clearing: CounterClearing): number | null {
  const { peers, links } = parts.tables;
  if (clearing.peer !== null) {
    clearPeer(parts, clearing.peer);
    return null;
  }
  const { from, rows } = clearing;
  if (from === 0) clearInterface(parts);
  const end = from + rows;
  for (let row = from; row < end; row++) {
    if (peers.has(row)) clearPeerRow(parts.stats, row);
    if (links.has(row)) clearLinkRow(parts.stats, row);
  }
  return end < Math.max(peers.capacity, links.capacity) ? end : null;
}

function clearInterface({ stats, reassembly }: Assembly): void {
  const counters = stats.interface;
  const kept = KEPT.map((index) => counters[index]);
  counters.fill(0);
  KEPT.forEach((index, at) => {
    counters[index] = kept[at];
  });
  stats.drops.fill(0);
  reassembly.evicted = 0;
  reassembly.expired = 0;
}

function clearPeer({ stats, tables: { peers } }: Assembly, peer: number): void {
  if (!peers.has(peer)) return;
  clearPeerRow(stats, peer);
  for (let link = peers.nextLink(peer); link >= 0; link = peers.nextLink(peer, link))
    clearLinkRow(stats, link);
}

function clearPeerRow(stats: SharedStats, peer: number): void {
  const base = peer * PEER_WIDTH;
  stats.peers.fill(0, base + PEER.txFrames, base + PEER.stormDrops + 1);
}

function clearLinkRow(stats: SharedStats, link: number): void {
  const base = link * LINK_WIDTH;
  stats.links.fill(0, base + LINK.txDatagrams, base + LINK.sendErrors + 1);
  stats.links[base + LINK.transitions] = 0;
}
