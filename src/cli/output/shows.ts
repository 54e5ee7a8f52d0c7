/** The text form of every object that `show` can print. */
import type {
  ClientLoad,
  Counter,
  DropCounter,
  DropExample,
  InterfaceStatus,
  LinkStatus,
  MacEntry,
  PeerStatus,
  PingResult,
  SystemInfo,
  VersionInfo,
} from '../../api/index.js';
import { dscpText } from '../../grammar/dscp.js';
import { bytes, duration, milliseconds, orDash, percent, plural, rate } from './format.js';
import { loopText } from './loops.js';
import { type Column, foldLine, type Summary, type TableLayout, TEXT_WIDTH, table } from './table.js';

export function versionText(info: VersionInfo): string[] {
  return [
    `Octolink ${info.version}, wire version ${info.wireVersion}, control protocol ${info.protocol}`,
    `Node ${info.node}, OpenSSL ${info.openssl}, Linux ${info.kernel} ${info.architecture}`,
    `${info.hostname} uptime is ${duration(info.uptimeSeconds)}`,
  ];
}

export function interfacesText(interfaces: InterfaceStatus[]): string[] {
  if (interfaces.length === 0) return ['No interfaces.'];
  return interfaces.flatMap((found) => [
    `${found.name} is ${stateOf(found)}`,
    ...(found.description === null ? [] : [`  Description: ${found.description}`]),
    `  MAC ${orDash(found.mac)}, MTU ${found.mtu} bytes, ifindex ${orDash(found.ifindex)}` +
      (found.bridge === null ? '' : `, bridge ${found.bridge}`),
    ...found.missing.flatMap((missing) => foldLine(`  Missing: ${missing}`, TEXT_WIDTH)),
    ...found.addresses.map((address) => `  Address ${address}`),
    `  Public key ${orDash(found.publicKey)}`,
    `  UDP port ${found.listenPort}, policy ${found.policy}, AEAD ${found.aead}`,
    `  Offloads: ${found.offloads.granted.join(' ') || 'none'}`,
    ...(found.offloads.forcedOff.length === 0 ? [] : [`  Forced off: ${found.offloads.forcedOff.join(' ')}`]),
    `  Peers ${found.peersUp} of ${found.peers} up, links ${found.linksUp} of ${found.links} up`,
    ...(found.bridge === null || found.reservedDropped === 0
      ? []
      : [
          `  Not forwarded to reserved groups: ${plural(found.reservedDropped, 'frame')}; see "forward reserved"`,
        ]),
    ...found.loops.map(({ peer, state }) => `  Peer ${peer} ${loopText(state)}`),
    ...(found.clientsKnown === null
      ? []
      : [`  Clients ${found.clientsPresent} present of ${found.clientsKnown} authorized`]),
    `  Received ${plural(found.rxFrames, 'frame')}, ${bytes(found.rxBytes)}`,
    `  Sent ${plural(found.txFrames, 'frame')}, ${bytes(found.txBytes)}; ${found.drops} dropped`,
    `  Resend buffer ${bytes(found.resendBufferBytes)} per peer, up to ${found.resendAgeMs} ms old`,
  ]);
}

const BRIEF_COLUMNS: Column<InterfaceStatus>[] = [
  { title: 'Interface', cell: (found) => found.name },
  { title: 'State', cell: (found) => (found.enabled ? found.state : 'shutdown') },
  { title: 'Peers up', cell: (found) => `${found.peersUp}/${found.peers}`, align: 'right' },
  { title: 'Links up', cell: (found) => `${found.linksUp}/${found.links}`, align: 'right' },
  { title: 'Policy', cell: (found) => found.policy },
  { title: 'Address', cell: (found) => found.addresses.join(' ') || '-', shrinkTo: 12 },
];

/** An interface a line. */
export function interfacesBriefText(interfaces: InterfaceStatus[]): string[] {
  return table(BRIEF_COLUMNS, interfaces, 'No interfaces.');
}

