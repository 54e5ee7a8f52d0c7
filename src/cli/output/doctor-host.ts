/** What of this host may be in the way of links that do not work, and what it will be sorry for later. */
import type { LinkStatus } from '../../api/peers.js';
import type { HostDevice, HostFacts } from '../base/host-facts.js';
import { findingsOfNat } from './doctor-links.js';
import type { DoctorFacts, Finding } from './finding.js';

/** States of links that something on the way may be the reason of. */
const UNHEARD: ReadonlySet<string> = new Set(['down', 'one-way']);

/**
 * Findings of the host that the daemon runs on. None where its interfaces are not to be seen from here: it is in another
 * network namespace then, and what is read here says nothing of it.
 */
export function findingsOfHost(
  host: HostFacts,
  facts: Pick<DoctorFacts, 'answers' | 'interfaces' | 'peers'>,
): Finding[] {
  const isHere = ({ name, ifindex }: { name: string; ifindex: number | null }) =>
    host.devices.some((device) => device.name === name && device.ifindex === ifindex);
  const ours = facts.interfaces.filter(isHere);
  if (ours.length === 0) return [];
  const peers = facts.peers.filter(
    ({ state, interface: of }) => state !== 'shutdown' && ours.some(({ name }) => name === of),
  );
  const unheard = peers.flatMap(({ links }) => links.filter(({ state }) => UNHEARD.has(state)));
  const portsOf = ({ interface: of, local }: LinkStatus) =>
    portOf(local) ?? ours.find(({ name }) => name === of)?.listenPort ?? [];
  const ports = new Set(unheard.flatMap(portsOf));
  return [
    ...ours.flatMap(({ name }) =>
      ofAddresses(host.devices.find((device) => device.name === name) as HostDevice),
    ),
    ...[...ports].flatMap((port) => ofFirewall(host, port)),
    ...ofReversePath(host, unheard),
    ...unheard.flatMap((link) => ofBridgePort(host, link)),
    ...(host.isClockKept === false ? [CLOCK] : []),
    ...findingsOfNat(facts, host.devices),
  ];
}

function ofAddresses({ name, duplicates }: HostDevice): Finding[] {
  return duplicates.map((address) => ({
    kind: 'fault',
    where: `interface ${name}`,
    problem: `another station of the LAN has ${address} as well`,
    remedy: 'give one of the two another address',
  }));
}

/** Links that hear nothing, and a chain that lets their port pass by no rule that names it. */
function ofFirewall({ chains }: HostFacts, port: number): Finding[] {
  return chains
    .filter(({ udpPorts }) => !udpPorts.some(([first, last]) => first <= port && port <= last))
    .map(({ family, table, name }) => ({
      kind: 'advice',
      where: 'this host',
      problem: `nftables may drop what comes for UDP port ${port}: the chain ${name} of table ${family} ${table} drops what no rule accepts`,
      remedy: `nft insert rule ${family} ${table} ${name} udp dport ${port} accept`,
    }));
}

/** Links that hear nothing, by a device that drops what an answer would not go back by. */
function ofReversePath({ devices }: HostFacts, unheard: readonly LinkStatus[]): Finding[] {
  const locals = new Set(unheard.map(({ local }) => hostOf(local)));
  return devices
    .filter(
      ({ isStrict, name, addresses }) => isStrict && [name, ...addresses].some((one) => locals.has(one)),
    )
    .map(({ name }) => ({
      kind: 'advice',
      where: 'this host',
      problem: `strict reverse path filtering drops what comes by ${name} while the way back leads elsewhere`,
      remedy: `sysctl -w net.ipv4.conf.${name}.rp_filter=2 net.ipv4.conf.all.rp_filter=2`,
    }));
}

/** A link that is bound to a port of a bridge: nothing that comes in there reaches a socket of the port. */
function ofBridgePort({ devices }: HostFacts, { local, link, peer }: LinkStatus): Finding[] {
  return devices
    .filter(({ name, bridge }) => bridge !== null && name === hostOf(local))
    .map(({ name, bridge }) => ({
      kind: 'fault',
      where: `link ${link} of peer ${peer}`,
      problem: `leaves by ${name}, a port of the bridge ${bridge}, which takes all that comes in there`,
      remedy: `give the link "local ${bridge}", or take ${name} out of the bridge`,
    }));
}

const CLOCK: Finding = {
  kind: 'advice',
  where: 'this host',
  problem:
    'no time server keeps the clock right: certificates, invitations and the handshakes after a restart go by it',
  remedy: 'timedatectl set-ntp true',
};

/** What stands before the port of an end. */
function hostOf(end: string | null): string {
  return end?.slice(0, end.lastIndexOf(':')) ?? '';
}

/** Port of `address:port`. */
function portOf(end: string | null): number | null {
  return end === null ? null : Number(end.slice(end.lastIndexOf(':') + 1));
}
