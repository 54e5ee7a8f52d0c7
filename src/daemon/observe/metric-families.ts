/**
 * Metrics, made from the shared counters when they are asked for. Peers and links have their own series as far as
 * history is kept of them; the numbers of an interface count everything.
 */
import type { MetricFamily, MetricSample } from '../../api/index.js';
import { ALIVE_STATES } from '../../api/link-states.js';
import { INTERFACE_NAMES, LINK_NAMES, metricName, PEER_NAMES } from '../../contract/counter-names.js';
import { INTERFACE, LINK, LINK_WIDTH, PEER, PEER_WIDTH } from '../../contract/stats.js';
import { version } from '../base/version.js';
import type { LinkEntry, PeerEntry } from '../interfaces/peer-entries.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';
import { dropsByReason } from './counters.js';
import type { Expiries } from './expiries.js';
import type { Histories } from './link-histories.js';

type Labels = Record<string, string>;
type Type = MetricFamily['type'];

/** Type, help, counter or gauge, which has the name, and the factor from its unit to the metric's. */
type Row<Field extends string> = readonly [type: Type, help: string, field: Field, unit?: number];

const MICRO = 1e-6;

const OF_INTERFACE: readonly Row<keyof typeof INTERFACE>[] = [
  ['counter', 'Frames that came into the tunnel by the TAP', 'tapRxFrames'],
  ['counter', 'Bytes of these frames', 'tapRxBytes'],
  ['counter', 'Frames that left the tunnel by the TAP', 'tapTxFrames'],
  ['counter', 'Bytes of these frames', 'tapTxBytes'],
  ['counter', 'Datagrams sent to peers', 'txDatagrams'],
  ['counter', 'Datagrams received', 'rxDatagrams'],
  ['counter', 'Frames sent to all peers', 'floodedFrames'],
  ['counter', 'Multicast sent to several peers that asked for it', 'multicastFrames'],
  ['counter', 'Frames of peers sent on to other peers', 'forwardedFrames'],
  ['counter', 'Datagrams sent again when a link died, or because the peer asked for them', 'resentDatagrams'],
  ['counter', 'Datagrams handed on between peers', 'relayedDatagrams'],
  ['gauge', 'MAC addresses learned', 'macEntries'],
  ['counter', 'MAC addresses that were learned elsewhere before', 'macMoves'],
  ['gauge', 'Latest wake-up of the datapath since counters were cleared', 'latenessMaxUs', MICRO],
];

const OF_PEER: readonly Row<keyof typeof PEER>[] = [
  ['counter', 'Frames sent to the peer', 'txFrames'],
  ['counter', 'Bytes of these frames', 'txBytes'],
  ['counter', 'Frames received from the peer', 'rxFrames'],
  ['counter', 'Bytes of these frames', 'rxBytes'],
];

const OF_LINK: readonly Row<keyof typeof LINK>[] = [
  ['counter', 'Changes between up and not up', 'transitions'],
  ['counter', 'Datagrams sent by the link', 'txDatagrams'],
  ['counter', 'Bytes of these, without IP and UDP headers', 'txBytes'],
  ['counter', 'Datagrams accepted that came by the link', 'rxDatagrams'],
  ['counter', 'Bytes of these, without IP and UDP headers', 'rxBytes'],
  ['counter', 'Datagrams of which another copy had come before', 'rxCopies'],
  ['counter', 'Datagrams of this link that were sent again', 'resent'],
  ['counter', 'Datagrams too large for the device, sent in IP fragments', 'fragmented'],
  ['counter', 'Datagrams that the kernel refused to send', 'sendErrors'],
  ['counter', 'Bytes sent that the peer says arrived', 'deliveredOutBytes'],
  ['gauge', 'Mean deviation of the round-trip time, RFC 6298', 'jitterUs', MICRO],
  ['gauge', 'Largest IP packet of the link', 'mtu'],
];

/** Estimates: there when the capacity is known. */
const ESTIMATED: readonly Row<keyof typeof LINK>[] = [
  ['gauge', 'Estimate of what the path to the peer carries', 'capacityOutBps'],
  ['gauge', 'Estimate of the time a datagram waits on the way', 'queueOutUs', MICRO],
];

/** For each direction: datagrams sent, and how many of them arrived. */
const COUNTED_BY_BEATS = [
  ['out', 'dueOut', 'arrivedOut'],
  ['in', 'dueIn', 'arrivedIn'],
] as const;

const QUANTILES = [
  ['0.5', 'rttP50Us'],
  ['0.95', 'rttP95Us'],
  ['0.99', 'rttP99Us'],
] as const;

interface MetricsSource {
  runtimes: Iterable<InterfaceRuntime>;
  histories: Histories;
  expiries: Pick<Expiries, 'list'>;
  /** Absent: those of this process. */
  uptimeSeconds?: number;
  memoryRssBytes?: number;
}

/** All families, those without samples included. */
export function collectMetrics({
  runtimes,
  histories,
  expiries,
  uptimeSeconds = process.uptime(),
  memoryRssBytes = process.memoryUsage.rss(),
}: MetricsSource): MetricFamily[] {
  const found = new Families();
  found.add('build_info', 'gauge', 'Always 1; the version is a label', { version }, 1);
  found.add('uptime_seconds', 'gauge', 'Time since the daemon was started', {}, uptimeSeconds);
  found.add('memory_resident_bytes', 'gauge', 'Memory of the daemon', {}, memoryRssBytes);
  for (const { kind, interface: name, name: which, expiresMs } of expiries.list()) {
    const labels = { kind, interface: name, name: which };
    found.add(
      'expiry_timestamp_seconds',
      'gauge',
      'When it expires, since the epoch',
      labels,
      expiresMs / 1000,
    );
  }
  // A server has many more links than histories.
  let room = histories.size;
  for (const runtime of runtimes) {
    addInterface(found, runtime);
    for (const peer of runtime.peers.values()) {
      if (room <= 0) break;
      const observed = [...peer.links.values()].filter(
        (link) => histories.of(runtime.name, peer.config.name, link.config.id) !== undefined,
      );
      if (observed.length === 0) continue;
      addPeer(found, runtime, peer);
      for (const link of observed) addLink(found, runtime, peer, link);
      room -= observed.length;
    }
  }
  return found.all();
}

