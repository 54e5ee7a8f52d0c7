/** Which way each flow of a peer takes under the policy `adaptive`, and why. Decides nothing itself. */

import type { FlowExplanation, FlowsExplanation } from '../../contract/answers.js';
import type { Tables } from '../../state/tables.js';
import { MAX_LINKS } from '../../wire/header.js';
import { FLOW, type FlowTable } from './flows.js';
import type { Lanes } from './lanes.js';

/** Flows silent for longer are left out; µs. */
const RECENT_US = 60_000_000;

export function explainFlows(
  { peers, links }: Tables,
  table: FlowTable,
  lanes: Lanes,
  peer: number,
  now: number,
): FlowsExplanation {
  const flows: FlowExplanation[] = [];
  table.eachOf(peer, now, RECENT_US, (entry, key) => {
    const pinned =
      table.bulk[entry] === 0 && table.link[entry] >= 0 ? table.link[entry] : peers.activeLink[peer];
    flows.push({
      source: [...key.subarray(FLOW.SOURCE, FLOW.SOURCE + 4)],
      destination: [...key.subarray(FLOW.DESTINATION, FLOW.DESTINATION + 4)],
      etherType: key[FLOW.KIND] >>> 8,
      protocol: key[FLOW.KIND] & 0xff,
      sourcePort: key[FLOW.PORTS] >>> 16,
      destinationPort: key[FLOW.PORTS] & 0xffff,
      link: table.bulk[entry] === 1 || pinned < 0 ? null : links.id[pinned],
      bytesPerSecond: Math.round(table.rate(entry, now)),
      seenUsAgo: Math.max(0, now - table.lastSeen[entry]),
    });
  });
  flows.sort((a, b) => b.bytesPerSecond - a.bytesPerSecond);
  const carriers = lanes.carriers(peer, now);
  const ids = [...Array(MAX_LINKS).keys()];
  return { lane: ids.filter((id) => (carriers & (1 << id)) !== 0), flows };
}
