/** Contradictions between commands, which no single command can see. */

import type {
  Config,
  DampingConfig,
  InterfaceConfig,
  LinkConfig,
  PeerConfig,
  Policy,
} from '../api/config.js';
import { ipKey, isLinkLocal, isLoopback, parseCidr, parseIp } from '../grammar/address.js';
import { renderWord } from '../grammar/words.js';
import { dampingProblem } from './damping-command.js';
import {
  DEFAULTS,
  effectiveLink,
  MAX_ADDRESSES,
  MAX_ALIASES,
  MAX_AUTHORITIES,
  MAX_BINDINGS,
  MAX_REVOKED_KEYS,
  MAX_STATIC_MACS,
  MAX_SYSLOG_SERVERS,
  nameKey,
} from './defaults.js';
import { registryIssues } from './registry-issues.js';
import { staticMacLine } from './switch-commands.js';
import { templateNamed, withTemplate } from './templates.js';

export interface ConfigIssue {
  /**
   * `error`: the configuration contradicts itself and is refused as a whole. `warning`: something is still incomplete
   * and stays out of service, as is normal while it is being typed.
   */
  severity: 'error' | 'warning';
  /** Headers of the blocks that enclose it. */
  path: string[];
  /** The setting that it concerns, as rendered or its first keyword; empty: the block itself. */
  field: string;
  message: string;
}

const MIN_MTU_IPV6 = 1280;
/** Milliseconds. Many NATs forget a binding after 30 s without a datagram. */
const NAT_INTERVAL_MS = 25_000;

/** All issues, in the order of the configuration. */
export function validateConfig(config: Config): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  checkListeners(config, issues);
  checkNumbers(config, issues);
  const addresses = new Map<string, string>();
  for (const found of config.interfaces) {
    const path = [`interface ${renderWord(found.name)}`];
    checkInterface(found, path, addresses, issues);
    checkTemplates(found, path, issues);
    for (const issue of registryIssues(found)) issues.push({ ...issue, path });
    checkPeers(found, path, issues);
  }
  return issues;
}

function checkNumbers({ aliases = [], syslog = [] }: Config, issues: ConfigIssue[]): void {
  const refuse = (field: string, message: string) =>
    issues.push({ severity: 'error', path: [], field, message });
  if (aliases.length > MAX_ALIASES) refuse('alias', `there are more than ${MAX_ALIASES} aliases`);
  if (syslog.length > MAX_SYSLOG_SERVERS)
    refuse('logging', `there are more than ${MAX_SYSLOG_SERVERS} syslog servers`);
}

/** Both speak plain HTTP. */
function checkListeners({ metrics, web }: Config, issues: ConfigIssue[]): void {
  const warn = (field: string, message: string) =>
    issues.push({ severity: 'warning', path: [], field, message });
  if (isExposed(metrics)) {
    warn('metrics', `metrics can be read by everybody who reaches ${metrics?.address}`);
  }
  if (isExposed(web)) {
    warn('web', `the token of the web page crosses the network in the clear at ${web?.address}`);
  }
}

function isExposed(place: Config['metrics']): boolean {
  const address = place === undefined ? null : parseIp(place.address);
  return address !== null && !isLoopback(address);
}

function checkInterface(
  found: InterfaceConfig,
  path: string[],
  addresses: Map<string, string>,
  issues: ConfigIssue[],
): void {
  if (found.addresses.length > MAX_ADDRESSES) {
    const message = `an interface has at most ${MAX_ADDRESSES} addresses`;
    issues.push({ severity: 'error', path, field: 'address', message });
  }
  for (const text of found.addresses) {
    const cidr = parseCidr(text);
    if (cidr === null) continue;
    const key = ipKey(cidr.address);
    const field = `address ${text}`;
    const holder = addresses.get(key);
    if (holder !== undefined) {
      issues.push({ severity: 'error', path, field, message: `address ${text} is on ${holder} already` });
    }
    addresses.set(key, found.name);
    if (cidr.address.family === 6 && (found.mtu ?? DEFAULTS.mtu) < MIN_MTU_IPV6) {
      const message = `an IPv6 address needs an mtu of at least ${MIN_MTU_IPV6}, not ${found.mtu}`;
      issues.push({ severity: 'error', path, field: 'mtu', message });
    }
  }
  checkDamping(found, path, issues);
  checkCopies(found, path, issues);
  checkStaticMacs(found, path, issues);
  checkAuthorities(found, path, issues);
  if (found.bridge === found.name) {
    issues.push({
      severity: 'error',
      path,
      field: 'bridge',
      message: `${found.name} cannot be its own bridge`,
    });
  }
}

