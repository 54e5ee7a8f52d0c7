/**
 * Whether the system would take the configuration of an interface, asked without changing anything: key files, names,
 * the device, ports and rights. A link waits for an absent interface, and a TAP for its bridge: neither is asked for. What
 * only binding or the kernel's own refusal can tell is left to the commit.
 */
import { existsSync, readFileSync } from 'node:fs';
import type { InterfaceConfig } from '../../api/config.js';
import { effectiveLink } from '../../config/defaults.js';
import { sodiumPrimitives } from '../../crypto/sodium.js';
import { peerKeyProblem } from '../../handshake/peer-key.js';
import type { Native } from '../../native/binding.js';
import { familiesOf } from './datapath-settings.js';
import { ifindexOf } from './ifindex.js';
import { forgetIdentity, identityOf, publicKeyFor } from './interface-keys.js';

/** What the system says. */
export interface SystemFacts {
  /** There is a network device of this name. */
  hasDevice(name: string): boolean;
  /** It is a TUN or TAP device. */
  isTap(name: string): boolean;
  /** Ports that UDP sockets of this host use, by `4/7700` or `6/7700`. */
  udpPorts(): ReadonlySet<string>;
  /** Why no TAP can be made; null: one can. */
  tapProblem(): string | null;
}

interface FreePorts {
  /** Ports that the commit may use although they are used, in the form of `udpPorts`: the daemon's own. */
  free: ReadonlySet<string>;
}

/** `isRunning`: it has its TAP already. Throws a plain sentence. */
export function checkInterface(
  config: InterfaceConfig,
  stateFolder: string,
  isRunning: boolean,
  facts: SystemFacts & FreePorts,
): void {
  checkKeys(config, stateFolder);
  if (!isRunning) checkTap(config, facts);
  checkLocals(config, facts);
}

function checkKeys(config: InterfaceConfig, stateFolder: string): void {
  const ownKey = publicKeyFor(config, stateFolder);
  for (const peer of config.peers) {
    const identity = identityOf(peer, stateFolder);
    if (identity === null) continue;
    forgetIdentity(identity);
    const problem =
      ownKey === null ? undefined : peerKeyProblem(sodiumPrimitives, ownKey, identity.publicKey);
    if (problem !== undefined) throw new Error(`peer ${peer.name}: ${problem}`);
  }
}

function checkTap({ name }: InterfaceConfig, facts: SystemFacts): void {
  const problem = facts.tapProblem();
  if (problem !== null) throw new Error(`interface ${name}: ${problem}`);
  if (facts.hasDevice(name) && !facts.isTap(name)) {
    throw new Error(`interface ${name}: the name ${name} is already taken by another device`);
  }
}

function checkLocals(config: InterfaceConfig, facts: SystemFacts & FreePorts): void {
  const used = facts.udpPorts();
  for (const peer of config.peers) {
    for (const link of peer.links) {
      if (peer.shutdown || link.shutdown || (link.remote?.kind ?? 'via') === 'via') continue;
      const { local } = effectiveLink(config, link);
      const place = `link ${link.id} of peer ${peer.name}`;
      // One address of a port may be free where others are taken: only the commit can tell.
      if (local.kind !== 'any') continue;
      const taken = familiesOf(link)
        .map((family) => `${family}/${local.port}`)
        .find((port) => used.has(port) && !facts.free.has(port));
      if (taken === undefined) continue;
      throw new Error(`${place}: UDP port ${local.port} is already taken: choose another "listen port"`);
    }
  }
}

const CAP_NET_ADMIN = 12n;

/** The facts of this host. */
export function systemFacts(native: Pick<Native, 'ifindex'>): SystemFacts {
  return {
    hasDevice: (name) => ifindexOf(native, name) > 0,
    isTap: (name) => existsSync(`/sys/class/net/${name}/tun_flags`) || !existsSync(`/sys/class/net/${name}`),
    udpPorts: () => new Set([...portsIn('4', '/proc/net/udp'), ...portsIn('6', '/proc/net/udp6')]),
    tapProblem() {
      if (!existsSync('/dev/net/tun')) {
        return '/dev/net/tun is missing: load the tun module ("modprobe tun") or give the container the device';
      }
      const effective = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
      const mayMake = effective === undefined || ((BigInt(`0x${effective}`) >> CAP_NET_ADMIN) & 1n) === 1n;
      return mayMake ? null : 'making a TAP needs root or CAP_NET_ADMIN';
    },
  };
}

function portsIn(family: string, file: string): string[] {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return [...text.matchAll(/^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) /gm)].map(
    ([, port]) => `${family}/${Number.parseInt(port, 16)}`,
  );
}
