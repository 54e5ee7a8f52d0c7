/** Status of interfaces. */

import type { InterfaceConfig, OffloadName } from '../../api/config.js';
import type { InterfaceRate, InterfaceStatus } from '../../api/index.js';
import { effectiveInterface } from '../../config/defaults.js';
import { admitsClients } from '../../config/templates.js';
import { DROP } from '../../contract/drops.js';
import { INTERFACE } from '../../contract/stats.js';
import { INTERFACE_CAUSE } from '../base/causes.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';
import { hasOtherMtu } from '../interfaces/tap-mtu.js';
import { dropsThatMatter } from '../observe/counters.js';
import { grantsGso } from './gso.js';

/** Peers that are named where many may have one fault. */
const MOST_EXAMPLES = 10;

/** Status of a configured interface; `runtime` is null while it is shut down. */
export function interfaceStatus(
  config: InterfaceConfig,
  runtime: InterfaceRuntime | null,
  fault: string | null,
  rates: InterfaceRate[],
): InterfaceStatus {
  const effective = effectiveInterface(config);
  const counters = runtime?.datapath.stats.interface;
  const read = (field: number): number => counters?.[field] ?? 0;
  const configuredLinks = config.peers.reduce((sum, peer) => sum + peer.links.length, 0);
  const present = runtime === null ? { links: configuredLinks, peersUp: 0, linksUp: 0 } : countsOf(runtime);
  return {
    name: config.name,
    description: config.description ?? null,
    enabled: config.enabled,
    state: runtime?.datapath.alive ? 'up' : 'down',
    cause: runtime?.datapath.alive ? null : (fault ?? downCause(config)),
    ifindex: runtime?.tap.ifindex ?? null,
    mtu: effective.mtu,
    mac: runtime?.tap.mac ?? config.mac ?? null,
    addresses: config.addresses,
    bridge: config.bridge ?? null,
    missing: runtime?.missing ?? [],
    publicKey: runtime?.publicKey ?? null,
    listenPort: effective.listenPort,
    aead: effective.aead,
    policy: effective.policy,
    reservedDropped: runtime?.datapath.stats.drops[DROP['reserved-group']] ?? 0,
    loops: runtime === null ? [] : loopsOf(runtime),
    otherMtus: runtime === null ? [] : otherMtusOf(runtime, effective.mtu),
    workerAlive: runtime?.datapath.alive ?? false,
    workers: runtime?.datapath.alive ? runtime.datapath.workers : 0,
    tapQueues: runtime?.datapath.alive ? runtime.tap.fds.length : 0,
    offloads: { granted: grantedOffloads(runtime), forcedOff: config.disabledOffloads },
    rxFrames: read(INTERFACE.tapTxFrames),
    rxBytes: read(INTERFACE.tapTxBytes),
    txFrames: read(INTERFACE.tapRxFrames),
    txBytes: read(INTERFACE.tapRxBytes),
    rates: runtime === null ? [] : rates,
    drops: runtime === null ? 0 : dropsThatMatter(runtime),
    resendBufferBytes: effective.resendBuffer << 20,
    resendAgeMs: effective.resendAge,
    peers: runtime?.peers.size ?? config.peers.length,
    ...present,
    clientsKnown: !admitsClients(config) ? null : (runtime?.clients.known ?? 0),
    clientsPresent: !admitsClients(config) ? null : (runtime?.clients.present ?? 0),
  };
}

/** The first peers whose TAP has another MTU than ours. */
function otherMtusOf({ peers }: InterfaceRuntime, mtu: number): InterfaceStatus['otherMtus'] {
  const others: InterfaceStatus['otherMtus'] = [];
  for (const peer of peers.values()) {
    if (hasOtherMtu(peer, mtu)) others.push({ peer: peer.config.name, mtu: peer.tapMtu });
    if (others.length === MOST_EXAMPLES) break;
  }
  return others;
}

function loopsOf({ peers }: InterfaceRuntime): InterfaceStatus['loops'] {
  return [...peers.loops.rows()].flatMap((row) => {
    const peer = peers.atRow(row)?.config.name;
    return peer === undefined ? [] : peers.loops.of(row).map((loop) => ({ peer, ...loop }));
  });
}

function countsOf({ peers }: InterfaceRuntime): { links: number; peersUp: number; linksUp: number } {
  const links = Object.values(peers.links).reduce((sum, count) => sum + count, 0);
  return { links, peersUp: peers.up, linksUp: peers.links.up };
}

/** Why an interface that has not failed is down. */
export function downCause({ enabled }: InterfaceConfig): string {
  return enabled ? INTERFACE_CAUSE.notStarted : INTERFACE_CAUSE.shutdown;
}

/** Offloads in use: granted by the kernel and not forced off. */
export function grantedOffloads(runtime: InterfaceRuntime | null): OffloadName[] {
  if (runtime === null) return [];
  const { checksum, tso, uso, tunnel } = runtime.tap.granted;
  const sockets = runtime.sockets.all();
  const off = new Set(runtime.config.disabledOffloads);
  const inUse: [OffloadName, boolean][] = [
    ['tap-checksum', checksum],
    ['tap-tso', tso],
    ['tap-uso', uso],
    ['tap-tunnel', tunnel],
    ['udp-gso', grantsGso(runtime)],
    ['udp-gro', sockets.every((socket) => socket.handle.gro) && !off.has('udp-gro')],
  ];
  return inUse.filter(([, used]) => used).map(([name]) => name);
}
