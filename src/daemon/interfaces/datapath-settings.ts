/** The configuration in the units of the datapath. */

import {
  type DampingConfig,
  type GuardConfig,
  type InterfaceConfig,
  type LinkConfig,
  type PeerConfig,
  type QualityConfig,
  type ReservedKind,
  STORM_KINDS,
  type StormRate,
  type VlanConfig,
} from '../../api/config.js';
import { readU32 } from '../../base/bytes.js';
import { versionNumbers } from '../../base/version-numbers.js';
import {
  DEFAULTS,
  type EffectiveLink,
  effectiveInterface,
  effectiveMulticast,
  effectiveSplitHorizon,
} from '../../config/defaults.js';
import type { GuardSettings } from '../../contract/guard-settings.js';
import type { MulticastSettings } from '../../contract/multicast-settings.js';
import {
  NO_GROUP,
  type PortSettings,
  RESERVED,
  type StaticMac,
  type StormLimit,
  type VlanSettings,
} from '../../contract/port-settings.js';
import type {
  DampingSettings,
  DatapathSettings,
  LinkSettings,
  QualitySettings,
} from '../../contract/settings.js';
import type { UplinkSettings } from '../../contract/uplinks.js';
import { PARITY_AUTO, PARITY_OFF } from '../../datapath/send/parity.js';
import { type IpAddress, parseIp } from '../../grammar/address.js';
import { ALL_VLANS, parseVlans } from '../../grammar/values.js';
import type { TapOffloads } from '../../native/binding.js';
import type { UdpSelfTest } from '../../native/self-test.js';
import { version } from '../base/version.js';
import { macNumbers } from './addresses.js';
import { runsSpanningTree } from './spanning-tree.js';

/** Settings of an interface; `tap`: what its TAP was granted. */
export function settingsOf(
  config: InterfaceConfig,
  tap: TapOffloads,
  selfTest: UdpSelfTest,
): DatapathSettings {
  const effective = effectiveInterface(config);
  return {
    switch: {
      macAgeingS: effective.macAgeing,
      macLimit: effective.macLimit,
      statics: staticMacs(config),
      vlan: vlanSettings(config.vlan),
      loopGuard: config.loopGuard ?? null,
      arpSuppression: config.arpSuppression ?? false,
      reserved: reservedBits(config.forwardReserved ?? reservedUnasked(config)),
    },
    tapMtu: effective.mtu,
    version: versionNumbers(version),
    mssClamp: effective.mssClamp,
    multicast: multicastSettings(config),
    resendBytes: effective.resendBuffer << 20,
    resendAgeUs: effective.resendAge * 1000,
    mtuRaiseS: effective.mtuRaise,
    heartbeatBudget: effective.heartbeatBudget,
    relay: effective.relay,
    uplinkGroups: (config.uplinkGroups ?? []).map(({ name, preemptDelay }) => ({
      name,
      preemptUs: preemptDelay * 1e6,
    })),
    udpGso: !config.disabledOffloads.includes('udp-gso') && selfTest.gso !== 'fails',
    tapChecksum: tap.checksum,
    tapTso: tap.tso,
    tapUso: tap.uso,
    tapTunnel: tap.tunnel,
  };
}

/** A bridge that runs the spanning tree must see the others through the tunnel, or it cannot find loops. */
function reservedUnasked({ bridge }: InterfaceConfig): ReservedKind[] {
  return bridge !== undefined && runsSpanningTree(bridge) ? ['bpdu'] : [];
}

function reservedBits(kinds: readonly ReservedKind[]): number {
  let bits = 0;
  for (const kind of kinds) {
    if (kind === 'all') for (const bit of Object.values(RESERVED)) bits |= bit;
    else bits |= RESERVED[kind];
  }
  return bits;
}

function multicastSettings(config: InterfaceConfig): MulticastSettings {
  const { snooping, unregistered, fastLeave, router, querier } = effectiveMulticast(config);
  return {
    snooping,
    floodsUnregistered: unregistered === 'flood',
    fastLeave,
    localRouter: router,
    querier: querier && { intervalS: querier.interval, address: ipv4Number(querier.address) },
  };
}

/** An IPv4 address as a number; 0 without one. */
function ipv4Number(address: string | undefined): number {
  const bytes = address === undefined ? undefined : parseIp(address)?.bytes;
  return bytes === undefined ? 0 : readU32(Uint8Array.from(bytes), 0);
}

