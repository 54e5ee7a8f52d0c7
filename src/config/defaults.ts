/** What an absent field of the configuration means. */

import type {
  AeadChoice,
  DampingConfig,
  InterfaceConfig,
  LinkConfig,
  LocalEnd,
  PeerConfig,
  Policy,
  QualityConfig,
} from '../api/config.js';
import type { DuplicateSettings } from '../contract/settings.js';

/** Addresses of an interface. */
export const MAX_ADDRESSES = 256;
/** The most aliases, and syslog servers. */
export const MAX_ALIASES = 64;
export const MAX_SYSLOG_SERVERS = 4;
/** The most addresses bound to one peer. */
export const MAX_BINDINGS = 64;
/** The most static addresses of an interface. */
export const MAX_STATIC_MACS = 1024;
/** The most lines about network authorities, and revoked keys, of an interface. */
export const MAX_AUTHORITIES = 32;
export const MAX_REVOKED_KEYS = 1024;

/** The most threads of one interface's datapath. */
export const MAX_WORKERS = 8;

export const DEFAULTS = {
  /** Links. */
  historyLinks: 128,
  metricsPort: 9770,
  webPort: 9778,
  /** RFC 5426. */
  syslogPort: 514,
  /** Bytes. */
  mtu: 1500,
  listenPort: 7700,
  policy: 'passive',
  aead: 'auto',
  /** Seconds. */
  macAgeing: 300,
  /** Entries. */
  macLimit: 8192,
  mssClamp: true,
  multicastSnooping: true,
  multicastUnregistered: 'flood',
  /** Seconds (RFC 3376 section 8.2). */
  queryInterval: 125,
  /** MiB. */
  resendBuffer: 16,
  /** Milliseconds. */
  resendAge: 2000,
  /** Seconds (RFC 8899, PMTU_RAISE_TIMER). */
  mtuRaise: 600,
  /** Heartbeats a second. */
  heartbeatBudget: 10_000,
  relay: false,
  splitHorizon: 0,
  persist: false,
  scheduling: 'normal',
  workers: 'auto',
  priority: 0,
  /** Of a server in its uplink group. */
  uplinkPriority: 100,
  /** Seconds. */
  preemptDelay: 30,
  /** Milliseconds. */
  interval: 100,
  /** Milliseconds. */
  hold: 300,
  /** Heartbeats. */
  upAfter: 5,
  /** Seconds and penalties: three losses in quick succession hold a link back for about 25 s. */
  damping: { halfLife: 15, reuse: 1000, suppress: 2500, max: 60 },
  /** Percent, milliseconds. */
  quality: { loss: 10, delay: 200 },
} as const;

/** An interface's settings with every default filled in; units as in `InterfaceConfig`. */
interface EffectiveInterface {
  mtu: number;
  listenPort: number;
  policy: Policy;
  aead: AeadChoice;
  macAgeing: number;
  macLimit: number;
  mssClamp: boolean;
  resendBuffer: number;
  resendAge: number;
  mtuRaise: number;
  heartbeatBudget: number;
  relay: boolean;
  persist: boolean;
  scheduling: 'realtime' | 'normal';
  workers: number | 'auto';
}

export function effectiveInterface(config: InterfaceConfig): EffectiveInterface {
  return {
    mtu: config.mtu ?? DEFAULTS.mtu,
    listenPort: config.listenPort ?? DEFAULTS.listenPort,
    policy: config.policy ?? DEFAULTS.policy,
    aead: config.aead ?? DEFAULTS.aead,
    macAgeing: config.macAgeing ?? DEFAULTS.macAgeing,
    macLimit: config.macLimit ?? DEFAULTS.macLimit,
    mssClamp: config.mssClamp ?? DEFAULTS.mssClamp,
    resendBuffer: config.resendBuffer ?? DEFAULTS.resendBuffer,
    resendAge: config.resendAge ?? DEFAULTS.resendAge,
    mtuRaise: config.mtuRaise ?? DEFAULTS.mtuRaise,
    heartbeatBudget: config.heartbeatBudget ?? DEFAULTS.heartbeatBudget,
    relay: config.relay ?? DEFAULTS.relay,
    persist: config.persist ?? DEFAULTS.persist,
    scheduling: config.scheduling ?? DEFAULTS.scheduling,
    workers: config.workers ?? DEFAULTS.workers,
  };
}

/** The peer's own policy, or else its interface's. */
export function effectivePolicy(parent: InterfaceConfig, peer: PeerConfig): Policy {
  return peer.policy ?? parent.policy ?? DEFAULTS.policy;
}

/** By how many links the policy `active` sends copies; 0: all. */
export function effectiveCopies(parent: InterfaceConfig, peer: PeerConfig): number {
  return (peer.policy === undefined ? parent.copies : peer.copies) ?? 0;
}

/** Where multicast goes, with defaults. */
export function effectiveMulticast({ multicast = {} }: InterfaceConfig) {
  return {
    snooping: multicast.snooping ?? DEFAULTS.multicastSnooping,
    unregistered: multicast.unregistered ?? DEFAULTS.multicastUnregistered,
    fastLeave: multicast.fastLeave ?? false,
    router: multicast.router ?? false,
    querier: multicast.querier ?? null,
  };
}

/** Which frames to a peer are duplicated: as the peer says, or else its interface. */
export function effectiveDuplicate(parent: InterfaceConfig, peer: PeerConfig): DuplicateSettings {
  const { small, control, dscp } = peer.duplicate ?? parent.duplicate ?? {};
  return { smallBytes: small ?? 0, control: control ?? false, dscp: dscp ?? [] };
}

/** The split-horizon group of a peer; null: it is in none. */
export function effectiveSplitHorizon(peer: PeerConfig): number | null {
  return peer.splitHorizon === false ? null : (peer.splitHorizon ?? DEFAULTS.splitHorizon);
}

/** Whether a peer may be introduced to others. */
export function effectiveIntroduce(parent: InterfaceConfig, peer: PeerConfig): boolean {
  return peer.introduce ?? parent.introduce ?? false;
}

/** Equal for two spellings of one host name. */
export function nameKey(name: string): string {
  return name.replace(/\.$/, '').toLowerCase();
}

export interface EffectiveLink {
  /** With its port filled in. */
  local: LocalEnd & { port: number };
  priority: number;
  /** Milliseconds. */
  interval: number;
  hold: number;
  /** Heartbeats. */
  upAfter: number;
  damping: DampingConfig | null;
  /** Bytes; 0: found by probes. */
  mtu: number;
  dscp: number;
  /** 0: none. */
  fwmark: number;
  quality: QualityConfig | null;
  fec: number | 'auto' | null;
}

export function effectiveLink(parent: InterfaceConfig, link: LinkConfig): EffectiveLink {
  const local = link.local ?? { kind: 'any' };
  return {
    local: { ...local, port: local.port ?? parent.listenPort ?? DEFAULTS.listenPort },
    priority: link.priority ?? DEFAULTS.priority,
    interval: link.timers?.interval ?? DEFAULTS.interval,
    hold: link.timers?.hold ?? DEFAULTS.hold,
    upAfter: link.timers?.upAfter ?? DEFAULTS.upAfter,
    damping: (link.damping ?? parent.damping ?? DEFAULTS.damping) || null,
    mtu: typeof link.mtu === 'number' ? link.mtu : 0,
    dscp: link.dscp ?? 0,
    fwmark: link.fwmark ?? 0,
    quality: (link.quality ?? parent.quality ?? DEFAULTS.quality) || null,
    fec: link.fec ?? null,
  };
}
