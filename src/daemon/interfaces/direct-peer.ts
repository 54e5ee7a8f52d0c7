/** What a direct peer looks like: the links that two clients of one server can have with each other. */
import type { InterfaceConfig, LinkConfig, PeerConfig } from '../../api/config.js';
import { effectiveLink } from '../../config/defaults.js';
import { templateNamed } from '../../config/templates.js';
import { ipKey, isLoopback } from '../../grammar/address.js';
import type { Endpoint } from '../../member/fields.js';
import type { MemberRecord } from '../../member/record.js';
import { formatAddress } from './addresses.js';
import type { Introduction } from './peer-entries.js';

/** Id of the link by the server: there at both ends, whatever links the servers have. */
const RELAY_LINK = 7;
/**
 * Heartbeats of a link that was never up, in ms: nobody has shown that what is said of its remote end is true, so little is
 * sent there.
 */
const UNPROVEN = { interval: 500, hold: 1500 };

/** Whether a link of a direct peer is the one by the server. */
export function isRelayLink({ remote }: LinkConfig): boolean {
  return remote?.kind === 'via';
}

/**
 * Where a member may be, by link id: where its server sees it, and before that, if the server sees us at the same
 * address, the addresses that the member itself knows: we are behind one NAT then. No member can have us send to a place that
 * is not its own or in our own network.
 */
export function endsOf(
  server: PeerConfig,
  {
    record,
    seen,
    ownSeen,
  }: { record: MemberRecord; seen: readonly Endpoint[]; ownSeen: readonly Endpoint[] },
): Introduction['ends'] {
  const ends = new Map<number, { address: string; port: number }[]>();
  for (const { id, remote, shutdown } of server.links) {
    if (id === RELAY_LINK || shutdown || remote?.kind === 'via') continue;
    const there = seen.find(({ link }) => link === id);
    if (there === undefined || isLoopback(there.address)) continue;
    const here = ownSeen.find(({ link }) => link === id);
    const isBeside = here !== undefined && ipKey(here.address) === ipKey(there.address);
    const { family } = there.address;
    const inside = record.endpoints.filter(
      ({ link, address }) => isBeside && link === id && address.family === family,
    );
    const texts = [...inside, there].map(({ address, port }) => ({
      address: formatAddress(Uint8Array.from(address.bytes)),
      port,
    }));
    ends.set(id, texts.filter(isFirst));
  }
  return ends;
}

function isFirst(
  end: { address: string; port: number },
  index: number,
  all: readonly (typeof end)[],
): boolean {
  return all.findIndex(({ address, port }) => address === end.address && port === end.port) === index;
}

interface Introduced {
  name: string;
  publicKey: string;
  ends: Introduction['ends'];
  /** Ids of links that were up before. */
  proven: ReadonlySet<number>;
}

/** The settings of a direct peer: those of the template that `direct` names, and of the links to the server. */
export function directPeer(
  parent: InterfaceConfig,
  server: PeerConfig,
  { name, publicKey, ends, proven }: Introduced,
): PeerConfig {
  const template =
    server.direct?.template === undefined ? null : templateNamed(parent, server.direct.template);
  const { policy, copies, duplicate, guard, stormControl } = template ?? {};
  const { splitHorizon, vlan } = server;
  const own = { policy: policy ?? 'passive', copies, duplicate, guard, stormControl, splitHorizon, vlan };
  const settings = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  const links = server.links.filter(({ id }) => ends.has(id)).map((link) => directLink(parent, link, proven));
  return {
    ...settings,
    name,
    publicKey,
    links: [...links, relayLink(server)],
  };
}

/** As the link to the server under the same id, by the same socket. */
function directLink(parent: InterfaceConfig, link: LinkConfig, proven: ReadonlySet<number>): LinkConfig {
  const { description: _, drain: __, ...kept } = link;
  const { interval, hold, priority } = effectiveLink(parent, link);
  const isProven = proven.has(link.id);
  return {
    ...kept,
    remote: { kind: 'dynamic' },
    // Above that of the link by the server.
    priority: Math.max(1, priority),
    timers: isProven
      ? { ...link.timers, interval, hold }
      : {
          interval: Math.max(UNPROVEN.interval, interval),
          hold: Math.max(UNPROVEN.hold, hold),
        },
  };
}

function relayLink({ name }: PeerConfig): LinkConfig {
  return { id: RELAY_LINK, remote: { kind: 'via', peer: name }, priority: 0 };
}
