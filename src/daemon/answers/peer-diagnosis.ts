/** Why a peer is down or not as it should be, and what to do about it, as far as handshakes and links tell. */
import type { LinkCause } from '../../api/link-states.js';
import { LINK, LINK_WIDTH } from '../../contract/stats.js';
import { formatPublicKey } from '../../crypto/keys.js';
import type { Refusal, RefusalReason } from '../../handshake/record.js';
import { PATH } from '../../native/ops.js';
import { RELAY_FAMILY } from '../../wire/overhead.js';
import { causeWord } from '../base/causes.js';
import { formatAddress, formatPath, pathAddressBytes } from '../interfaces/addresses.js';
import { hindranceOf } from '../interfaces/hindrances.js';
import { unreachableKind, unreachableReason } from '../interfaces/icmp-words.js';
import { isUnresolved } from '../interfaces/neighbours.js';
import { type LinkEntry, type PeerEntry, pathOf } from '../interfaces/peer-entries.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';
import { tapMtuDiffers } from '../interfaces/tap-mtu.js';

export interface Diagnosis {
  /** A few words. */
  cause: string;
  /** What was seen and what to do, in a sentence. */
  advice: string;
}

/** What was refused or heard longer ago than this says nothing of now. In µs. */
const RECENT_US = 60_000_000;
const UNDERLAY_CAUSES: ReadonlySet<LinkCause> = new Set<LinkCause>([
  'carrier-lost',
  'address-removed',
  'send-error',
  'interface-absent',
  'address-absent',
  'address-duplicate',
  'no-carrier',
  'no-ipv6',
  'no-route',
  'recursive-route',
  'name-unresolved',
  'worker-died',
]);
/** Remote ends that a sentence names. */
const MAX_NAMED = 3;

/** Null while the peer is up and nothing is amiss. `nowUs`: since boot. */
export function diagnose(runtime: InterfaceRuntime, peer: PeerEntry, nowUs: number): Diagnosis | null {
  const links = [...peer.links.values()].filter((link) => !link.config.shutdown);
  if (peer.up)
    return (
      ofTwins(runtime, peer, nowUs) ??
      ofDamping(links) ??
      ofLostLink(runtime, links, nowUs) ??
      ofTapMtu(runtime, peer)
    );
  return (
    ofConfiguration(peer, links) ??
    ofTwins(runtime, peer, nowUs) ??
    ofHindrance(runtime, links, nowUs) ??
    ofUnderlay(links) ??
    ofOneWay(links) ??
    ofRefusals(runtime, peer, links, nowUs) ??
    ofGoodbye(links) ??
    ofSilence(runtime, peer, links, nowUs)
  );
}

function ofConfiguration({ config, links: all }: PeerEntry, links: LinkEntry[]): Diagnosis | null {
  const { name } = config;
  if (config.shutdown) return { cause: 'shut down', advice: `"no shutdown" under peer ${name} starts it` };
  if (config.publicKey === undefined) {
    return { cause: 'no public key', advice: `set "public-key" under peer ${name}` };
  }
  if (all.size === 0) return { cause: 'no links', advice: `peer ${name} needs a "link" with its remote end` };
  if (links.length > 0) return null;
  return { cause: 'links shut down', advice: 'every link is shut down: "no shutdown" under one starts it' };
}

/** Two hosts take the session from each other, so that the peer is up and down in turn. */
function ofTwins(runtime: InterfaceRuntime, { row, config }: PeerEntry, nowUs: number): Diagnosis | null {
  const { twins } = runtime.handshakes.record.of(row);
  if (twins === null || nowUs - twins.at > RECENT_US) return null;
  const [one, other] = twins.paths.map(hostAt);
  return {
    cause: 'key on two hosts',
    advice: `two hosts use the key of peer ${config.name} in turn, ${one} and ${other}: give one of them a key of its own`,
  };
}

function ofDamping(links: LinkEntry[]): Diagnosis | null {
  const damped = links.filter(({ state }) => state === 'damped').map(({ config }) => config.id);
  if (damped.length === 0) return null;
  const which = damped.length === 1 ? `link ${damped[0]}` : `links ${damped.join(', ')}`;
  return {
    cause: `${which} flapping`,
    advice:
      damped.length === 1
        ? `${which} went down too often and is held back until it is steady: look at what is beneath it`
        : `${which} went down too often and are held back until they are steady: look at what is beneath them`,
  };
}

function ofTapMtu({ config, name }: InterfaceRuntime, peer: PeerEntry): Diagnosis | null {
  const cause = tapMtuDiffers(config, peer);
  if (cause === null) return null;
  const advice = `give interface ${name} the same "mtu" at both ends: else OSPF stays in ExStart or Exchange, and bridges drop what is too large`;
  return { cause, advice };
}

