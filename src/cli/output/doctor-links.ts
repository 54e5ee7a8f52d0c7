/** What peers say of our links and of themselves, when they are asked: NAT on the way, and other versions. */
import type { ArpSuppressionStatus } from '../../api/index.js';
import type { LinkStatus } from '../../api/peers.js';
import { versionNumbers } from '../../base/version-numbers.js';
import { parseEndpoint, splitZone } from '../../grammar/address.js';
import type { HostDevice } from '../base/host-facts.js';
import type { DoctorFacts, Finding, LinkAnswer } from './finding.js';

/** Addresses of sockets that leave by any address of the host. */
const ANY: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** NATs keep what a host has sent by for two minutes (RFC 4787, REQ-5); many do so for half a minute only. */
const SURE_INTERVAL_MS = 20_000;

/** NAT on the way of links of this host, which has these devices. */
export function findingsOfNat(
  { answers, interfaces, peers }: Pick<DoctorFacts, 'answers' | 'interfaces' | 'peers'>,
  devices: readonly HostDevice[],
): Finding[] {
  return answers.flatMap(({ interface: of, peer, link: id, seenAs }): Finding[] => {
    const found = peers.find((one) => one.interface === of && one.name === peer);
    const link = found?.links.find((one) => one.link === id);
    const seen = seenAs === null ? null : parseEndpoint(seenAs);
    if (link === undefined || seen === null) return [];
    const local = link.local === null ? null : parseEndpoint(link.local);
    const isAny = local === null || ANY.has(local.host);
    const isOwn = isAny
      ? devices.some(({ addresses }) => addresses.includes(seen.host))
      : addressesOf(local.host, devices).includes(seen.host);
    const port = local?.port ?? interfaces.find(({ name }) => name === of)?.listenPort ?? seen.port;
    if (isOwn && port === seen.port) return [];
    return [
      {
        ...keeping(link),
        where: `link ${id} of peer ${peer}`,
        problem: `is behind NAT: ${peer} sees ${isAny ? 'this host' : link.local} as ${seenAs}`,
      },
    ];
  });
}

/** Addresses that a link leaves by whose socket is at an address, or at a device. */
function addressesOf(host: string, devices: readonly HostDevice[]): readonly string[] {
  return devices.find(({ name }) => name === host)?.addresses ?? [splitZone(host).address];
}

function keeping({ intervalMs }: LinkStatus): Pick<Finding, 'kind' | 'remedy'> {
  if (intervalMs <= SURE_INTERVAL_MS)
    return {
      kind: 'note',
      remedy: `none needed: a heartbeat every ${intervalMs} ms keeps the way back open`,
    };
  return {
    kind: 'advice',
    remedy: `"timers interval ${SURE_INTERVAL_MS}" or less: NAT may forget the link between two heartbeats`,
  };
}

/** Peers that run another version than this host. */
export function findingsOfVersions(answers: readonly LinkAnswer[], own: string): Finding[] {
  const ofPeers = new Map(
    answers.map(({ interface: of, peer, peerVersion }) => [`${of} ${peer}`, { peer, peerVersion }]),
  );
  return [...ofPeers.values()].flatMap(({ peer, peerVersion }): Finding[] => {
    const order = peerVersion === null ? -1 : compareVersions(peerVersion, own);
    if (order === 0) return [];
    const named = peerVersion ?? 'a version that does not tell itself';
    const which = order < 0 ? 'older' : 'newer';
    return [
      {
        kind: 'advice',
        where: `peer ${peer}`,
        problem: `runs ${named}, ${which} than ${own} here: what only one of the two knows is left out between them`,
        remedy: order < 0 ? `upgrade ${peer}` : 'upgrade this host',
      },
    ];
  });
}

/** Below, above or equal to 0, as of two numbers. */
function compareVersions(a: string, b: string): number {
  const [first, second] = [versionNumbers(a), versionNumbers(b)];
  for (const [index, number] of first.entries()) {
    if (number !== second[index]) return number - second[index];
  }
  return 0;
}

/** Addresses that two stations of the network have, as ARP suppression sees it. */
export function findingsOfAddresses(all: readonly ArpSuppressionStatus[]): Finding[] {
  return all.flatMap(({ interface: name, addresses }) =>
    addresses
      .filter(({ state }) => state === 'duplicate')
      .map(({ address, mac, vlan, peer }): Finding => {
        const where = peer === null ? 'here' : `behind peer ${peer}`;
        const within = vlan === 0 ? '' : ` in VLAN ${vlan}`;
        return {
          kind: 'fault',
          where: `interface ${name}`,
          problem: `two stations have ${address}${within}, one of them ${mac} ${where}`,
          remedy: 'give one of the two another address',
        };
      }),
  );
}