function checkAuthorities(found: InterfaceConfig, path: string[], issues: ConfigIssue[]): void {
  const { authorities = [], revokedKeys = [] } = found;
  const bounds = [
    { field: 'authority', count: authorities.length, most: MAX_AUTHORITIES },
    { field: 'revoked-key', count: revokedKeys.length, most: MAX_REVOKED_KEYS },
  ];
  for (const { field, count, most } of bounds) {
    if (count <= most) continue;
    const message = `an interface has at most ${most} lines "${field}"`;
    issues.push({ severity: 'error', path, field, message });
  }
}

function checkStaticMacs(found: InterfaceConfig, path: string[], issues: ConfigIssue[]): void {
  const { staticMacs = [], macLimit = DEFAULTS.macLimit, peers } = found;
  if (staticMacs.length === 0) return;
  const error = (message: string) =>
    issues.push({ severity: 'error', path, field: 'mac-table static', message });
  if (staticMacs.length > MAX_STATIC_MACS)
    error(`an interface has at most ${MAX_STATIC_MACS} static addresses`);
  else if (staticMacs.length > macLimit) {
    error(`a mac-table of limit ${macLimit} does not hold ${staticMacs.length} static addresses`);
  }
  const names = new Set(peers.map(({ name }) => name));
  const stations = new Set<string>();
  for (const one of staticMacs) {
    const field = staticMacLine(one);
    const station = `${one.mac} ${one.vlan}`;
    if (one.peer !== undefined && !names.has(one.peer)) {
      const message = `there is no peer ${one.peer} on this interface`;
      issues.push({ severity: 'error', path, field, message });
    }
    if (stations.has(station)) {
      const message = `${one.mac} is static at another port already`;
      issues.push({ severity: 'error', path, field, message });
    }
    stations.add(station);
  }
}

function checkDamping(
  found: { damping?: DampingConfig | false },
  path: string[],
  issues: ConfigIssue[],
): void {
  const message = found.damping ? dampingProblem(found.damping) : null;
  if (message !== null) issues.push({ severity: 'error', path, field: 'damping', message });
}

function checkCopies(
  found: { policy?: Policy; copies?: number },
  path: string[],
  issues: ConfigIssue[],
): void {
  if (found.copies === undefined || found.policy === 'active') return;
  const message = `only the policy active sends copies, not ${found.policy}`;
  issues.push({ severity: 'error', path, field: 'policy', message });
}

/** What a template cannot say, and templates that are named but not there. */
function checkTemplates(parent: InterfaceConfig, path: string[], issues: ConfigIssue[]): void {
  for (const template of parent.peerTemplates ?? []) {
    const templatePath = [...path, `peer-template ${renderWord(template.name)}`];
    const own = {
      'public-key': template.publicKey,
      'preshared-key-file': template.presharedKeyFile,
      template: template.template,
    };
    for (const [field, value] of Object.entries(own)) {
      if (value === undefined) continue;
      const message = `a peer-template has no ${field} of its own`;
      issues.push({ severity: 'error', path: templatePath, field, message });
    }
    checkCopies(template, templatePath, issues);
    for (const link of template.links) checkLink(link, [...templatePath, `link ${link.id}`], issues);
  }
  const { authorizedKeys, authorities = [], registry } = parent;
  checkTemplateNamed(parent, registry?.template, { path, field: 'registry template' }, issues);
  checkTemplateNamed(parent, authorizedKeys?.template, { path, field: 'authorized-keys' }, issues);
  for (const { template } of authorities)
    checkTemplateNamed(parent, template, { path, field: 'authority' }, issues);
}

function checkTemplateNamed(
  parent: InterfaceConfig,
  name: string | undefined,
  place: { path: string[]; field: string },
  issues: ConfigIssue[],
): void {
  if (name === undefined || templateNamed(parent, name) !== undefined) return;
  const message = `there is no peer-template ${name} on this interface`;
  issues.push({ severity: 'error', ...place, message });
}

function checkPeers(parent: InterfaceConfig, path: string[], issues: ConfigIssue[]): void {
  const keys = new Map<string, string>();
  const names = new Set(parent.peers.map((peer) => peer.name));
  for (const own of parent.peers) {
    const peerPath = [...path, `peer ${renderWord(own.name)}`];
    checkTemplateNamed(parent, own.template, { path: peerPath, field: 'template' }, issues);
    checkTemplateNamed(parent, own.direct?.template, { path: peerPath, field: 'direct' }, issues);
    const peer = withTemplate(parent, own);
    checkCopies(own, peerPath, issues);
    if ((own.guard?.bindings?.length ?? 0) > MAX_BINDINGS) {
      const message = `at most ${MAX_BINDINGS} addresses are bound to a peer`;
      issues.push({ severity: 'error', path: peerPath, field: 'guard', message });
    }
    if (peer.publicKey === undefined) {
      if (!peer.shutdown) {
        const message = `peer ${peer.name} has no public-key and stays down`;
        issues.push({ severity: 'warning', path: peerPath, field: '', message });
      }
    } else {
      const holder = keys.get(peer.publicKey);
      if (holder !== undefined) {
        const message = `peer ${holder} has this public-key already`;
        issues.push({ severity: 'error', path: peerPath, field: 'public-key', message });
      }
      keys.set(peer.publicKey, peer.name);
    }
    checkLinks(parent, peer, names, peerPath, issues);
  }
}

