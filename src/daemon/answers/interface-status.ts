/** Status of interfaces, their drops and their counters. */
import type { Counter, DropCounter, InterfaceStatus } from '../../api/index.js';
import { effectiveInterface } from '../../config/defaults.js';
import type { InterfaceConfig, OffloadName } from '../../config/model.js';
import { DROP_HELP, DROP_NAMES } from '../../contract/drops.js';
import {
  INTERFACE,
  INTERFACE_FIELDS,
  LINK_FIELDS,
  LINK_WIDTH,
  PEER_FIELDS,
  PEER_WIDTH,
} from '../../contract/stats.js';
import { HANDSHAKE_HELP, type HandshakeReason } from '../../handshake/reasons.js';
import type { PeerEntry } from '../interfaces/peer-entries.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';

/** Status of a configured interface; `runtime` is null while it is shut down. */
export function interfaceStatus(
  config: InterfaceConfig,
  runtime: InterfaceRuntime | null,
  fault: string | null,
): InterfaceStatus {
  const effective = effectiveInterface(config);
  const counters = runtime?.datapath.stats.interface;
  const read = (field: number): number => counters?.[field] ?? 0;
  const peers = runtime === null ? [] : [...runtime.peers.values()];
  const links = peers.flatMap((peer) => [...peer.links.values()]);
  return {
    name: config.name,
    description: config.description ?? null,
    enabled: config.enabled,
    state: runtime?.datapath.alive ? 'up' : 'down',
    cause: runtime?.datapath.alive ? null : (fault ?? 'administratively down'),
    ifindex: runtime?.tap.ifindex ?? null,
    mtu: effective.mtu,
    mac: runtime?.mac ?? config.mac ?? null,
    addresses: config.addresses,
    bridge: config.bridge ?? null,
    publicKey: runtime?.publicKey ?? null,
    listenPort: effective.listenPort,
    aead: effective.aead,
    policy: effective.policy,
    workerAlive: runtime?.datapath.alive ?? false,
    offloads: { granted: grantedOffloads(runtime), forcedOff: config.disabledOffloads },
    rxFrames: read(INTERFACE.tapTxFrames),
    rxBytes: read(INTERFACE.tapTxBytes),
    txFrames: read(INTERFACE.tapRxFrames),
    txBytes: read(INTERFACE.tapRxBytes),
    drops: runtime === null ? 0 : dropCounters(runtime, false).reduce((sum, drop) => sum + drop.count, 0),
    resendBufferBytes: effective.resendBuffer << 20,
    resendAgeMs: effective.resendAge,
    peers: config.peers.length,
    peersUp: peers.filter((peer) => peer.up).length,
    links: config.peers.reduce((sum, peer) => sum + peer.links.length, 0),
    linksUp: links.filter((link) => link.state === 'up').length,
  };
}

/** Offloads in use: granted by the kernel and not forced off. */
export function grantedOffloads(runtime: InterfaceRuntime | null): OffloadName[] {
  if (runtime === null) return [];
  const { selfTest } = runtime;
  const { checksum, tso, uso } = runtime.tap.granted;
  const sockets = runtime.sockets.all();
  const off = new Set(runtime.config.disabledOffloads);
  const inUse: [OffloadName, boolean][] = [
    ['tap-checksum', checksum],
    ['tap-tso', tso],
    ['tap-uso', uso],
    ['udp-gso', runtime.gsoInUse && selfTest.gso !== 'fails' && !off.has('udp-gso')],
    ['udp-gro', sockets.every((socket) => socket.handle.gro) && !off.has('udp-gro')],
  ];
  return inUse.filter(([, used]) => used).map(([name]) => name);
}

/** Every reason that has counted, the datapath's and the handshakes'; all reasons with `all`. */
export function dropCounters(runtime: InterfaceRuntime, all: boolean): DropCounter[] {
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

/** Every number that the datapath keeps of an interface as a whole, named. */
export function interfaceCounters(runtime: InterfaceRuntime): Counter[] {
  const { stats } = runtime.datapath;
  return INTERFACE_FIELDS.map((name, index) => counter(runtime, null, null, name, stats.interface[index]));
}

/** Every number that the datapath keeps of a peer and its links, named. */
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