/** How many peers and links of each interface are up, and of all. */
export function peersSummaryText(interfaces: InterfaceStatus[]): string[] {
  const sum = (read: (found: InterfaceStatus) => number): number =>
    interfaces.reduce((total, found) => total + read(found), 0);
  const line = (name: string, peersUp: number, peers: number, linksUp: number, links: number): string =>
    `${name}: ${peersUp} of ${plural(peers, 'peer')} up, ${linksUp} of ${plural(links, 'link')} up`;
  return [
    ...interfaces.map((one) => line(one.name, one.peersUp, one.peers, one.linksUp, one.links)),
    ...(interfaces.length < 2
      ? []
      : [
          line(
            'All',
            sum((one) => one.peersUp),
            sum((one) => one.peers),
            sum((one) => one.linksUp),
            sum((one) => one.links),
          ),
        ]),
  ];
}

function stateOf(found: InterfaceStatus): string {
  if (!found.enabled) return 'shut down';
  if (!found.workerAlive) return 'down: the datapath has stopped';
  return found.state === 'up' ? 'up' : `down: ${found.cause ?? 'no reason given'}`;
}

const PEER_COLUMNS: Column<PeerStatus>[] = [
  { title: 'Peer', cell: markedName, shrinkTo: 16 },
  { title: 'Interface', cell: (peer) => peer.interface },
  { title: 'State', cell: (peer) => peer.state },
  { title: 'Since', cell: (peer) => duration(peer.changedSecondsAgo), align: 'right' },
  { title: 'Policy', cell: (peer) => peer.policy, shrinkTo: 7 },
  { title: 'Up/Links', cell: (peer) => `${upOf(peer.links)}/${peer.links.length}`, align: 'right' },
  { title: 'Active', cell: (peer) => peer.activeLinks.join(',') || '-', shrinkTo: 6 },
  { title: 'Cause', cell: (peer) => orDash(peer.cause), shrinkTo: 8, folds: true },
];

/** Marks those that a server has introduced. */
function markedName({ name, introducedBy }: PeerStatus): string {
  return introducedBy === null ? name : `${name} (direct)`;
}

function upOf(links: LinkStatus[]): number {
  return links.filter(({ state }) => state === 'up').length;
}

/** Below the list: how many are up. */
class PeersSummary implements Summary<PeerStatus> {
  private peers = 0;
  private peersUp = 0;
  private links = 0;
  private linksUp = 0;

  add(rows: readonly PeerStatus[]): void {
    this.peers += rows.length;
    for (const { state, links } of rows) {
      if (state === 'up') this.peersUp++;
      this.links += links.length;
      this.linksUp += upOf(links);
    }
  }

  lines(): string[] {
    const { peers, peersUp, links, linksUp } = this;
    return ['', `${peersUp} of ${plural(peers, 'peer')} up, ${linksUp} of ${plural(links, 'link')} up`];
  }
}

export const PEERS_TABLE: TableLayout<PeerStatus> = {
  columns: PEER_COLUMNS,
  whenEmpty: 'No peers.',
  summary: () => new PeersSummary(),
};

export function peerText(peer: PeerStatus): string[] {
  const { session } = peer;
  return [
    `Peer ${peer.name} on ${peer.interface} is ${peer.state}`,
    ...stateText(peer),
    ...(peer.description === null ? [] : [`  Description: ${peer.description}`]),
    `  Public key ${orDash(peer.publicKey)}`,
    ...(peer.introducedBy === null ? [] : [`  Introduced by ${peer.introducedBy}`]),
    `  Policy ${peer.policy}, active links ${peer.activeLinks.join(', ') || 'none'}`,
    session === null
      ? '  No session'
      : `  Session established ${duration(session.establishedSecondsAgo)} ago, ${session.aead}, ${session.role}`,
    `  Last handshake ${peer.lastHandshakeSecondsAgo === null ? 'never' : `${duration(peer.lastHandshakeSecondsAgo)} ago`}`,
    `  Received ${plural(peer.rxFrames, 'frame')}, ${bytes(peer.rxBytes)}`,
    `  Sent ${plural(peer.txFrames, 'frame')}, ${bytes(peer.txBytes)}`,
    ...duplicateText(peer.duplicate),
    ...stormText(peer),
    ...(peer.loop === null ? [] : [`  It ${loopText(peer.loop)}`]),
    ...(peer.splitHorizon === 0
      ? []
      : [`  Split horizon ${peer.splitHorizon === null ? 'off' : `group ${peer.splitHorizon}`}`]),
    `  Resend ring ${peer.resendRing}, reaches back ${peer.resendReachMs} ms`,
    '',
    ...peer.links.flatMap(linkText),
  ];
}

