/** All configured peers as listings show them: those of running interfaces, and those of interfaces that do not run. */
import type { Config, InterfaceConfig, LinkConfig, PeerConfig } from '../../api/config.js';
import type { LinkStatus, PeerStatus } from '../../api/index.js';
import {
  effectiveDuplicate,
  effectiveLink,
  effectivePolicy,
  effectiveSplitHorizon,
} from '../../config/defaults.js';
import { formatEndpoint } from '../interfaces/addresses.js';
import {
  type Finder,
  MAX_UNPAGED_PEERS,
  missingPeer,
  noInterface,
  tooManyPeers,
} from '../interfaces/finder.js';
import type { PeerEntry } from '../interfaces/peer-entries.js';
import type { Histories } from '../observe/link-histories.js';
import { downCause } from './interface-status.js';
import type { Source } from './pages.js';
import { linksOf, peerStatus, stormStatus } from './peer-status.js';

/** What listings are made from. */
interface Ground {
  find: Finder;
  runningConfig(): Config;
  faults: ReadonlyMap<string, string>;
  native: { now(): number };
  histories: Histories;
}

export interface ListedPeer {
  name: string;
  interface: string;
  status(): PeerStatus;
  links(): LinkStatus[];
}

interface PeerSource extends Source<ListedPeer> {
  get(name: string): ListedPeer | undefined;
}

/** The peers of each interface, or of the one named. Throws `RequestError` when there is no such interface. */
export function peerSources(ground: Ground, name?: string): PeerSource[] {
  const configured = ground.runningConfig().interfaces;
  if (name !== undefined && !configured.some((one) => one.name === name)) throw noInterface(name);
  return configured
    .filter((one) => name === undefined || one.name === name)
    .map((config) => runningPeers(ground, config.name) ?? peersAtRest(ground, config));
}

/** All peers that a filter leaves. Throws `RequestError` when a name does not exist, or they are too many. */
export function listedPeers(
  ground: Ground,
  { interface: name, peer }: { interface?: string; peer?: string },
): ListedPeer[] {
  const found = peerSources(ground, name).flatMap((source) => {
    // One more than is answered shows that they are too many.
    if (peer === undefined) return source.from(0, MAX_UNPAGED_PEERS + 1).peers;
    return source.get(peer) ?? [];
  });
  if (peer !== undefined && found.length === 0) throw missingPeer(ground.find.interfaces(), peer);
  if (found.length <= MAX_UNPAGED_PEERS) return found;
  throw tooManyPeers();
}

function runningPeers({ find, native, histories }: Ground, name: string): PeerSource | null {
  const runtime = find.interface(name);
  if (runtime === undefined) return null;
  const listed = (peer: PeerEntry): ListedPeer => ({
    name: peer.config.name,
    interface: name,
    status: () => peerStatus(runtime, peer, native.now(), histories),
    links: () => linksOf(runtime, peer, native.now(), histories),
  });
  return {
    name,
    from(row, limit) {
      const { peers, nextRow } = runtime.peers.from(row, limit);
      return { peers: peers.map(listed), nextRow };
    },
    get(peer) {
      const entry = runtime.peers.get(peer);
      return entry && listed(entry);
    },
  };
}

function peersAtRest({ faults }: Ground, config: InterfaceConfig): PeerSource {
  const fault = faults.get(config.name) ?? null;
  const listed = (peer: PeerConfig): ListedPeer => ({
    name: peer.name,
    interface: config.name,
    status: () => peerAtRest(config, peer, fault),
    links: () => peer.links.map((link) => linkAtRest(config, peer, link, fault)),
  });
  return {
    name: config.name,
    from(row, limit) {
      const end = Math.min(config.peers.length, row + limit);
      const peers = config.peers.slice(row, end).map(listed);
      return { peers, nextRow: end < config.peers.length ? end : null };
    },
    get(name) {
      const peer = config.peers.find((one) => one.name === name);
      return peer && listed(peer);
    },
  };
}

/** A peer of an interface that is shut down, or with `fault` cannot run. */
function peerAtRest(config: InterfaceConfig, peer: PeerConfig, fault: string | null): PeerStatus {
  const isShut = !config.enabled || peer.shutdown === true;
  return {
    name: peer.name,
    interface: config.name,
    description: peer.description ?? null,
    publicKey: peer.publicKey ?? null,
    state: isShut ? 'shutdown' : 'down',
    changedSecondsAgo: null,
    cause: config.enabled ? 'interface down' : 'interface shut down',
    advice: config.enabled
      ? `interface ${config.name} is down: ${fault ?? downCause(config)}`
      : `interface ${config.name} is shut down: "no shutdown" there starts it`,
    lastDownCause: null,
    policy: effectivePolicy(config, peer),
    introducedBy: null,
    duplicate: effectiveDuplicate(config, peer),
    splitHorizon: effectiveSplitHorizon(peer),
    vlan: peer.vlan ?? null,
    loops: [],
    stormControl: stormStatus(peer, 0),
    stormDrops: 0,
    session: null,
    activeLinks: [],
    lastHandshakeSecondsAgo: null,
    resendRing: 'shared',
    resendReachMs: 0,
    rxFrames: 0,
    rxBytes: 0,
    txFrames: 0,
    txBytes: 0,
    links: peer.links.map((link) => linkAtRest(config, peer, link, fault)),
  };
}

function linkAtRest(
  parent: InterfaceConfig,
  peer: PeerConfig,
  link: LinkConfig,
  fault: string | null,
): LinkStatus {
  const effective = effectiveLink(parent, link);
  const isShut = !parent.enabled || peer.shutdown === true || link.shutdown === true;
  return {
    interface: parent.name,
    peer: peer.name,
    link: link.id,
    description: link.description ?? null,
    state: isShut ? 'shutdown' : 'down',
    active: false,
    cause: downCause(parent),
    detail: parent.enabled
      ? `down: interface ${parent.name} is down: ${fault ?? downCause(parent)}`
      : `shutdown: interface ${parent.name} is shut down`,
    changedSecondsAgo: null,
    dampedSecondsLeft: null,
    local: null,
    remote: configuredRemote(link),
    remoteLearned: false,
    remoteName: null,
    priority: effective.priority,
    intervalMs: effective.interval,
    holdMs: effective.hold,
    fec: effective.fec,
    upAfter: effective.upAfter,
    ...UNMEASURED,
    dscp: effective.dscp,
    fwmark: effective.fwmark || null,
    mtu: effective.mtu || null,
    gso: false,
    gsoLack: null,
    txDatagrams: 0,
    txBytes: 0,
    rxDatagrams: 0,
    rxBytes: 0,
    rxCopies: 0,
    transitions: 0,
  };
}

const UNMEASURED = {
  rttLastUs: null,
  rttMinUs: null,
  rttSmoothedUs: null,
  rttP50Us: null,
  rttP95Us: null,
  rttP99Us: null,
  jitterUs: null,
  lossOutPermille: null,
  lossInPermille: null,
  sentBytesPerSecond: null,
  receivedBytesPerSecond: null,
  deliveredBytesPerSecond: null,
  queueUs: null,
  capacityBytesPerSecond: null,
};

function configuredRemote({ remote }: LinkConfig): string | null {
  if (remote?.kind === 'name') return formatEndpoint(remote.name, remote.port);
  if (remote?.kind === 'via') return `via ${remote.peer}`;
  return remote?.kind === 'address' ? formatEndpoint(remote.address, remote.port) : null;
}
