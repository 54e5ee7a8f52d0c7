/** What the fake daemon says of interfaces, peers, links and their past. */

import type { InterfaceConfig, LinkConfig, PeerConfig } from '../../src/api/config.js';
import type {
  InterfaceRate,
  InterfaceStatus,
  LinkHistory,
  LinkStatus,
  Page,
  PageParams,
  PeerMtu,
  PeerStatus,
} from '../../src/api/index.js';
import {
  effectiveInterface,
  effectiveLink,
  effectivePolicy,
  effectiveSplitHorizon,
} from '../../src/config/defaults.js';

export const RATES: InterfaceRate[] = [
  {
    seconds: 5,
    rxFramesPerSecond: 1020,
    rxBytesPerSecond: 1_500_000,
    txFramesPerSecond: 0,
    txBytesPerSecond: 0,
  },
  {
    seconds: 300,
    rxFramesPerSecond: 310,
    rxBytesPerSecond: 400_000,
    txFramesPerSecond: 1,
    txBytesPerSecond: 125,
  },
];

/** An interface that runs as configured. */
export function interfaceStatus(found: InterfaceConfig): InterfaceStatus {
  const { mtu, listenPort, aead, policy } = effectiveInterface(found);
  return {
    name: found.name,
    description: found.description ?? null,
    enabled: found.enabled,
    state: found.enabled ? 'up' : 'down',
    cause: found.enabled ? null : 'shut down',
    ifindex: 7,
    mtu,
    mac: found.mac ?? '02:00:00:00:00:01',
    addresses: found.addresses,
    bridge: found.bridge ?? null,
    missing: [],
    publicKey: 'hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=',
    listenPort,
    aead,
    policy,
    loops: [],
    otherMtus: [],
    reservedDropped: 0,
    workerAlive: true,
    workers: 1,
    tapQueues: 1,
    offloads: { granted: ['tap-checksum', 'tap-tso'], forcedOff: found.disabledOffloads },
    rxFrames: 1,
    rxBytes: 1500,
    txFrames: 20,
    txBytes: 30000,
    rates: RATES,
    drops: 3,
    resendBufferBytes: 16 << 20,
    resendAgeMs: 2000,
    peers: found.peers.length,
    peersUp: found.peers.length,
    links: found.peers.flatMap(({ links }) => links).length,
    clientsKnown: null,
    clientsPresent: null,
    linksUp: 0,
  };
}

/** A minute and a half of a link that was down for a while, or as many minutes of it. */
export function linkHistory(
  { interface: name, peer, link }: LinkStatus,
  step: 'seconds' | 'minutes',
): LinkHistory {
  const isDown = (index: number): boolean => index >= 40 && index < 50;
  const series = (number: (index: number) => number | null): (number | null)[] =>
    Array.from({ length: 90 }, (_, index) => number(index));
  const values: LinkHistory['values'] = {
    downPermille: series((index) => (isDown(index) ? 1000 : 0)),
    rttUs: series((index) => (isDown(index) ? null : 500 + index)),
    jitterUs: series((index) => (isDown(index) ? null : 12)),
    lossOutPermille: series((index) => (index === 39 ? 120 : 0)),
    lossInPermille: series(() => 0),
    sentBytesPerSecond: series((index) => (isDown(index) ? 0 : 1_250_000)),
    deliveredBytesPerSecond: series((index) => (isDown(index) ? 0 : 1_249_000)),
    receivedBytesPerSecond: series(() => 125_000_000),
    queueUs: series(() => null),
    capacityBytesPerSecond: series(() => null),
  };
  const stepSeconds = step === 'seconds' ? 1 : 60;
  const largest = step === 'seconds' ? null : values;
  return { interface: name, peer, link, stepSeconds, endMs: 1_700_000_000_000, values, largest };
}