/** A line for each limit of storm control. */
function stormText({ stormControl, stormDrops }: PeerStatus): string[] {
  if (stormControl.length === 0) return [];
  const limits = stormControl.map(
    ({ traffic, rate, unit, isStorm }) =>
      `  Storm control ${traffic} ${rate} ${unit}${isStorm ? ': exceeded' : ''}`,
  );
  return [...limits, `  Storm control has dropped ${plural(stormDrops, 'frame')}`];
}

/** Since when it is up or down, why, and what to do. */
function stateText({ state, changedSecondsAgo, cause, advice }: PeerStatus): string[] {
  const word = state === 'up' ? 'Up' : 'Down';
  const why = cause === null ? '' : `: ${cause}`;
  return [
    ...(changedSecondsAgo === null && why === '' ? [] : [`  ${word}${since(changedSecondsAgo)}${why}`]),
    ...(advice === null ? [] : foldLine(`    ${advice}`, TEXT_WIDTH)),
  ];
}

function since(seconds: number | null): string {
  return seconds === null ? '' : ` for ${duration(seconds)}`;
}

function duplicateText({ smallBytes, control, dscp }: PeerStatus['duplicate']): string[] {
  const kinds = [
    ...(smallBytes > 0 ? [`frames up to ${smallBytes} bytes`] : []),
    ...(control ? ['ARP, ND and DHCP'] : []),
    ...(dscp.length > 0 ? [`DSCP ${dscp.join(', ')}`] : []),
  ];
  return kinds.length === 0 ? [] : [`  Sent over two links: ${kinds.join('; ')}`];
}

function marksText({ dscp, fwmark }: LinkStatus): string[] {
  const marks = [
    ...(dscp === 0 ? [] : [`DSCP ${dscpText(dscp)}`]),
    ...(fwmark === null ? [] : [`fwmark ${fwmark}`]),
  ];
  return marks.length === 0 ? [] : [`    Marked with ${marks.join(', ')}`];
}

function nameText({ remoteName }: LinkStatus): string[] {
  if (remoteName === null) return [];
  const { name, addresses, problem } = remoteName;
  const found = addresses.length === 0 ? (problem ?? 'being resolved') : addresses.join(', ');
  const late = addresses.length > 0 && problem !== null ? `; asked again: ${problem}` : '';
  return foldLine(`    Remote name ${name}: ${found}${late}`, TEXT_WIDTH);
}

/** `192.0.2.1:7700`, or `osaka.example (192.0.2.1)`. */
function remoteCell({ remote, remoteName }: LinkStatus): string {
  if (remoteName === null) return orDash(remote);
  const address = remote?.replace(/^\[?(.*?)\]?:\d+$/, '$1');
  return address === undefined ? remoteName.name : `${remoteName.name} (${address})`;
}

