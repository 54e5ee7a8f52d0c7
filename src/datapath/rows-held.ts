/** What the datapath holds for peers, as `show system` tells it. */
import { ownBytes, rowBytes } from '../base/held.js';
import type { RowsHeld } from '../contract/answers.js';
import { LINK_WIDTH, PEER_WIDTH } from '../contract/stats.js';
import { RING_BYTES } from '../crypto/replay.js';
import { TIMERS_PER_LINK } from '../link/life/timers.js';
import type { Assembly } from './assembly.js';

/** `links`: rows of some links that stand for all. */
export function rowsHeld(parts: Assembly, links: readonly number[]): RowsHeld {
  const { sessions } = parts.tables;
  const rows = rowBytes(parts);
  const objects = ownBytes(links.map((link) => parts.link.placement.objectsOf(link)));
  return {
    peer: rows.peers + PEER_WIDTH * Float64Array.BYTES_PER_ELEMENT,
    link: rows.links + TIMERS_PER_LINK * rows.timers + LINK_WIDTH * Float64Array.BYTES_PER_ELEMENT + objects,
    session: rows.sessions,
    stream: rows.streams,
    ring: RING_BYTES,
    histogram: rows.histograms,
    busyPeers: sessions.countBusyPeers(),
  };
}
