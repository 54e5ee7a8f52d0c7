/**
 * The configuration as data. A field that is absent was never set, so that a configuration prints back
 * exactly as it was given; `defaults.ts` says what an absent field means.
 */

export type Policy = 'passive' | 'active' | 'round-robin' | 'adaptive';
export type AeadChoice = 'auto' | 'aes-256-gcm' | 'chacha20-poly1305';
export type OffloadName = 'tap-checksum' | 'tap-tso' | 'tap-uso' | 'tap-tunnel' | 'udp-gso' | 'udp-gro';

/** What is sent to reserved groups; `all`: those and everything else but PAUSE. */
export const RESERVED_KINDS = ['bpdu', 'lldp', 'lacp', 'ptp', 'all'] as const;
export type ReservedKind = (typeof RESERVED_KINDS)[number];

/** What storm control limits, each by itself. */
export const STORM_KINDS = ['broadcast', 'multicast', 'unknown-unicast'] as const;
export type StormKind = (typeof STORM_KINDS)[number];

/** Frames or kilobits a second. */
export interface StormRate {
  rate: number;
  unit: 'pps' | 'kbps';
}

/** Flap damping: times in seconds, penalties in thousandths of a loss. */
export interface DampingConfig {
  halfLife: number;
  reuse: number;
  suppress: number;
  max: number;
}

/** From when on a link is grey: loss in percent, delay beyond the fastest other link in milliseconds. */
export interface QualityConfig {
  loss: number;
  delay: number;
}

/** Where a link's datagrams leave. */
export type LocalEnd =
  | { kind: 'any'; port?: number }
  /** `zone`: the interface on which a link-local address is meant (RFC 4007). */
  | { kind: 'address'; address: string; zone?: string; port?: number }
  | { kind: 'interface'; name: string; port?: number };

/** Where a link's datagrams go. */
export type RemoteEnd =
  | { kind: 'address'; address: string; zone?: string; port: number }
  /** A host name, which is resolved again and again. */
  | { kind: 'name'; name: string; port: number }
  | { kind: 'dynamic' }
  | { kind: 'via'; peer: string };

export interface LinkConfig {
  /** 0–7, equal at both ends. */
  id: number;
  description?: string;
  local?: LocalEnd;
  remote?: RemoteEnd;
  /** 0–255, higher wins. */
  priority?: number;
  /** Milliseconds, and heartbeats in a row before the link is used again. */
  timers?: { interval: number; hold: number; upAfter?: number };
  /** false: off; absent: as the interface says. */
  damping?: DampingConfig | false;
  quality?: QualityConfig | false;
  /** Kept empty of frames while others work. */
  drain?: boolean;
  /** Bytes of the outer IP packet; absent or `auto`: found out. */
  mtu?: number | 'auto';
  /** Differentiated services code point of the datagrams, 0–63. */
  dscp?: number;
  /** Mark of the datagrams for the host's routing rules and filters, 1 to 2^32 − 1. */
  fwmark?: number;
  /** Forward error correction: datagrams for each parity datagram, or as many as the loss asks for. */
  fec?: number | 'auto';
  shutdown?: boolean;
}

/** Frames that are sent over two links; {} says none, an absent one what the interface says. */
export interface DuplicateConfig {
  /** Bytes of a frame up to which it is. */
  small?: number;
  /** ARP, neighbour discovery, DHCP. */
  control?: true;
  /** Code points, ascending. */
  dscp?: number[];
}

/** What may not come from behind a peer; absent fields: it may. */
export interface GuardConfig {
  /** Addresses bound neither here nor by DHCP. */
  source?: true;
  dhcpServer?: true;
  /** Router advertisements. */
  ra?: true;
  /** Queries for memberships, and what else multicast routers say. */
  multicastRouter?: true;
  /** Frames of stations beyond so many. */
  macLimit?: number;
  /** Addresses with the MAC addresses, in lower-case colon form, that may use them. */
  bindings?: { address: string; mac: string }[];
}

/** A station whose port is known for certain. */
export interface StaticMac {
  /** Lower-case colon form. */
  mac: string;
  /** Absent: untagged. */
  vlan?: number;
  /** Name of the peer behind which it is; absent: behind the TAP. */
  peer?: string;
}

/** What a port carries. A port without: every frame as it is. */
export type VlanConfig =
  /** One VLAN, its frames without a tag. */
  | { mode: 'access'; vlan: number }
  /** Several, tagged but for the native one. `allowed`: a list such as `10,20-30`, ascending; absent: all. */
  | { mode: 'trunk'; native?: number; allowed?: string };

/** Where multicast goes; absent fields: the default. */
export interface MulticastConfig {
  snooping?: boolean;
  /** Where groups go that nobody has asked for. */
  unregistered?: 'flood' | 'routers';
  fastLeave?: true;
  /** There is a multicast router behind the TAP. */
  router?: true;
  /** Ask while nobody else does, every `interval` seconds, from this IPv4 address or 0.0.0.0. */
  querier?: { interval: number; address?: string };
}

/** A peer, or a template of peers: that has no keys and no template of its own. */
export interface PeerConfig {
  name: string;
  description?: string;
  /** Name of the template that says what the peer itself does not. */
  template?: string;
  /** Base64 of 32 bytes. */
  publicKey?: string;
  presharedKeyFile?: string;
  policy?: Policy;
  /** Of the policy `active`: by how many links; absent: by all. */
  copies?: number;
  duplicate?: DuplicateConfig;
  /** There is a multicast router behind it. */
  multicastRouter?: true;
  guard?: GuardConfig;
  /** How much may come from it of what is flooded; absent fields: any. */
  stormControl?: { [K in StormKind]?: StormRate };
  /** Group of peers between which frames are not switched, 0–255; false: in none. */
  splitHorizon?: number | false;
  vlan?: VlanConfig;
  /** The uplink group that it is a server of, and its priority there, 0–255, higher wins. */
  uplink?: { group: string; priority?: number };
  /** It may be introduced to other clients of this host; absent: as the interface says. */
  introduce?: boolean;
  /** Make direct links to others that it introduces; for those holds the template, if there is one. */
  direct?: { template?: string };
  links: LinkConfig[];
  shutdown?: boolean;
}

