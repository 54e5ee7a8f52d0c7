/** Interfaces as text: in full, and one on each line. */
import type { InterfaceRate, InterfaceStatus } from '../../api/index.js';
import { bytes, orDash, plural, speed } from './format.js';
import { loopTexts } from './loops.js';
import { type Column, foldLine, TEXT_WIDTH, table } from './table.js';

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
    ...(found.workers > 1 ? [`  Workers ${found.workers}, TAP queues ${found.tapQueues}`] : []),
    `  Offloads: ${found.offloads.granted.join(' ') || 'none'}`,
    ...(found.offloads.forcedOff.length === 0 ? [] : [`  Forced off: ${found.offloads.forcedOff.join(' ')}`]),
    `  Peers ${found.peersUp} of ${found.peers} up, links ${found.linksUp} of ${found.links} up`,
    ...(found.bridge === null || found.reservedDropped === 0
      ? []
      : [
          `  Not forwarded to reserved groups: ${plural(found.reservedDropped, 'frame')}; see "forward reserved"`,
        ]),
    ...loopsText(found.loops),
    ...found.otherMtus.map(({ peer, mtu }) => `  Peer ${peer} has MTU ${mtu}: all ends need the same`),
    ...(found.clientsKnown === null
      ? []
      : [`  Clients ${found.clientsPresent} present of ${found.clientsKnown} authorized`]),
    `  Received from peers: ${plural(found.rxFrames, 'frame')}, ${bytes(found.rxBytes)}`,
    ...ratesText(found.rates, 'rx'),
    `  Sent to peers: ${plural(found.txFrames, 'frame')}, ${bytes(found.txBytes)}`,
    ...ratesText(found.rates, 'tx'),
    `  Dropped: ${found.drops}${found.drops === 0 ? '' : '; "show drops" says why'}`,
    `  Resend buffer ${bytes(found.resendBufferBytes)} per peer, up to ${found.resendAgeMs} ms old`,
  ]);
}

/** `    5 s 12.3 Mbit/s, 1020 frames/s; 5 min 3.20 Mbit/s, 310 frames/s`. */
function ratesText(rates: readonly InterfaceRate[], way: 'rx' | 'tx'): string[] {
  const texts = rates.map((rate) => {
    const span = rate.seconds === 5 ? '5 s' : '5 min';
    return `${span} ${speed(rate[`${way}BytesPerSecond`])}, ${rate[`${way}FramesPerSecond`]} frames/s`;
  });
  return texts.length === 0 ? [] : [`    ${texts.join('; ')}`];
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

function loopsText(loops: InterfaceStatus['loops']): string[] {
  const peers = new Set(loops.map(({ peer }) => peer));
  return [...peers].flatMap((peer) =>
    loopTexts(loops.filter((loop) => loop.peer === peer)).map((text) => `  Peer ${peer} ${text}`),
  );
}
