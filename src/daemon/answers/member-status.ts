/** Members of an interface, for `show members`. */
import { ALIVE_STATES } from '../../api/link-states.js';
import type { MemberStatus } from '../../api/members.js';
import type { Page, PageParams } from '../../api/operations.js';
import { formatPublicKey } from '../../crypto/keys.js';
import type { Endpoint } from '../../member/fields.js';
import { formatAddress, formatEndpoint } from '../interfaces/addresses.js';
import { isRelayLink } from '../interfaces/direct-peer.js';
import { MAX_UNPAGED_PEERS } from '../interfaces/finder.js';
import { type Introducible, seenOf } from '../interfaces/introducer.js';
import type { DirectPeer } from '../interfaces/introductions.js';
import type { PeerEntry } from '../interfaces/peer-entries.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';
import { allOf, pageOf, peersOf } from './pages.js';
import { seconds } from './peer-status.js';

/** Clients that may be introduced, and direct peers; `nowUs`: microseconds since boot. */
export function memberPage(
  runtimes: readonly InterfaceRuntime[],
  page: PageParams,
  nowUs: number,
): Promise<Page<MemberStatus>> {
  return pageOf(runtimes.map(peersOf), page, (peers, { runtime }) =>
    peers.flatMap((peer) => statusOf(runtime, peer, nowUs) ?? []),
  );
}

/** All of them; throws `RequestError` when they are too many for one answer. */
export function memberStatus(runtimes: readonly InterfaceRuntime[], nowUs: number): Promise<MemberStatus[]> {
  return allOf((page) => memberPage(runtimes, page, nowUs), MAX_UNPAGED_PEERS, 'the members are');
}

function statusOf({ name, members }: InterfaceRuntime, peer: PeerEntry, nowUs: number): MemberStatus | null {
  const client = members.introducer.of(peer);
  if (client !== undefined) return clientStatus(name, client, nowUs);
  const direct = members.introductions.of(peer);
  return direct === undefined ? null : directStatus(name, direct, nowUs);
}

function clientStatus(name: string, member: Introducible, nowUs: number): MemberStatus {
  const { entry, sequence, takenAt, partners } = member;
  return {
    interface: name,
    name: entry.config.name,
    publicKey: entry.config.publicKey ?? '',
    role: 'client',
    server: null,
    way: null,
    endpoints: seenOf(entry).map(endpointText),
    sequence,
    ageSeconds: seconds(nowUs - takenAt),
    introducedTo: [...partners],
  };
}

function directStatus(name: string, direct: DirectPeer, nowUs: number): MemberStatus {
  const { entry, record, seen, server, since } = direct;
  const isDirect = [...entry.links.values()].some(
    ({ config, state }) => !isRelayLink(config) && ALIVE_STATES.has(state),
  );
  return {
    interface: name,
    name: entry.config.name,
    publicKey: formatPublicKey(record.publicKey),
    role: 'direct',
    server,
    way: isDirect ? 'direct' : 'by-server',
    endpoints: seen.map(endpointText),
    sequence: record.sequence,
    ageSeconds: seconds(nowUs - since),
    introducedTo: [],
  };
}

function endpointText({ link, address, port }: Endpoint): { link: number; endpoint: string } {
  return { link, endpoint: formatEndpoint(formatAddress(Uint8Array.from(address.bytes)), port) };
}
