/** The shared counters of the datapath, by name. */
import type { Counter, DropCounter } from '../../api/index.js';
import { INTERFACE_NAMES, LINK_NAMES, PEER_NAMES } from '../../contract/counter-names.js';
import { COPY_DROPS, DROP_HELP, DROP_NAMES, NORMAL_DROPS } from '../../contract/drops.js';
import { INTERFACE_FIELDS, LINK_FIELDS, LINK_WIDTH, PEER_FIELDS, PEER_WIDTH } from '../../contract/stats.js';
import { HANDSHAKE_HELP, type HandshakeReason, NORMAL_HANDSHAKES } from '../../handshake/reasons.js';
import { BANDWIDTH_HELP, type BandwidthReason } from '../interfaces/bandwidth-tests.js';
import { MEMBER_HELP, type MemberReason, NORMAL_MEMBERS } from '../interfaces/member-refusals.js';
import type { PeerEntry } from '../interfaces/peer-entries.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';
import { dropCounts } from './drop-watch.js';

interface DropCount extends Pick<DropCounter, 'reason' | 'count' | 'help' | 'normal'> {
  /** Only the second copy of what had arrived. */
  isCopy: boolean;
}

/** How often each reason to drop has counted, of the datapath, of handshakes, of members and of bandwidth tests; in the order of `dropCounts`. */
export function dropsByReason(runtime: InterfaceRuntime): DropCount[] {
  const counts = dropCounts(runtime);
  const datapath = DROP_NAMES.map((reason) => ({
    reason: reason as string,
    help: DROP_HELP[reason] as string,
    normal: NORMAL_DROPS.has(reason),
    isCopy: COPY_DROPS.has(reason),
  }));
  const handshakes = (Object.keys(runtime.handshakes.counters) as HandshakeReason[]).map((reason) => ({
    reason: `handshake/${reason}`,
    help: HANDSHAKE_HELP[reason],
    normal: NORMAL_HANDSHAKES.has(reason),
    isCopy: reason === 'handshake-duplicate',
  }));
  const members = (Object.keys(runtime.members.refusals.counters) as MemberReason[]).map((reason) => ({
    reason: `member/${reason}`,
    help: MEMBER_HELP[reason],
    normal: NORMAL_MEMBERS.has(reason),
    isCopy: false,
  }));
  const tests = (Object.keys(runtime.bandwidth.refused) as BandwidthReason[]).map((reason) => ({
    reason: `bandwidth-test/${reason}`,
    help: BANDWIDTH_HELP[reason],
    normal: true,
    isCopy: false,
  }));
  return [...datapath, ...handshakes, ...members, ...tests].map((drop, index) => ({
    ...drop,
    count: counts[index],
  }));
}

/** Drops by which something may have been lost, or that show a fault. */
export function dropsThatMatter(runtime: InterfaceRuntime): number {
  return dropsByReason(runtime).reduce((sum, { normal, count }) => sum + (normal ? 0 : count), 0);
}

/** Every counter of the interface as a whole. */
export function interfaceCounters({ name, datapath }: InterfaceRuntime): Counter[] {
  const whole = { interface: name, peer: null, link: null };
  return INTERFACE_FIELDS.map((field, index) => ({
    ...whole,
    name: field,
    counter: INTERFACE_NAMES[field],
    value: Math.round(datapath.stats.interface[index]),
  }));
}

/** Every counter of a peer and of its links. */
export function peerCounters(runtime: InterfaceRuntime, peer: PeerEntry): Counter[] {
  const { stats } = runtime.datapath;
  const ofPeer = { interface: runtime.name, peer: peer.config.name };
  const peerRows = PEER_FIELDS.map((field, index) => ({
    ...ofPeer,
    link: null,
    name: field,
    counter: PEER_NAMES[field],
    value: Math.round(stats.peers[peer.row * PEER_WIDTH + index]),
  }));
  const linkRows = [...peer.links.values()].flatMap((link) =>
    LINK_FIELDS.map((field, index) => ({
      ...ofPeer,
      link: link.config.id,
      name: field,
      counter: LINK_NAMES[field],
      value: Math.round(stats.links[link.row * LINK_WIDTH + index]),
    })),
  );
  return [...peerRows, ...linkRows];
}