function guardSettings(guard: GuardConfig | undefined): GuardSettings | null {
  const {
    source = false,
    dhcpServer = false,
    ra = false,
    multicastRouter = false,
    bindings = [],
  } = guard ?? {};
  if (!(source || dhcpServer || ra || multicastRouter)) return null;
  return {
    source,
    dhcpServer,
    ra,
    multicastRouter,
    bindings: bindings.map(({ address, mac }) => bindingWords(address, mac)),
  };
}

/** Four words of an address, IPv4 after ::ffff:0:0/96, then 16 and 32 bits of a MAC address. */
function bindingWords(address: string, mac: string): number[] {
  const { family, bytes } = parseIp(address) as IpAddress;
  const all = Uint8Array.from(family === 4 ? [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...bytes] : bytes);
  const words = [0, 4, 8, 12].map((at) => readU32(all, at) | 0);
  const { high, low } = macNumbers(mac);
  return [...words, high, low | 0];
}

/** The stations that the configuration puts behind a peer, or behind the TAP without one. */
export function staticMacs({ staticMacs: all = [] }: InterfaceConfig, peer?: string): StaticMac[] {
  return all.filter((one) => one.peer === peer).map(({ mac, vlan = 0 }) => ({ vlan, ...macNumbers(mac) }));
}

function stormLimit(limit: StormRate | undefined): StormLimit | null {
  if (limit === undefined) return null;
  const isBytes = limit.unit === 'kbps';
  return { perSecond: isBytes ? limit.rate * 125 : limit.rate, isBytes };
}

/** What a port carries; null: every frame as it is. */
export function vlanSettings(config: VlanConfig | undefined): VlanSettings | null {
  if (config === undefined) return null;
  if (config.mode === 'access') return { native: config.vlan, tagged: [] };
  const { native = 0, allowed = ALL_VLANS } = config;
  return { native, tagged: parseVlans(allowed) ?? [] };
}

/** Settings of a peer as a port of the switch; `statics`: the stations that are put behind it. */
export function portSettings(peer: PeerConfig, statics: readonly StaticMac[]): Omit<PortSettings, 'direct'> {
  return {
    splitHorizon: effectiveSplitHorizon(peer) ?? NO_GROUP,
    multicastRouter: peer.multicastRouter ?? false,
    guard: guardSettings(peer.guard),
    macLimit: peer.guard?.macLimit ?? 0,
    storm: STORM_KINDS.map((kind) => stormLimit(peer.stormControl?.[kind])),
    statics,
    vlan: vlanSettings(peer.vlan),
  };
}

/** The uplink group of a peer, or null. */
export function uplinkSettings({ uplink }: PeerConfig): UplinkSettings | null {
  if (uplink === undefined) return null;
  return { group: uplink.group, priority: uplink.priority ?? DEFAULTS.uplinkPriority };
}

type Place = Pick<
  LinkSettings,
  'sockets' | 'local' | 'path' | 'zone' | 'named' | 'routeMtu' | 'shutdown' | 'drain' | 'paceByPeer'
>;

/** Settings of a link: where it goes, and how its configuration wants it treated. */
export function linkSettings(effective: EffectiveLink, place: Place): LinkSettings {
  const { sockets, local, path, zone, named, routeMtu, shutdown, drain, paceByPeer } = place;
  return {
    sockets,
    local,
    path,
    zone,
    named,
    routeMtu,
    shutdown,
    drain,
    paceByPeer,
    priority: effective.priority,
    intervalUs: effective.interval * 1000,
    holdUs: effective.hold * 1000,
    mtu: effective.mtu,
    upAfter: effective.upAfter,
    parity: parityOf(effective.fec),
    damping: dampingSettings(effective.damping),
    quality: qualitySettings(effective.quality),
  };
}

function parityOf(fec: number | 'auto' | null): number {
  if (fec === null) return PARITY_OFF;
  return fec === 'auto' ? PARITY_AUTO : fec;
}

function dampingSettings(config: DampingConfig | null): DampingSettings | null {
  if (config === null) return null;
  const { halfLife, reuse, suppress, max } = config;
  return { halfLifeUs: halfLife * 1e6, reuse, suppress, maxUs: max * 1e6 };
}

function qualitySettings(config: QualityConfig | null): QualitySettings | null {
  return config === null ? null : { lossPermille: config.loss * 10, delayUs: config.delay * 1000 };
}

/** Families that a link may need a socket of: both when neither end says. */
export function familiesOf(link: LinkConfig): (4 | 6)[] {
  const text =
    link.remote?.kind === 'address'
      ? link.remote.address
      : link.local?.kind === 'address'
        ? link.local.address
        : null;
  if (text === null) return [4, 6];
  return [text.includes(':') ? 6 : 4];
}
