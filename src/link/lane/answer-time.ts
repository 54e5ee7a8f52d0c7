/** How soon what is asked for comes. */
import { LINK, LINK_WIDTH, type SharedStats } from '../../contract/stats.js';
import { NO_LINK, type PeerTable } from '../../state/peers.js';
import { MAX_LINKS } from '../../wire/header.js';

/** An answer is waited for no longer: TCP's retransmission timer runs 200 ms beyond the round-trip time at least. */
const LONGEST_US = 180_000;
/** Beside the round-trip time and its jitter, for what waits at either end. */
const MARGIN_US = 10_000;
const JITTERS = 4;

/** How long an answer by a link may take, in µs; 0: too long, or nothing is known. */
export function answerUs(stats: SharedStats, link: number): number {
  const base = link * LINK_WIDTH;
  const rttUs = stats.links[base + LINK.rttSmoothedUs];
  const us = rttUs + JITTERS * stats.links[base + LINK.jitterUs] + MARGIN_US;
  return rttUs === 0 || us > LONGEST_US ? 0 : us;
}

/** The usable link of a peer by which an answer comes first; -1 when none is quick enough. */
export function quickestLink(peers: PeerTable, stats: SharedStats, peer: number): number {
  let best = NO_LINK;
  let leastUs = Number.POSITIVE_INFINITY;
  for (let id = 0; id < MAX_LINKS; id++) {
    if (!peers.isUsable(peer, id)) continue;
    const link = peers.linkOf(peer, id);
    const us = answerUs(stats, link);
    if (us === 0 || us >= leastUs) continue;
    best = link;
    leastUs = us;
  }
  return best;
}