/** What the worker met on a link whose place is complete. */
function ofHindrance({ datapath }: InterfaceRuntime, links: LinkEntry[], nowUs: number): Diagnosis | null {
  for (const link of links) {
    const found = hindranceOf(datapath.stats.links, link.row, nowUs);
    if (found === null) continue;
    const { id } = link.config;
    const where = remoteOf(link) ?? 'the peer';
    if (found.kind === 'other-id') {
      const advice = `the peer calls link ${found.id} what is link ${id} here: both ends need the same number for it`;
      return { cause: 'link ids differ', advice };
    }
    const { error } = found;
    const why =
      error === 'EPERM'
        ? 'a firewall of this host drops it: look at its rules for what leaves, as nftables has them at the hook "output"'
        : 'look at routes, rules and devices of this host';
    return {
      cause: 'refused by this host',
      advice: `this host refuses to send to ${where} (${error}): ${why}`,
    };
  }
  return null;
}

function ofUnderlay(links: LinkEntry[]): Diagnosis | null {
  if (!links.every(({ cause }) => cause !== null && UNDERLAY_CAUSES.has(cause))) return null;
  const [{ cause, config, detail }] = links;
  return { cause: causeWord(cause ?? 'send-error'), advice: `link ${config.id} ${detail}` };
}

function ofOneWay(links: LinkEntry[]): Diagnosis | null {
  const oneWay = links.find(({ state }) => state === 'one-way');
  if (oneWay === undefined) return null;
  return {
    cause: 'does not hear us',
    advice: `we hear the peer, it does not hear us: check UDP towards ${remoteOf(oneWay) ?? 'it'}`,
  };
}

/** Links that were not up when it said so keep the cause that they had. */
function ofGoodbye(links: LinkEntry[]): Diagnosis | null {
  if (!links.some(({ cause }) => cause === 'peer-said-goodbye')) return null;
  return {
    cause: 'said goodbye',
    advice:
      'the peer said goodbye: there the daemon was stopped, or the interface or this peer shut down or removed',
  };
}

/** Somebody answered or called, and a handshake failed. */
function ofRefusals(
  runtime: InterfaceRuntime,
  peer: PeerEntry,
  links: LinkEntry[],
  nowUs: number,
): Diagnosis | null {
  const { record } = runtime.handshakes;
  const isRecent = (found: Refusal | null): found is Refusal =>
    found !== null && nowUs - found.at < RECENT_US;
  const { refusal, answeredAt, calledAt } = record.of(peer.row);
  if (isRecent(refusal)) return PEER_REFUSALS[refusal.reason]?.(refusal) ?? null;
  const strangers = [
    ...links.map((link) => record.strangerAt(pathOf(link))),
    ...(links.some(canBeCalled) ? [] : [record.last('unknown-peer'), record.last('mac1-wrong')]),
  ];
  // Who came before the peer itself did is another host, or was the peer until that was mended.
  const since = Math.max(answeredAt ?? 0, calledAt ?? 0);
  const stranger = strangers.find((found) => isRecent(found) && found.at > since);
  if (!stranger) return null;
  const who = `a host at ${hostAt(stranger.path)}`;
  switch (stranger.reason) {
    case 'unknown-peer': {
      const key = stranger.publicKey === null ? '' : ` ${formatPublicKey(stranger.publicKey)}`;
      return {
        cause: 'unknown key',
        advice: `${who} uses the unknown key${key}: compare it with "public-key" of the peer`,
      };
    }
    case 'own-key':
      return { cause: 'our own key', advice: `${who} uses our private key: each host needs its own` };
    case 'mac1-wrong':
      return {
        cause: 'wrong key for us',
        advice: `${who} has another public key for us: there it should be ${runtime.publicKey}`,
      };
    default:
      return null;
  }
}

const PEER_REFUSALS: Partial<Record<RefusalReason, (refusal: Refusal) => Diagnosis>> = {
  'handshake-replayed': (refusal) => ({
    cause: 'its clock went back',
    advice: `handshakes from ${hostAt(refusal.path)} are older than one before: set the clock of the peer right`,
  }),
  'response-not-authentic': (refusal) => ({
    cause: 'preshared key',
    advice: `the answer from ${hostAt(refusal.path)} does not decrypt: compare the preshared keys of both ends`,
  }),
  'no-common-aead': () => ({
    cause: 'no common AEAD',
    advice: 'the ends have no AEAD in common: compare their "aead" settings',
  }),
  'no-common-version': () => ({
    cause: 'other version',
    advice: 'the peer speaks no version of the protocol that we do: update the older end',
  }),
};

