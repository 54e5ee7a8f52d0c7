/** The daemon itself and the system it runs on. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { arch, release } from 'node:os';
import type { OffloadName } from '../../api/config.js';
import {
  type ClientLoad,
  type OffloadStatus,
  PROTOCOL_VERSION,
  type SystemInfo,
  type VersionInfo,
} from '../../api/index.js';
import { effectiveInterface } from '../../config/defaults.js';
import { admitsClients } from '../../config/templates.js';
import { INTERFACE } from '../../contract/stats.js';
import { UNPROVED_PER_SECOND } from '../../crypto/limits.js';
import { HANDSHAKE_RATE } from '../../crypto/rate-limit.js';
import type { Native } from '../../native/binding.js';
import { findAddon } from '../../native/find-addon.js';
import { AEAD } from '../../native/ops.js';
import { VERSION as WIRE_VERSION } from '../../wire/header.js';
import { openFilesLimit } from '../base/open-files.js';
import { manifest, version } from '../base/version.js';
import { formatEndpoint } from '../interfaces/addresses.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';
import { grantedOffloads } from './interface-status.js';
import { peerMemory } from './peer-memory.js';
import { seconds } from './peer-status.js';

/** Memory is not divided by fewer. */
const FEW = 100;
const OFFLOADS: readonly OffloadName[] = [
  'tap-checksum',
  'tap-tso',
  'tap-uso',
  'tap-tunnel',
  'udp-gso',
  'udp-gro',
];

export function versionInfo(hostname: string): VersionInfo {
  return {
    version,
    build: manifest.build ?? null,
    protocol: PROTOCOL_VERSION,
    wireVersion: WIRE_VERSION,
    addonSha256: addonHash(),
    hostname,
    node: process.version,
    openssl: process.versions.openssl,
    kernel: release(),
    architecture: arch(),
    uptimeSeconds: seconds(process.uptime() * 1e6),
  };
}

let addonSha256: string | undefined;

/** Of the file as it is at the first question: whatever upgrades it starts the daemon again. */
function addonHash(): string {
  addonSha256 ??= createHash('sha256').update(readFileSync(findAddon())).digest('hex');
  return addonSha256;
}

export async function systemInfo(
  native: Pick<Native, 'hasHardwareAes' | 'aeadLibrary'>,
  runtimes: readonly InterfaceRuntime[],
  clients: number,
): Promise<SystemInfo> {
  const memory = process.memoryUsage();
  const peers = runtimes.reduce((sum, runtime) => sum + runtime.peers.size, 0);
  return {
    uptimeSeconds: seconds(process.uptime() * 1e6),
    pid: process.pid,
    version,
    node: process.version,
    openssl: process.versions.openssl,
    kernel: release(),
    hardwareAes: native.hasHardwareAes(),
    aesLibrary: native.aeadLibrary(AEAD.AES_256_GCM),
    memoryRssBytes: memory.rss,
    memoryHeapBytes: memory.heapUsed,
    openFiles: (await readdir('/proc/self/fd')).length,
    openFilesLimit: openFilesLimit(),
    clients,
    peers,
    memoryBytesPerPeer: peers < FEW ? null : Math.round(memory.rss / peers),
    clientLoads: runtimes
      .filter(({ config }) => admitsClients(config))
      .map((runtime) => clientLoad(runtime, memory.rss)),
    peerMemory: (await Promise.all(runtimes.map(peerMemory))).flat(),
    workers: runtimes.map((runtime) => ({
      interface: runtime.name,
      alive: runtime.datapath.alive,
      scheduling: runtime.datapath.scheduling,
      workers: runtime.datapath.workers,
      tapQueues: runtime.tap.fds.length,
      latenessLastUs: Math.round(runtime.datapath.stats.interface[INTERFACE.latenessLastUs]),
      latenessMaxUs: Math.round(runtime.datapath.stats.interface[INTERFACE.latenessMaxUs]),
      batches: runtime.datapath.stats.interface[INTERFACE.wakeups],
    })),
    offloads: runtimes.flatMap(offloadStatus),
    sockets: runtimes.flatMap((runtime) =>
      runtime.sockets.all().map((socket) => ({
        interface: runtime.name,
        local: formatEndpoint(socket.address ?? (socket.family === 4 ? '0.0.0.0' : '::'), socket.handle.port),
        device: socket.device,
        receiveBufferBytes: socket.handle.receiveBuffer,
        sendBufferBytes: socket.handle.sendBuffer,
      })),
    ),
  };
}

function clientLoad({ name, clients, config, datapath }: InterfaceRuntime, resident: number): ClientLoad {
  const { present, residentBefore } = clients;
  return {
    interface: name,
    clientsKnown: clients.known,
    clientsPresent: clients.present,
    heartbeatsPerSecond: Math.round(clients.perSecond('heartbeats')),
    handshakeMessagesPerSecond: Math.round(clients.perSecond('handshakes')),
    unprovedHandshakesPerSecond: UNPROVED_PER_SECOND,
    handshakesPerSecondOfAddress: HANDSHAKE_RATE.perSecond,
    heartbeatBudget: effectiveInterface(config).heartbeatBudget,
    shortestIntervalMs: datapath.stats.interface[INTERFACE.pacedIntervalUs] / 1000 || null,
    residentBytesPerClient:
      residentBefore === null || present < FEW ? null : Math.round((resident - residentBefore) / present),
  };
}

function offloadStatus(runtime: InterfaceRuntime): OffloadStatus[] {
  const granted = new Set(grantedOffloads(runtime));
  return OFFLOADS.map((offload) => ({
    interface: runtime.name,
    offload,
    state: stateOf(runtime, granted, offload),
  }));
}

function stateOf(
  runtime: InterfaceRuntime,
  granted: ReadonlySet<OffloadName>,
  offload: OffloadName,
): OffloadStatus['state'] {
  if (runtime.config.disabledOffloads.includes(offload)) return 'forced off';
  if (offload === 'udp-gso' && runtime.selfTest.gso === 'fails') return 'self-test failed';
  if (offload === 'udp-gro' && runtime.selfTest.gro === 'fails') return 'self-test failed';
  return granted.has(offload) ? 'on' : 'refused by kernel';
}