function linkText(link: LinkStatus): string[] {
  const damped = link.dampedSecondsLeft === null ? '' : `, ${Math.ceil(link.dampedSecondsLeft)} s left`;
  return [
    `  Link ${link.link} is ${link.state}${damped}${since(link.changedSecondsAgo)}${link.active ? ', active' : ''}`,
    ...(link.detail === null ? [] : foldLine(`    Last change: ${link.detail}`, TEXT_WIDTH)),
    ...(link.description === null ? [] : [`    Description: ${link.description}`]),
    `    Local ${orDash(link.local)}, remote ${orDash(link.remote)}${link.remoteLearned ? ' (learned)' : ''}`,
    ...nameText(link),
    `    Priority ${link.priority}, interval ${link.intervalMs} ms, hold ${link.holdMs} ms, MTU ${orDash(link.mtu)}`,
    ...marksText(link),
    ...(link.gso === null ? [] : [`    UDP GSO ${link.gso ? 'on' : 'off'}`]),
    ...(link.fec === null ? [] : [`    Forward error correction ${link.fec}`]),
    `    RTT last/min/smoothed ${milliseconds(link.rttLastUs)}/${milliseconds(link.rttMinUs)}/` +
      `${milliseconds(link.rttSmoothedUs)} ms, jitter ${milliseconds(link.jitterUs)} ms`,
    `    RTT of the last minute p50/p95/p99 ${milliseconds(link.rttP50Us)}/${milliseconds(link.rttP95Us)}/` +
      `${milliseconds(link.rttP99Us)} ms`,
    `    Loss out ${percent(link.lossOutPermille)} %, in ${percent(link.lossInPermille)} %; ` +
      plural(link.transitions, 'transition'),
    `    Sending ${rate(link.sentBytesPerSecond)} Mbit/s, of which ${rate(link.deliveredBytesPerSecond)} arrive; ` +
      `receiving ${rate(link.receivedBytesPerSecond)}`,
    ...(link.capacityBytesPerSecond === null
      ? []
      : [
          `    Path to the peer carries about ${rate(link.capacityBytesPerSecond)} Mbit/s, ` +
            `queue ${milliseconds(link.queueUs)} ms`,
        ]),
    `    Received ${plural(link.rxDatagrams, 'datagram')}, ${bytes(link.rxBytes)}; ` +
      `sent ${link.txDatagrams}, ${bytes(link.txBytes)}`,
  ];
}

/** A damped link also says for how long, and one that waits for what. */
function stateCell({ state, cause, dampedSecondsLeft }: LinkStatus): string {
  if (state === 'waiting' && cause !== null) return `${state}: ${cause}`;
  return dampedSecondsLeft === null ? state : `${state} ${Math.ceil(dampedSecondsLeft)}s`;
}

const LINK_COLUMNS: Column<LinkStatus>[] = [
  { title: 'Peer', cell: (link) => link.peer, shrinkTo: 8 },
  { title: 'Link', cell: (link) => String(link.link), align: 'right' },
  { title: 'State', cell: (link) => stateCell(link) + (link.active ? '*' : '') },
  { title: 'RTT ms', cell: (link) => milliseconds(link.rttSmoothedUs), align: 'right' },
  {
    title: 'Loss %',
    cell: (link) =>
      link.lossOutPermille === null && link.lossInPermille === null
        ? '-'
        : `${percent(link.lossOutPermille)}/${percent(link.lossInPermille)}`,
    align: 'right',
  },
  {
    title: 'Mbit/s',
    cell: (link) => `${rate(link.sentBytesPerSecond)}/${rate(link.receivedBytesPerSecond)}`,
    align: 'right',
  },
  { title: 'Changed', cell: (link) => duration(link.changedSecondsAgo) },
  { title: 'Remote', cell: remoteCell, shrinkTo: 15 },
];

export const LINKS_TABLE: TableLayout<LinkStatus> = {
  columns: LINK_COLUMNS,
  whenEmpty: 'No links.',
  footer: ['', '* carries data; loss and rate are out/in'],
};

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