/** Nothing authentic comes, or nothing comes back. */
function ofSilence(runtime: InterfaceRuntime, peer: PeerEntry, links: LinkEntry[], nowUs: number): Diagnosis {
  const { unanswered, calledAt } = runtime.handshakes.record.of(peer.row);
  const hasSession = runtime.handshakes.sessionOf(peer.row) !== null;
  const where = listed(links.map(remoteOf).filter((end) => end !== null));
  if (!hasSession && calledAt !== null && nowUs - calledAt < RECENT_US) {
    return {
      cause: 'our answers are lost',
      advice: `the peer calls us, but does not get our answers: check UDP towards ${where || 'it'}`,
    };
  }
  if (unanswered > 0) {
    const absence = ofAbsence(links);
    if (absence !== null) return absence;
    const unreachable = ofUnreachable(runtime, links, nowUs);
    if (unreachable !== null) return unreachable;
    const count = unanswered === 1 ? '1 handshake' : `${unanswered} handshakes`;
    return {
      cause: 'no answer',
      advice: `${count} sent to ${where || 'the peer'}, none answered: UDP is blocked, the address is wrong, the peer does not run, or it has another key for us`,
    };
  }
  if (!links.some(canBeCalled)) {
    return {
      cause: 'has not called',
      advice: 'every link waits for the peer to call, and nothing has come from it: check its "remote"',
    };
  }
  const [last] = links.filter(({ detail }) => detail !== null);
  return last?.cause
    ? { cause: causeWord(last.cause), advice: `link ${last.config.id} ${last.detail}` }
    : { cause: 'starting', advice: `the first handshake is on its way to ${where || 'the peer'}` };
}

function listed(ends: readonly string[]): string {
  return [...ends.slice(0, MAX_NAMED), ...(ends.length > MAX_NAMED ? ['…'] : [])].join(', ');
}

/** Every remote end is in a LAN of this host, where nobody answers for it. */
function ofAbsence(links: LinkEntry[]): Diagnosis | null {
  const ends = new Set<string>();
  for (const link of links.filter(canBeCalled)) {
    const words = pathOf(link);
    const address = words[PATH.FAMILY] === 4 ? formatAddress(pathAddressBytes(words)) : null;
    if (address === null || !isUnresolved(address)) return null;
    ends.add(address);
  }
  if (ends.size === 0) return null;
  return {
    cause: 'no such host',
    advice: `no host on the local network has the address ${listed([...ends])} (ARP is not answered): check "remote", and that the host runs`,
  };
}

/** One link of several leads nowhere. */
function ofLostLink(runtime: InterfaceRuntime, links: LinkEntry[], nowUs: number): Diagnosis | null {
  for (const link of links) {
    const found = ofUnreachable(runtime, [link], nowUs);
    if (found !== null) return { ...found, cause: `link ${link.config.id}: ${found.cause}` };
  }
  return null;
}

const HINTS = {
  'port closed': 'the peer does not run there, or its port is another one',
  forbidden: 'let UDP pass there',
  unreachable: 'check "remote", and the routes there and back',
} as const;

/** Somebody on the way says that nothing gets to where a link leads. */
function ofUnreachable(
  { unreachables, datapath }: InterfaceRuntime,
  links: LinkEntry[],
  nowUs: number,
): Diagnosis | null {
  for (const link of links) {
    if (link.state !== 'down' && link.state !== 'one-way') continue;
    const found = unreachables.at(pathOf(link));
    if (found === null || nowUs - found.at > RECENT_US) continue;
    const heardUs = datapath.stats.links[link.row * LINK_WIDTH + LINK.heardUs];
    if (link.state === 'down' && heardUs > found.at) continue;
    const { from, code } = found;
    const cause = unreachableKind(from, code);
    const said = `${hostAt(from)} says of ${remoteOf(link) ?? 'the peer'}: ${unreachableReason(from, code)} (ICMP)`;
    return { cause, advice: `${said}; ${HINTS[cause]}` };
  }
  return null;
}

function hostAt(path: readonly number[]): string {
  return path[PATH.FAMILY] === RELAY_FAMILY
    ? 'the far side of a relay'
    : formatAddress(pathAddressBytes(path));
}

function canBeCalled({ config }: LinkEntry): boolean {
  return config.remote !== undefined && config.remote.kind !== 'dynamic';
}

/** Where datagrams of a link go; null while that is not known. */
export function remoteOf(link: LinkEntry): string | null {
  const { remote } = link.config;
  if (remote?.kind === 'via') return `via ${remote.peer}`;
  return formatPath(pathOf(link), remote?.kind === 'address' && !link.isLearned ? remote.zone : undefined);
}