export function peerStatus(found: InterfaceConfig, peer: PeerConfig): PeerStatus {
  return {
    name: peer.name,
    interface: found.name,
    description: peer.description ?? null,
    publicKey: peer.publicKey ?? null,
    state: peer.shutdown ? 'shutdown' : 'up',
    changedSecondsAgo: 75,
    cause: peer.shutdown ? 'shut down' : null,
    advice: null,
    lastDownCause: 'carrier lost',
    introducedBy: null,
    policy: effectivePolicy(found, peer),
    session: { establishedSecondsAgo: 12.5, aead: 'aes-256-gcm', role: 'initiator' },
    activeLinks: peer.links.slice(0, 1).map(({ id }) => id),
    lastHandshakeSecondsAgo: 12.5,
    duplicate: { smallBytes: 0, control: false, dscp: [] },
    splitHorizon: effectiveSplitHorizon(peer),
    vlan: peer.vlan ?? null,
    loops: [],
    stormControl: [],
    stormDrops: 0,
    resendRing: 'shared',
    resendReachMs: 2000,
    rxFrames: 1,
    rxBytes: 2,
    txFrames: 3,
    txBytes: 4,
    links: peer.links.map((link) => linkStatus(found, peer, link)),
  };
}

function linkStatus(parent: InterfaceConfig, peer: PeerConfig, link: LinkConfig): LinkStatus {
  const { local, priority, interval, hold, upAfter, dscp, fwmark } = effectiveLink(parent, link);
  return {
    interface: parent.name,
    peer: peer.name,
    link: link.id,
    remoteName: null,
    description: link.description ?? null,
    state: link.shutdown ? 'shutdown' : 'up',
    active: link.id === 0,
    cause: 'heartbeat answered',
    detail: 'up: 5 heartbeats heard, RTT 0.5 ms',
    changedSecondsAgo: 75,
    dampedSecondsLeft: null,
    local: local.kind === 'address' ? `${local.address}:${local.port}` : null,
    remote: link.remote?.kind === 'address' ? `${link.remote.address}:${link.remote.port}` : null,
    remoteLearned: link.remote?.kind === 'dynamic',
    priority,
    intervalMs: interval,
    holdMs: hold,
    fec: null,
    upAfter,
    rttLastUs: 512,
    rttMinUs: 498,
    rttSmoothedUs: 510,
    rttP50Us: 505,
    rttP95Us: 620,
    rttP99Us: 1200,
    jitterUs: 12,
    lossOutPermille: 0,
    lossInPermille: 4,
    sentBytesPerSecond: 1_250_000,
    receivedBytesPerSecond: 125_000_000,
    deliveredBytesPerSecond: 1_249_000,
    queueUs: null,
    capacityBytesPerSecond: null,
    dscp,
    fwmark: fwmark || null,
    mtu: 1500,
    gso: true,
    gsoLack: null,
    txDatagrams: 10,
    txBytes: 1000,
    rxDatagrams: 9,
    rxBytes: 900,
    rxCopies: 0,
    transitions: 1,
  };
}

/** Cursors are offsets here. */
export function pageOf<Row>(rows: Row[], { cursor = '0', limit }: PageParams): Page<Row> {
  const end = Number(cursor) + limit;
  return { rows: rows.slice(Number(cursor), end), next: end < rows.length ? String(end) : null };
}

export function peerMtu({ interface: parent, name, links }: PeerStatus): PeerMtu {
  return {
    interface: parent,
    peer: name,
    tapFrameBytes: 1514,
    mssClamp: true,
    frameBytes: 1434,
    segmentBytes: 1375,
    largestSegmentBytes: 1375,
    extraDatagramsPercent: 0,
    pieces: 2,
    links: links.map(({ link, state, mtu }) => ({
      link,
      state,
      search: 'complete',
      mtuBytes: mtu ?? 1500,
      probedBytes: null,
      routeBytes: 1500,
      configuredBytes: null,
      frameBytes: 1434,
      short: false,
    })),
  };
}
