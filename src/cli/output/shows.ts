/** The text form of what `show` prints of the daemon, of counters and of MAC addresses. */
import type {
  ClientLoad,
  Counter,
  MacCount,
  MacEntry,
  MacsCleared,
  PeerMemory,
  PingResult,
  SystemInfo,
  VersionInfo,
} from '../../api/index.js';
import { bytes, duration, milliseconds, orDash, plural } from './format.js';
import { type Column, type TableLayout, table } from './table.js';

export function versionText(info: VersionInfo): string[] {
  return [
    `Octolink ${info.version}, wire version ${info.wireVersion}, control protocol ${info.protocol}`,
    ...(info.build
      ? [`Packed as ${info.build.package}, commit ${info.build.commit} of ${info.build.date}`]
      : []),
    `Node ${info.node}, OpenSSL ${info.openssl}, Linux ${info.kernel} ${info.architecture}`,
    `Native addon ${info.addonSha256.slice(0, 12)} (SHA-256)`,
    `${info.hostname} uptime is ${duration(info.uptimeSeconds)}`,
  ];
}

const MAC_COLUMNS: Column<MacEntry>[] = [
  { title: 'MAC address', cell: (entry) => entry.mac },
  { title: 'VLAN', cell: (entry) => (entry.vlan === 0 ? '-' : String(entry.vlan)), align: 'right' },
  { title: 'Interface', cell: (entry) => entry.interface },
  { title: 'Peer', cell: (entry) => entry.peer ?? '(this host)', shrinkTo: 12 },
  { title: 'Age', cell: (entry) => (entry.static ? 'static' : duration(entry.ageSeconds)) },
];

export const MAC_TABLE: TableLayout<MacEntry> = {
  columns: MAC_COLUMNS,
  whenEmpty: 'The MAC table is empty.',
};

export function macCountText(counts: MacCount[]): string[] {
  if (counts.length === 0) return ['No interfaces.'];
  return counts.map(
    ({ interface: name, count, limit }) => `${name}: ${plural(count, 'MAC')}, room for ${limit}`,
  );
}

export function macsClearedText(cleared: MacsCleared[]): string[] {
  if (cleared.length === 0) return ['No interfaces.'];
  return cleared.map(({ interface: name, removed }) => `${name}: ${plural(removed, 'MAC')} removed`);
}

const COUNTER_COLUMNS: Column<Counter>[] = [
  { title: 'Interface', cell: (counter) => counter.interface },
  { title: 'Peer', cell: (counter) => orDash(counter.peer), shrinkTo: 12 },
  { title: 'Link', cell: (counter) => orDash(counter.link), align: 'right' },
  { title: 'Counter', cell: ({ counter }) => counter, shrinkTo: 20 },
  { title: 'Value', cell: (counter) => String(counter.value), align: 'right' },
];

export const COUNTERS_TABLE: TableLayout<Counter> = { columns: COUNTER_COLUMNS, whenEmpty: 'No counters.' };

/** What counters have grown by within some seconds; null: there was nothing to compare with yet. */
export function counterDeltaTable(seconds: number | null): TableLayout<Counter> {
  if (seconds === null) {
    return { columns: COUNTER_COLUMNS, whenEmpty: 'Counters noted: ask again for what they have grown by.' };
  }
  const within = `${seconds.toFixed(1)} s`;
  return {
    columns: COUNTER_COLUMNS,
    whenEmpty: `No counter has grown within ${within}.`,
    footer: ['', `Growth within ${within}`],
  };
}

function clientLoadText(load: ClientLoad): string[] {
  const { shortestIntervalMs, residentBytesPerClient } = load;
  return [
    `Clients of ${load.interface}: ${load.clientsPresent} present of ${load.clientsKnown} authorized`,
    `  ${load.heartbeatsPerSecond} heartbeats/s of ${load.heartbeatBudget} budgeted, ${load.handshakeMessagesPerSecond} handshake messages/s`,
    `  From ${load.unprovedHandshakesPerSecond} initiations/s on, addresses are to be proved and begin ${load.handshakesPerSecondOfAddress} handshakes/s each`,
    ...(shortestIntervalMs === null
      ? []
      : [`  Asked to send heartbeats no more often than every ${shortestIntervalMs} ms`]),
    ...(residentBytesPerClient === null
      ? []
      : [`  ${bytes(residentBytesPerClient)} resident for each present`]),
  ];
}