/** What a link says of itself, whether it is a peer's or a template's. */
function checkLink(link: LinkConfig, path: string[], issues: ConfigIssue[]): void {
  const { timers } = link;
  if (timers !== undefined && timers.hold < 2 * timers.interval) {
    const message = `hold ${timers.hold} is less than twice the interval of ${timers.interval} ms`;
    issues.push({ severity: 'error', path, field: 'timers', message });
  }
  if (timers !== undefined && timers.interval > NAT_INTERVAL_MS) {
    const message = `a NAT on the way may forget link ${link.id} between heartbeats ${timers.interval} ms apart`;
    issues.push({ severity: 'warning', path, field: 'timers', message });
  }
  checkDamping(link, path, issues);
}

function checkLinks(
  parent: InterfaceConfig,
  peer: PeerConfig,
  names: ReadonlySet<string>,
  peerPath: string[],
  issues: ConfigIssue[],
): void {
  const paths = new Map<string, number>();
  for (const link of peer.links) {
    const path = [...peerPath, `link ${link.id}`];
    const error = (field: string, message: string) =>
      issues.push({ severity: 'error', path, field, message });
    checkLink(link, path, issues);
    if (link.remote === undefined) {
      if (!link.shutdown) {
        const message = `link ${link.id} of peer ${peer.name} has no remote and stays down`;
        issues.push({ severity: 'warning', path, field: '', message });
      }
      continue;
    }
    const problem = remoteProblem(peer, link, names);
    if (problem !== null) error('remote', problem);
    const unplaced = unplacedRemote(link);
    if (unplaced !== null) {
      const message = `${unplaced} needs its interface ("${unplaced}%IFNAME" or "local IFNAME") and stays down`;
      issues.push({ severity: 'warning', path, field: 'remote', message });
    }
    const key = pathKey(parent, link);
    const twin = key === null ? undefined : paths.get(key);
    if (twin !== undefined) error('remote', `link ${twin} has the same local and remote end already`);
    if (key !== null) paths.set(key, link.id);
  }
}

function remoteProblem(peer: PeerConfig, link: LinkConfig, names: ReadonlySet<string>): string | null {
  const { remote, local } = link;
  if (remote?.kind === 'via') {
    if (local !== undefined) return 'a link via a peer has no local end of its own';
    if (link.dscp !== undefined || link.fwmark !== undefined) {
      return 'a link via a peer has no packets of its own to mark';
    }
    if (remote.peer === peer.name) return `peer ${peer.name} cannot be reached via itself`;
    return names.has(remote.peer) ? null : `there is no peer ${remote.peer} on this interface`;
  }
  if (remote?.kind !== 'address') return null;
  const own = local?.kind === 'interface' ? local.name : local?.kind === 'address' ? local.zone : undefined;
  if (remote.zone !== undefined && own !== undefined && own !== remote.zone) {
    return `local is on ${own}, remote on ${remote.zone}`;
  }
  if (local?.kind !== 'address') return null;
  const families = [parseIp(local.address)?.family, parseIp(remote.address)?.family];
  return families[0] === families[1] ? null : `local is IPv${families[0]}, remote is IPv${families[1]}`;
}

/** The link-local remote end of a link of which nothing says on which interface it is meant; null: it has none. */
function unplacedRemote({ local, remote }: LinkConfig): string | null {
  if (remote?.kind !== 'address' || remote.zone !== undefined) return null;
  const address = parseIp(remote.address);
  if (address === null || !isLinkLocal(address) || local?.kind === 'interface') return null;
  const own = local?.kind === 'address' ? parseIp(local.address) : null;
  return own !== null && isLinkLocal(own) ? null : remote.address;
}

/**
 * Equal for links that would share one path. Two links that learn their remote ends may share a local end: what they
 * learn tells them apart.
 */
function pathKey(parent: InterfaceConfig, link: LinkConfig): string | null {
  const { remote } = link;
  if (remote === undefined || remote.kind === 'dynamic') return null;
  if (remote.kind === 'via') return `via ${remote.peer}`;
  const { local } = effectiveLink(parent, link);
  const place = local.kind === 'address' ? addressKey(local) : local.kind === 'any' ? '' : local.name;
  const host = remote.kind === 'name' ? nameKey(remote.name) : addressKey(remote);
  return `${local.kind} ${place} ${local.port} ${host} ${remote.port}`;
}

function addressKey({ address, zone }: { address: string; zone?: string }): string {
  const parsed = parseIp(address);
  return `${parsed === null ? address : ipKey(parsed)}${zone === undefined ? '' : `%${zone}`}`;
}