/** The file of clients that are admitted without a block of their own. */
export interface AuthorizedKeysConfig {
  /** Absolute path. */
  file: string;
  /** Template of the clients whose line names none. */
  template?: string;
}

/** Where members of the network are registered, and how this host takes part. */
export interface RegistryConfig {
  /** URLs of members of the etcd cluster, without a path, in the order in which they are tried. */
  servers: string[];
  /** Before the keys of all records; absent: `/octolink/` and the name of the interface. */
  prefix?: string;
  /** Name under which this host registers; absent: its host name. */
  name?: string;
  /** Template of the members' peers; absent: that of `authorizedKeys`. */
  template?: string;
  /** Absolute paths of files in PEM. */
  caFile?: string;
  certificate?: { file: string; keyFile: string };
  user?: { name: string; passwordFile: string };
  /** Whom to believe: members whose keys `authorizedKeys` lists (absent), or whoever can write to the registry. */
  trust?: 'authorized-keys' | 'any-record';
  /** Signing keys of members that may revoke others. */
  revokers?: string[];
}

/** A network authority whose certificates admit clients. */
export interface AuthorityConfig {
  /** Ed25519 public key, base64. */
  key: string;
  /** Only those whose certificate has this group. */
  group?: string;
  /** Template of those who come by it. */
  template?: string;
}

export interface InterfaceConfig {
  name: string;
  description?: string;
  privateKeyFile?: string;
  /** CIDR notation, in the order given. */
  addresses: string[];
  mtu?: number;
  /** Lower-case colon form; absent: derived from the public key. */
  mac?: string;
  bridge?: string;
  listenPort?: number;
  policy?: Policy;
  copies?: number;
  duplicate?: DuplicateConfig;
  /** For links that say nothing themselves; false: off; absent: the default. */
  damping?: DampingConfig | false;
  quality?: QualityConfig | false;
  /** Introduce peers that talk to each other, unless they say otherwise. */
  introduce?: boolean;
  /** Uplink groups that move back to a better server once it has been ready for `preemptDelay` seconds. */
  uplinkGroups?: { name: string; preemptDelay: number }[];
  aead?: AeadChoice;
  /** MAC table: ageing in seconds and size in entries. */
  macAgeing?: number;
  macLimit?: number;
  staticMacs?: StaticMac[];
  /** Of the TAP. */
  vlan?: VlanConfig;
  /** Frames to reserved groups that are forwarded, in the order of `RESERVED_KINDS`. */
  forwardReserved?: ReservedKind[];
  multicast?: MulticastConfig;
  /** Answer ARP requests and neighbour solicitations for stations that are known. */
  arpSuppression?: true;
  /** Bandwidth tests that peers ask for; `sendMbps`: we may send them as much; absent: we only receive; false: none. */
  bandwidthTest?: { sendMbps: number } | false;
  /** Look for loops; absent: while the TAP is in a bridge. */
  loopGuard?: boolean;
  /** Clamp the MSS of TCP SYNs so that segments fit one datagram; absent: on. */
  mssClamp?: boolean;
  /** Ring of a peer that sends much, in MiB, and the age in ms up to which datagrams are sent again. */
  resendBuffer?: number;
  resendAge?: number;
  /** Seconds until a larger path MTU is tried again. */
  mtuRaise?: number;
  /** Hand on datagrams between peers whose links go via this host; absent: on. */
  relay?: boolean;
  /** Keep the TAP when the daemon ends. */
  persist?: boolean;
  scheduling?: 'realtime' | 'normal';
  /** Threads of the datapath; absent: as many as the processors suggest. */
  workers?: number | 'auto';
  /** Offloads that are forced off. */
  disabledOffloads: OffloadName[];
  authorizedKeys?: AuthorizedKeysConfig;
  registry?: RegistryConfig;
  /** In the order in which they are asked; absent: none. */
  authorities?: AuthorityConfig[];
  /** Public keys, base64, that no certificate admits. */
  revokedKeys?: string[];
  /** Absolute path of the certificate that this host shows. */
  certificateFile?: string;
  /** Heartbeats a second that clients may take. */
  heartbeatBudget?: number;
  /** Settings that peers and clients take by name; absent: none. */
  peerTemplates?: PeerConfig[];
  peers: PeerConfig[];
  /** Routers' idiom: an interface is down until `no shutdown`. True only when `no shutdown` was said. */
  enabled: boolean;
}

/** How much is logged: each level with those before it. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** Where log lines go, by UDP. */
export interface SyslogServer {
  /** An IP address, or a host name that is looked up. */
  host: string;
  port: number;
}

/** A name for a command of exec mode. */
export interface Alias {
  name: string;
  line: string;
}

export interface Config {
  hostname?: string;
  /** What people are told when they begin. */
  banner?: string;
  aliases?: Alias[];
  logLevel?: LogLevel;
  syslog?: SyslogServer[];
  /** Absolute path of a program that is run for each event; absent: none. */
  eventHandler?: string;
  /** Of how many links, the first ones configured, history and metrics are kept. */
  historyLinks?: number;
  /** Where metrics are served by HTTP; absent: nowhere. */
  metrics?: { address: string; port: number };
  /** Where the web page is served; absent: nowhere. */
  web?: { address: string; port: number };
  interfaces: InterfaceConfig[];
}
