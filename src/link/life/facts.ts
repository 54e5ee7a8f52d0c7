/** What is known of a link at the moment of a change: the measurements that go with every event. */
import type { LinkFacts } from '../../api/link-states.js';
import { LINK, LINK_WIDTH, type SharedStats } from '../../contract/stats.js';
import { type LinkTable, NEVER, PEER_HEARS } from '../../state/links.js';

/**
 * Gathers the facts of a link. `ownStallUs`: how late this thread has been since the link was last heard; `dampedUs`: for
 * how long damping holds it back.
 */
export function factsOf(
  links: LinkTable,
  stats: SharedStats,
  link: number,
  holdUs: number,
  ownStallUs: number,
  dampedUs: number,
  now: number,
): LinkFacts {
  const silence = now - links.lastHeard[link];
  const isKnown = links.lastHeard[link] > NEVER;
  const interval = links.peerIntervalUs[link] || links.intervalUs[link];
  const base = link * LINK_WIDTH;
  const isMeasured = stats.links[base + LINK.rttLastUs] > 0;
  const measured = (field: number): number | null =>
    isMeasured ? Math.round(stats.links[base + field]) : null;
  const hears = links.peerHearsUs[link];
  return {
    heardUsAgo: isKnown ? silence : null,
    beatsMissed: isKnown ? Math.max(0, Math.floor((silence - ownStallUs) / interval)) : 0,
    beatsHeard: links.goodBeats[link],
    ownStallUs: isKnown ? ownStallUs : 0,
    holdUs,
    peerHearsUs: hears === PEER_HEARS.UNKNOWN ? null : hears === PEER_HEARS.YES,
    rttUs: measured(LINK.rttSmoothedUs),
    jitterUs: measured(LINK.jitterUs),
    lossOutPermille: measured(LINK.lossOutPermille),
    lossInPermille: measured(LINK.lossInPermille),
    dampedUs,
  };
}