const PEER_MEMORY_COLUMNS: Column<PeerMemory>[] = [
  { title: 'Interface', cell: (memory) => memory.interface },
  { title: 'Peers', cell: (memory) => memory.state },
  { title: 'Count', cell: (memory) => String(memory.peers), align: 'right' },
  { title: 'Bytes each', cell: (memory) => String(memory.bytesEach), align: 'right' },
  { title: 'Rows', cell: (memory) => String(memory.rowBytes), align: 'right' },
  { title: 'Objects', cell: (memory) => String(memory.objectBytes), align: 'right' },
  { title: 'Keys', cell: (memory) => String(memory.keyBytes), align: 'right' },
];

export function systemText(info: SystemInfo): string[] {
  const limit = info.openFilesLimit === null ? '' : ` of ${info.openFilesLimit}`;
  return [
    `Octolink ${info.version}, process ${info.pid}, up ${duration(info.uptimeSeconds)}`,
    `Node ${info.node}, OpenSSL ${info.openssl}, Linux ${info.kernel}`,
    `AES in hardware: ${info.hardwareAes ? 'yes' : 'no'}; AES-256-GCM by ${info.aesLibrary}`,
    `Memory ${bytes(info.memoryRssBytes)} resident, ${bytes(info.memoryHeapBytes)} heap; ` +
      `${info.openFiles}${limit} open files; ${plural(info.clients, 'control client')}`,
    ...(info.memoryBytesPerPeer === null
      ? []
      : [`${plural(info.peers, 'peer')}, ${bytes(info.memoryBytesPerPeer)} resident for each`]),
    ...info.clientLoads.flatMap(clientLoadText),
    ...(info.peerMemory.length === 0 ? [] : ['', ...table(PEER_MEMORY_COLUMNS, info.peerMemory, '')]),
    '',
    ...table(
      [
        { title: 'Datapath', cell: (worker) => worker.interface },
        { title: 'State', cell: (worker) => (worker.alive ? 'running' : 'dead') },
        { title: 'Scheduling', cell: (worker) => worker.scheduling },
        { title: 'Workers', cell: (worker) => String(worker.workers), align: 'right' },
        { title: 'TAP queues', cell: (worker) => String(worker.tapQueues), align: 'right' },
        {
          title: 'Late last/max us',
          cell: (w) => `${orDash(w.latenessLastUs)}/${orDash(w.latenessMaxUs)}`,
          align: 'right',
        },
        { title: 'Batches', cell: (worker) => String(worker.batches), align: 'right' },
      ],
      info.workers,
      'No datapath is running.',
    ),
    '',
    ...table(
      [
        { title: 'Interface', cell: (offload) => offload.interface },
        { title: 'Offload', cell: (offload) => offload.offload },
        { title: 'State', cell: (offload) => offload.state },
      ],
      info.offloads,
      'No offloads.',
    ),
    '',
    ...table(
      [
        { title: 'Interface', cell: (socket) => socket.interface },
        { title: 'Socket', cell: (socket) => socket.local, shrinkTo: 24 },
        { title: 'Device', cell: (socket) => orDash(socket.device) },
        { title: 'Rx buffer', cell: (socket) => bytes(socket.receiveBufferBytes), align: 'right' },
        { title: 'Tx buffer', cell: (socket) => bytes(socket.sendBufferBytes), align: 'right' },
      ],
      info.sockets,
      'No sockets.',
    ),
  ];
}

export function pingText(result: PingResult): string[] {
  const lost = result.sent === 0 ? 0 : (100 * (result.sent - result.received)) / result.sent;
  return [
    ...result.probes.map(({ sequence, link, rttUs }) =>
      rttUs === null
        ? `${result.peer}: probe ${sequence} timed out`
        : `${result.peer}: probe ${sequence} link ${orDash(link)} time ${milliseconds(rttUs)} ms`,
    ),
    `${result.sent} sent, ${result.received} received, ${lost.toFixed(0)} % lost`,
    ...(result.received === 0
      ? []
      : [
          `round trip min/mean/max ${milliseconds(result.rttMinUs)}/${milliseconds(result.rttMeanUs)}/` +
            `${milliseconds(result.rttMaxUs)} ms`,
        ]),
  ];
}
