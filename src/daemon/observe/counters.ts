/** The shared counters of the datapath, by name. */
import type { Counter, DropCounter } from '../../api/index.js';
import { DROP_HELP, DROP_NAMES } from '../../contract/drops.js';
import { INTERFACE_FIELDS, LINK_FIELDS, LINK_WIDTH, PEER_FIELDS, PEER_WIDTH } from '../../contract/stats.js';
import { HANDSHAKE_HELP, type HandshakeReason } from '../../handshake/reasons.js';
import type { PeerEntry } from '../interfaces/peer-entries.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';

/** Drops by reason, of the datapath and of handshakes: those above zero, or with `all` every one. */
export function dropCounters(runtime: InterfaceRuntime, all: boolean): Omit<DropCounter, 'example'>[] {
  const { drops } = runtime.datapath.stats;
  const datapath = DROP_NAMES.map((reason, index) => ({
    interface: runtime.name,
    reason: reason as string,
    count: drops[index],
    help: DROP_HELP[reason] as string,
  }));
  const handshakes = Object.entries(runtime.handshakes.counters).map(([reason, count]) => ({
    interface: runtime.name,
    reason: `handshake/${reason}`,
    count,
    help: HANDSHAKE_HELP[reason as HandshakeReason],
  }));
  return [...datapath, ...handshakes].filter((drop) => all || drop.count > 0);
}

/** Every counter of the interface as a whole. */
export function interfaceCounters(runtime: InterfaceRuntime): Counter[] {
  const { stats } = runtime.datapath;
  return INTERFACE_FIELDS.map((name, index) => counter(runtime, null, null, name, stats.interface[index]));
}

/** Every counter of a peer and of its links. */
export function peerCounters(runtime: InterfaceRuntime, peer: PeerEntry): Counter[] {
  const { stats } = runtime.datapath;
  const { name } = peer.config;
  const ofPeer = PEER_FIELDS.map((field, index) =>
    counter(runtime, name, null, field, stats.peers[peer.row * PEER_WIDTH + index]),
  );
  const ofLinks = [...peer.links.values()].flatMap((link) =>
    LINK_FIELDS.map((field, index) =>
      counter(runtime, name, link.config.id, field, stats.links[link.row * LINK_WIDTH + index]),
    ),
  );
  return [...ofPeer, ...ofLinks];
}

function counter(
  runtime: InterfaceRuntime,
  peer: string | null,
  link: number | null,
  name: string,
  value: number,
): Counter {
  return { interface: runtime.name, peer, link, name, value: Math.round(value) };
}