function addInterface(found: Families, runtime: InterfaceRuntime): void {
  const labels = { interface: runtime.name };
  const { datapath } = runtime;
  found.add('interface_up', 'gauge', '1 while its datapath runs', labels, datapath.alive ? 1 : 0);
  found.addRows(
    'interface_',
    INTERFACE_NAMES,
    OF_INTERFACE,
    labels,
    (field) => datapath.stats.interface[INTERFACE[field]],
  );
  for (const { reason, count } of dropsByReason(runtime)) {
    if (count === 0) continue;
    found.add('interface_drops_total', 'counter', 'What was dropped', { ...labels, reason }, count);
  }
  const { peers } = runtime;
  found.add('interface_peers', 'gauge', 'Peers configured', labels, peers.size);
  found.add('interface_peers_up', 'gauge', 'Peers that can be reached', labels, peers.up);
  addRegistry(found, runtime);
  for (const [state, count] of Object.entries(peers.links)) {
    found.add('interface_links', 'gauge', 'Links by state', { ...labels, state }, count);
  }
}

function addRegistry(found: Families, { name, members }: InterfaceRuntime): void {
  const { follower, list } = members.registry;
  if (follower === null) return;
  const labels = { interface: name };
  const { state, heardMs, failures } = follower.status;
  found.add(
    'registry_following',
    'gauge',
    '1 while the registry is followed',
    labels,
    state === 'following' ? 1 : 0,
  );
  found.add('registry_members', 'gauge', 'Members that are known by it', labels, list.size);
  found.add('registry_failures_total', 'counter', 'Requests or rounds that failed', labels, failures);
  if (heardMs === null) return;
  const help = 'When a server of the registry last answered';
  found.add('registry_heard_timestamp_seconds', 'gauge', help, labels, heardMs / 1000);
}

function addPeer(found: Families, runtime: InterfaceRuntime, peer: PeerEntry): void {
  const labels = { interface: runtime.name, peer: peer.config.name };
  const { peers } = runtime.datapath.stats;
  found.add('peer_up', 'gauge', '1 while the peer can be reached', labels, peer.up ? 1 : 0);
  found.addRows('peer_', PEER_NAMES, OF_PEER, labels, (field) => peers[peer.row * PEER_WIDTH + PEER[field]]);
}

function addLink(found: Families, runtime: InterfaceRuntime, peer: PeerEntry, link: LinkEntry): void {
  const labels = { interface: runtime.name, peer: peer.config.name, link: String(link.config.id) };
  const { links } = runtime.datapath.stats;
  const read = (field: keyof typeof LINK): number => links[link.row * LINK_WIDTH + LINK[field]];
  const works = ALIVE_STATES.has(link.state);
  found.add('link_up', 'gauge', '1 while the link can carry frames', labels, works ? 1 : 0);
  found.addRows('link_', LINK_NAMES, OF_LINK, labels, read);
  if (works && read('capacityOutBps') > 0) found.addRows('link_', LINK_NAMES, ESTIMATED, labels, read);
  for (const [direction, due, arrived] of COUNTED_BY_BEATS) {
    const help = 'Datagrams sent by the link; out: toward the peer';
    found.add('link_due_datagrams_total', 'counter', help, { ...labels, direction }, read(due));
    const helpArrived = 'How many of the due datagrams arrived';
    found.add(
      'link_arrived_datagrams_total',
      'counter',
      helpArrived,
      { ...labels, direction },
      read(arrived),
    );
  }
  if (read('rttSamples') === 0) return;
  const help = 'Round-trip time; quantiles of the last 30 to 60 seconds';
  for (const [quantile, field] of QUANTILES) {
    found.add('link_rtt_seconds', 'summary', help, { ...labels, quantile }, read(field) * MICRO);
  }
  found.add('link_rtt_seconds', 'summary', help, labels, read('rttSumUs') * MICRO, '_sum');
  found.add('link_rtt_seconds', 'summary', help, labels, read('rttSamples'), '_count');
}

/** Families in the order of their first sample. */
class Families {
  private readonly byName = new Map<string, MetricFamily>();

  add(
    name: string,
    type: Type,
    help: string,
    labels: Labels,
    value: number,
    suffix: MetricSample['suffix'] = '',
  ): void {
    let family = this.byName.get(name);
    if (family === undefined) {
      family = { name: `octolink_${name}`, type, help, samples: [] };
      this.byName.set(name, family);
    }
    family.samples.push({ suffix, labels, value });
  }

  addRows<Field extends string>(
    prefix: string,
    names: Readonly<Record<Field, string>>,
    rows: readonly Row<Field>[],
    labels: Labels,
    read: (field: Field) => number,
  ): void {
    for (const [type, help, field, unit = 1] of rows) {
      this.add(prefix + metricName(names[field], type), type, help, labels, read(field) * unit);
    }
  }

  all(): MetricFamily[] {
    return [...this.byName.values()];
  }
}
