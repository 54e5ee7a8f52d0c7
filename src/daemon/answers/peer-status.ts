/** Status of peers and links, from configuration, runtime and shared counters. */

import { type PeerConfig, STORM_KINDS } from '../../api/config.js';
import type { SeriesName } from '../../api/history.js';
import type { LinkStatus, PeerStatus, SessionStatus } from '../../api/index.js';
import { ALIVE_STATES } from '../../api/link-states.js';
import {
  type EffectiveLink,
  effectiveDuplicate,
  effectiveLink,
  effectivePolicy,
  effectiveSplitHorizon,
} from '../../config/defaults.js';
import { INTERFACE, LINK, LINK_WIDTH, PEER, PEER_WIDTH } from '../../contract/stats.js';
import { AEAD, PATH } from '../../native/ops.js';
import { causeWord } from '../base/causes.js';
import { formatEndpoint } from '../interfaces/addresses.js';
import { type LinkEntry, nameOf, type PeerEntry, pathOf } from '../interfaces/peer-entries.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';
import type { Histories } from '../observe/link-histories.js';
import { gsoOf } from './gso.js';
import { diagnose, remoteOf } from './peer-diagnosis.js';

/** Status of one link; `nowUs`: microseconds since boot. */
function linkStatus(
  runtime: InterfaceRuntime,
  peer: PeerEntry,
  link: LinkEntry,
  nowUs: number,
  histories: Histories,
): LinkStatus {
  const gauges = runtime.datapath.stats.links;
  const read = (field: number): number => gauges[link.row * LINK_WIDTH + field] ?? 0;
  const measured = (field: number): number | null =>
    read(LINK.rttLastUs) === 0 ? null : Math.round(read(field));
  const whileUp = (field: number): number | null =>
    ALIVE_STATES.has(link.state) ? Math.round(read(field)) : null;
  const isEstimated = ALIVE_STATES.has(link.state) && read(LINK.capacityOutBps) > 0;
  const history = histories.of(runtime.name, peer.config.name, link.config.id);
  const lastSecond = (name: SeriesName): number | null => {
    const [value] = history?.seconds(name, Math.floor(nowUs / 1e6) - 1, 1) ?? [Number.NaN];
    return Number.isNaN(value) ? null : Math.round(value);
  };
  const effective = effectiveLink(runtime.config, link.config);
  const changed = read(LINK.changedUs);
  return {
    interface: runtime.name,
    peer: peer.config.name,
    link: link.config.id,
    description: link.config.description ?? null,
    state: link.state,
    active: activeLinks(runtime, peer).includes(link.config.id),
    cause: causeOf(runtime, link),
    detail: link.detail,
    changedSecondsAgo: changed === 0 ? null : seconds(nowUs - changed),
    dampedSecondsLeft:
      link.state === 'damped' ? seconds(Math.max(0, read(LINK.dampedUntilUs) - nowUs)) : null,
    local: localEnd(peer, link, effective.local),
    remote: remoteOf(link),
    remoteLearned: link.isLearned,
    remoteName: remoteName(runtime, link),
    priority: effective.priority,
    intervalMs: Math.round(read(LINK.intervalUs) / 1000) || effective.interval,
    holdMs: Math.round(read(LINK.holdUs) / 1000) || effective.hold,
    fec: effective.fec,
    upAfter: effective.upAfter,
    rttLastUs: measured(LINK.rttLastUs),
    rttMinUs: measured(LINK.rttMinUs),
    rttSmoothedUs: measured(LINK.rttSmoothedUs),
    rttP50Us: measured(LINK.rttP50Us),
    rttP95Us: measured(LINK.rttP95Us),
    rttP99Us: measured(LINK.rttP99Us),
    jitterUs: measured(LINK.jitterUs),
    lossOutPermille: measured(LINK.lossOutPermille),
    lossInPermille: measured(LINK.lossInPermille),
    sentBytesPerSecond: lastSecond('sentBytesPerSecond'),
    receivedBytesPerSecond: lastSecond('receivedBytesPerSecond'),
    deliveredBytesPerSecond: whileUp(LINK.deliveredOutBps),
    queueUs: isEstimated ? whileUp(LINK.queueOutUs) : null,
    capacityBytesPerSecond: isEstimated ? whileUp(LINK.capacityOutBps) : null,
    dscp: effective.dscp,
    fwmark: effective.fwmark || null,
    mtu: read(LINK.mtu),
    ...gsoOf(runtime, link),
    txDatagrams: read(LINK.txDatagrams),
    txBytes: read(LINK.txBytes),
    rxDatagrams: read(LINK.rxDatagrams),
    rxBytes: read(LINK.rxBytes),
    rxCopies: read(LINK.rxCopies),
    transitions: read(LINK.transitions),
  };
}

function localEnd(peer: PeerEntry, link: LinkEntry, local: EffectiveLink['local']): string | null {
  const isPlaced = !link.config.shutdown && !peer.config.shutdown && link.config.remote?.kind !== 'via';
  if (!isPlaced) return null;
  const { port } = local;
  if (local.kind === 'interface') return formatEndpoint(local.name, port);
  if (local.kind === 'address') {
    const zone = local.zone === undefined ? '' : `%${local.zone}`;
    return formatEndpoint(`${local.address}${zone}`, port);
  }
  return formatEndpoint(pathOf(link)[PATH.FAMILY] === 6 ? '::' : '0.0.0.0', port);
}

