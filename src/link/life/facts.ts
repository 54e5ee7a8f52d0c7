/** What is known of a link at the moment of a change: the measurements that go with every event. */
import type { LinkFacts } from '../../api/link-states.js';
import { LINK, LINK_WIDTH } from '../../contract/stats.js';
import { NEVER, PEER_HEARS } from '../../state/links.js';
import type { FlapDamping } from '../choice/damping.js';
import type { LinkBase } from '../ports.js';
import type { Liveness } from './liveness.js';

/** Gathers the facts of a link. */
export function factsOf(
  base: LinkBase,
  liveness: Liveness,
  damping: FlapDamping,
  link: number,
  now: number,
): LinkFacts {
  const { links } = base.tables;
  const gauges = base.stats.links;
  const at = link * LINK_WIDTH;
  const silence = now - links.lastHeard[link];
  const isKnown = links.lastHeard[link] > NEVER;
  const ownStallUs = isKnown ? liveness.ownStallUs(link) : 0;
  const isMeasured = gauges[at + LINK.rttLastUs] > 0;
  const measured = (field: number): number | null => (isMeasured ? Math.round(gauges[at + field]) : null);
  const hears = links.peerHearsUs[link];
  return {
    heardUsAgo: isKnown ? silence : null,
    beatsMissed: isKnown ? Math.max(0, Math.floor((silence - ownStallUs) / liveness.peerInterval(link))) : 0,
    beatsHeard: links.goodBeats[link],
    ownStallUs,
    holdUs: liveness.holdOf(link),
    peerHearsUs: hears === PEER_HEARS.UNKNOWN ? null : hears === PEER_HEARS.YES,
    rttUs: measured(LINK.rttSmoothedUs),
    jitterUs: measured(LINK.jitterUs),
    lossOutPermille: measured(LINK.lossOutPermille),
    lossInPermille: measured(LINK.lossInPermille),
    dampedUs: damping.leftUs(link, now),
  };
}