const COUNTER_COLUMNS: Column<Counter>[] = [
  { title: 'Interface', cell: (counter) => counter.interface },
  { title: 'Peer', cell: (counter) => orDash(counter.peer), shrinkTo: 12 },
  { title: 'Link', cell: (counter) => orDash(counter.link), align: 'right' },
  { title: 'Counter', cell: (counter) => counter.name, shrinkTo: 20 },
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

const DROP_COLUMNS: Column<DropCounter>[] = [
  { title: 'Reason', cell: (drop) => drop.reason, shrinkTo: 20 },
  { title: 'Count', cell: (drop) => String(drop.count), align: 'right' },
  { title: '/s', cell: ({ perSecond }) => (perSecond === null ? '-' : perSecond.toFixed(1)), align: 'right' },
  { title: 'Last seen', cell: (drop) => duration(drop.lastSecondsAgo), align: 'right' },
  { title: 'Matters', cell: (drop) => (drop.normal ? 'no' : 'yes') },
  { title: 'Last from', cell: (drop) => drop.peer ?? orDash(drop.from), shrinkTo: 9 },
];

/** The reasons that matter first, the meaning of each below. */
export function dropsText(drops: DropCounter[]): string[] {
  const inOrder = [...drops].sort((a, b) => Number(a.normal) - Number(b.normal));
  const severalInterfaces = new Set(drops.map((drop) => drop.interface)).size > 1;
  const ofInterface: Column<DropCounter> = { title: 'Interface', cell: (drop) => drop.interface };
  const meanings = [...new Map(inOrder.map(({ reason, help }) => [reason, help]))];
  const examples = inOrder.flatMap(({ interface: name, reason, example }) =>
    example === null ? [] : foldLine(`  ${name} ${reason}, ${exampleText(example)}`, TEXT_WIDTH),
  );
  return [
    ...table(
      severalInterfaces ? [ofInterface, ...DROP_COLUMNS] : DROP_COLUMNS,
      inOrder,
      'Nothing was dropped.',
    ),
    ...(drops.length === 0 ? [] : ['']),
    ...meanings.flatMap(([reason, help]) => foldLine(`${reason}: ${help}`, TEXT_WIDTH)),
    ...(examples.length === 0 ? [] : ['', 'Last of each:', ...examples]),
  ];
}

/** `2.5 s ago, from peer osaka link 0 (192.0.2.1:7700): HEARTBEAT message, 61 bytes`. */
function exampleText({ secondsAgo, peer, link, direction, from, text, length }: DropExample): string {
  const way = direction === 'out' ? 'to' : 'from';
  const whose = peer === null ? (from === null ? '' : `, from ${from}`) : `, ${way} peer ${peer}`;
  const by = link === null ? '' : ` link ${link}`;
  const address = peer === null || from === null ? '' : ` (${from})`;
  return `${duration(secondsAgo)} ago${whose}${by}${address}: ${text === null ? '' : `${text}, `}${plural(length, 'byte')}`;
}

function clientLoadText(load: ClientLoad): string[] {
  const { shortestIntervalMs } = load;
  return [
    `Clients of ${load.interface}: ${load.clientsPresent} present of ${load.clientsKnown} authorized`,
    `  ${load.heartbeatsPerSecond} heartbeats/s of ${load.heartbeatBudget} budgeted, ${load.handshakeMessagesPerSecond} handshake messages/s`,
    ...(shortestIntervalMs === null
      ? []
      : [`  Asked to send heartbeats no more often than every ${shortestIntervalMs} ms`]),
  ];
}

export function systemText(info: SystemInfo): string[] {
  const limit = info.openFilesLimit === null ? '' : ` of ${info.openFilesLimit}`;
  return [
    `Octolink ${info.version}, process ${info.pid}, up ${duration(info.uptimeSeconds)}`,
    `Node ${info.node}, OpenSSL ${info.openssl}, Linux ${info.kernel}`,
    `AES in hardware: ${info.hardwareAes ? 'yes' : 'no'}`,
    `Memory ${bytes(info.memoryRssBytes)} resident, ${bytes(info.memoryHeapBytes)} heap; ` +
      `${info.openFiles}${limit} open files; ${plural(info.clients, 'control client')}`,
    ...(info.memoryBytesPerPeer === null
      ? []
      : [`${plural(info.peers, 'peer')}, ${bytes(info.memoryBytesPerPeer)} resident for each`]),
    ...info.clientLoads.flatMap(clientLoadText),
    '',
    ...table(
      [
        { title: 'Datapath', cell: (worker) => worker.interface },
        { title: 'State', cell: (worker) => (worker.alive ? 'running' : 'dead') },
        { title: 'Scheduling', cell: (worker) => worker.scheduling },
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