function remoteName(runtime: InterfaceRuntime, link: LinkEntry): LinkStatus['remoteName'] {
  const name = nameOf(link.config);
  return name === null ? null : { name, ...runtime.names.of(name) };
}

/** In words; that a name has no address says which, and why. */
function causeOf(runtime: InterfaceRuntime, link: LinkEntry): string | null {
  if (link.cause === 'name-unresolved') return runtime.events.unresolved(link.config);
  return link.cause === null ? null : causeWord(link.cause);
}

/** Ids of the links that carry data: the chosen one, or under the other policies all that the datapath may use. */
function activeLinks(runtime: InterfaceRuntime, peer: PeerEntry): number[] {
  if (!peer.up) return [];
  const gauges = runtime.datapath.stats.peers;
  const read = (field: number): number => gauges[peer.row * PEER_WIDTH + field] ?? 0;
  if (effectivePolicy(runtime.config, peer.config) !== 'passive') {
    return peer.links
      .ids()
      .filter((id) => read(PEER.usableLinks) & (1 << id))
      .sort((a, b) => a - b);
  }
  const chosen = read(PEER.activeLink);
  return chosen >= 0 ? [chosen] : [];
}

/** Status of the links of a peer, by id. */
export function linksOf(
  runtime: InterfaceRuntime,
  peer: PeerEntry,
  nowUs: number,
  histories: Histories,
): LinkStatus[] {
  return [...peer.links.values()]
    .sort((a, b) => a.config.id - b.config.id)
    .map((link) => linkStatus(runtime, peer, link, nowUs, histories));
}

export function peerStatus(
  runtime: InterfaceRuntime,
  peer: PeerEntry,
  nowUs: number,
  histories: Histories,
): PeerStatus {
  const counters = runtime.datapath.stats.peers;
  const read = (field: number): number => counters[peer.row * PEER_WIDTH + field] ?? 0;
  const session = runtime.handshakes.sessionOf(peer.row);
  const ownRing = read(PEER.ownRing) === 1;
  const diagnosis = diagnose(runtime, peer, nowUs);
  return {
    name: peer.config.name,
    interface: runtime.name,
    description: peer.config.description ?? null,
    publicKey: peer.config.publicKey ?? null,
    state: peer.config.shutdown ? 'shutdown' : peer.up ? 'up' : 'down',
    changedSecondsAgo: peer.changedUs === null ? null : seconds(nowUs - peer.changedUs),
    cause: diagnosis?.cause ?? null,
    advice: diagnosis?.advice ?? null,
    lastDownCause: peer.lostBy === null ? null : causeWord(peer.lostBy),
    policy: effectivePolicy(runtime.config, peer.config),
    introducedBy: peer.introduction?.server ?? null,
    duplicate: effectiveDuplicate(runtime.config, peer.config),
    splitHorizon: effectiveSplitHorizon(peer.config),
    vlan: peer.config.vlan ?? null,
    loops: runtime.peers.loops.of(peer.row),
    stormControl: stormStatus(peer.config, read(PEER.storms)),
    stormDrops: read(PEER.stormDrops),
    session: session === null ? null : sessionStatus(session, nowUs),
    activeLinks: activeLinks(runtime, peer),
    lastHandshakeSecondsAgo: session === null ? null : seconds(nowUs - session.establishedUs),
    resendRing: ownRing ? 'own' : 'shared',
    resendReachMs: Math.round(
      (ownRing ? read(PEER.resendReachUs) : runtime.datapath.stats.interface[INTERFACE.resendReachUs]) / 1000,
    ),
    rxFrames: read(PEER.rxFrames),
    rxBytes: read(PEER.rxBytes),
    txFrames: read(PEER.txFrames),
    txBytes: read(PEER.txBytes),
    links: linksOf(runtime, peer, nowUs, histories),
  };
}

/** Limits of storm control; `storms`: a bit set of the kinds of which more comes. */
export function stormStatus({ stormControl = {} }: PeerConfig, storms: number): PeerStatus['stormControl'] {
  return STORM_KINDS.flatMap((traffic, kind) => {
    const limit = stormControl[traffic];
    return limit === undefined ? [] : [{ traffic, ...limit, isStorm: ((storms >> kind) & 1) === 1 }];
  });
}

function sessionStatus(
  session: { establishedUs: number; aead: number; role: 'initiator' | 'responder' },
  nowUs: number,
): SessionStatus {
  return {
    establishedSecondsAgo: seconds(nowUs - session.establishedUs),
    aead: session.aead === AEAD.AES_256_GCM ? 'aes-256-gcm' : 'chacha20-poly1305',
    role: session.role,
  };
}

/** Microseconds as seconds, to the millisecond. */
export function seconds(us: number): number {
  return Math.round(us / 1000) / 1000;
}
