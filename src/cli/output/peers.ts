/** Peers and links as text: listings of them, and a peer in detail. */
import type { LinkStatus, PeerStatus } from '../../api/index.js';
import { vlanWords } from '../../config/vlan-command.js';
import { dscpText } from '../../grammar/dscp.js';
import { bytes, duration, milliseconds, orDash, percent, plural, rate, speed } from './format.js';
import { loopTexts } from './loops.js';
import { type Column, foldLine, type Summary, type TableLayout, TEXT_WIDTH } from './table.js';

const PEER_COLUMNS: Column<PeerStatus>[] = [
  { title: 'Peer', cell: markedName, shrinkTo: 16 },
  { title: 'Interface', cell: (peer) => peer.interface },
  { title: 'State', cell: (peer) => peer.state },
  { title: 'Since', cell: (peer) => duration(peer.changedSecondsAgo), align: 'right' },
  { title: 'Policy', cell: (peer) => peer.policy, shrinkTo: 7 },
  { title: 'Up/Links', cell: (peer) => `${upOf(peer.links)}/${peer.links.length}`, align: 'right' },
  { title: 'Active', cell: (peer) => peer.activeLinks.join(',') || '-', shrinkTo: 6 },
  { title: 'Out/in Mbit/s', cell: ({ links }) => outAndIn(links), align: 'right', optional: true },
  { title: 'Last cause', cell: causeCell, shrinkTo: 8, folds: true },
];

/** What is amiss; in parentheses of a peer that is up and well, why it was last down. */
function causeCell({ state, cause, lastDownCause }: PeerStatus): string {
  if (cause !== null || state !== 'up' || lastDownCause === null) return orDash(cause);
  return `(${lastDownCause})`;
}

function outAndIn(links: readonly LinkStatus[]): string {
  const sum = (key: 'receivedBytesPerSecond' | 'sentBytesPerSecond'): number | null => {
    const known = links.map((link) => link[key]).filter((value) => value !== null);
    return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
  };
  return `${rate(sum('sentBytesPerSecond'))}/${rate(sum('receivedBytesPerSecond'))}`;
}

/** Marks those that a server has introduced. */
function markedName({ name, introducedBy }: PeerStatus): string {
  return introducedBy === null ? name : `${name} (direct)`;
}

function upOf(links: LinkStatus[]): number {
  return links.filter(({ state }) => state === 'up').length;
}

/** Below the list: how many are up, since when nothing has changed, and how much passes. */
class PeersSummary implements Summary<PeerStatus> {
  private peers = 0;
  private peersUp = 0;
  private links = 0;
  private linksUp = 0;
  private changedSecondsAgo: number | null = null;
  /** Bytes a second; null until a link has been measured. */
  private received: number | null = null;
  private sent: number | null = null;

  add(rows: readonly PeerStatus[]): void {
    this.peers += rows.length;
    for (const { state, links, changedSecondsAgo } of rows) {
      if (state === 'up') this.peersUp++;
      this.links += links.length;
      this.linksUp += upOf(links);
      this.noteChange(changedSecondsAgo);
      for (const link of links) {
        this.noteChange(link.changedSecondsAgo);
        this.received = added(this.received, link.receivedBytesPerSecond);
        this.sent = added(this.sent, link.sentBytesPerSecond);
      }
    }
  }

  private noteChange(secondsAgo: number | null): void {
    if (secondsAgo === null) return;
    this.changedSecondsAgo = Math.min(secondsAgo, this.changedSecondsAgo ?? secondsAgo);
  }

  lines(): string[] {
    const { peers, peersUp, links, linksUp, changedSecondsAgo, received, sent } = this;
    const since = changedSecondsAgo === null ? '' : `, no change for ${duration(changedSecondsAgo)}`;
    return [
      '',
      `${peersUp} of ${plural(peers, 'peer')} up, ${linksUp} of ${plural(links, 'link')} up${since}`,
      ...(received === null || sent === null ? [] : [`Out ${speed(sent)}, in ${speed(received)}`]),
    ];
  }
}

function added(sum: number | null, value: number | null): number | null {
  return value === null ? sum : (sum ?? 0) + value;
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
    `  Policy ${peer.policy}, carried by ${linksText(peer.activeLinks)}`,
    session === null
      ? '  No session'
      : `  Session established ${duration(session.establishedSecondsAgo)} ago, ${session.aead}, ${session.role}`,
    `  Last handshake ${peer.lastHandshakeSecondsAgo === null ? 'never' : `${duration(peer.lastHandshakeSecondsAgo)} ago`}`,
    `  Received ${plural(peer.rxFrames, 'frame')}, ${bytes(peer.rxBytes)}`,
    `  Sent ${plural(peer.txFrames, 'frame')}, ${bytes(peer.txBytes)}`,
    ...duplicateText(peer.duplicate),
    ...stormText(peer),
    ...loopTexts(peer.loops).map((text) => `  This peer ${text}`),
    ...(peer.splitHorizon === 0
      ? []
      : [`  Split horizon ${peer.splitHorizon === null ? 'off' : `group ${peer.splitHorizon}`}`]),
    ...(peer.vlan === null ? [] : [`  VLAN ${vlanWords(peer.vlan)}`]),
    `  Resend ring ${peer.resendRing}, reaches back ${peer.resendReachMs} ms`,
    '',
    ...peer.links.flatMap(linkText),
  ];
}

/** `link 0`, `links 0, 1`, `no link`. */
function linksText(links: readonly number[]): string {
  if (links.length === 0) return 'no link';
  return `link${links.length === 1 ? '' : 's'} ${links.join(', ')}`;
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

/** Why a link sends no runs. */
function gsoText({ gso, gsoLack }: LinkStatus): string {
  if (gso) return 'on';
  if (gsoLack === 'device') return 'off: refused by the device';
  return gsoLack === 'path' ? 'off: the path loses what is sent that way' : 'off';
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
    ...(link.gso === null ? [] : [`    UDP GSO ${gsoText(link)}`]),
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
  { title: 'In state', cell: (link) => duration(link.changedSecondsAgo), align: 'right' },
  { title: 'Prio', cell: (link) => String(link.priority), align: 'right', optional: true },
  { title: 'Local', cell: (link) => orDash(link.local), shrinkTo: 15, optional: true },
  { title: 'Remote', cell: remoteCell, shrinkTo: 15 },
  { title: 'Description', cell: (link) => link.description ?? '', shrinkTo: 12, optional: true },
];

export const LINKS_TABLE: TableLayout<LinkStatus> = {
  columns: LINK_COLUMNS,
  whenEmpty: 'No links.',
  footer: ['', '* carries data; loss and rate are out/in'],
};
