/** What the control thread sets in the datapath. */
import type { Policy } from '../api/config.js';
import type { MulticastSettings } from './multicast-settings.js';
import type { LocalWish } from './place.js';
import type { PortSettings, SwitchSettings } from './port-settings.js';
import type { UplinkGroupSettings, UplinkSettings } from './uplinks.js';

/** A link as the datapath needs it. */
export interface LinkSettings {
  /** Rows of its sockets for IPv4 and IPv6; -1: none (its interface is absent, say). */
  sockets: readonly [number, number];
  /** Its local end; null for a link that goes through another peer. */
  local: LocalWish | null;
  /** Words of `PATH` but for the local end; family 0 while the remote end is unknown (dynamic) or a name. */
  path: number[];
  /** Name of the interface on which a link-local remote end is meant; null: as the local end says. */
  zone: string | null;
  /** Where the remote end is a host name: that name, and the paths to what it was resolved to, in order of preference. */
  named: { name: string; paths: readonly number[][] } | null;
  priority: number;
  intervalUs: number;
  holdUs: number;
  /** Largest packet, IP header included, in bytes; 0: to be found out. */
  mtu: number;
  /** What the kernel says of the route's MTU; 0 while it says nothing. */
  routeMtu: number;
  shutdown: boolean;
  /** The peer sets the pace of heartbeats; `intervalUs` is the shortest interval that it may ask for. */
  paceByPeer: boolean;
  /** Forward error correction: datagrams for each parity datagram; 0: none, 1: by the loss measured. */
  parity: number;
  /** Heartbeats in a row after which a link is used again while another one carries the traffic. */
  upAfter: number;
  /** How flapping is held back; null: not at all. */
  damping: DampingSettings | null;
  /** The operator wants it empty, but alive. */
  drain: boolean;
  /** From when on it is grey: no good although it answers; null: never. */
  quality: QualitySettings | null;
}

export interface DampingSettings {
  /** Time in which a penalty falls to half, in µs. */
  halfLifeUs: number;
  /** Penalty from which a link is held back. */
  suppress: number;
  /** Penalty under which it is used again; below `suppress`. */
  reuse: number;
  /** Longest time for which it is held back after its last loss, in µs. */
  maxUs: number;
}

export interface QualitySettings {
  /** Loss toward the peer from which a link is grey, in permille. */
  lossPermille: number;
  /** How much slower than the fastest other link, round trip, makes a link grey; in µs. */
  delayUs: number;
}

/** Which frames are sent twice. Nothing: 0, false, []. */
export interface DuplicateSettings {
  /** Frames of up to this many bytes, without FCS; 0 for none. */
  smallBytes: number;
  /** ARP, IPv6 neighbour discovery and DHCP. */
  control: boolean;
  /** Differentiated services code points (RFC 2474), 0–63. */
  dscp: readonly number[];
}

/** A peer as the datapath needs it. */
export interface PeerSettings {
  policy: Policy;
  /** By how many links `active` sends; 0: by all. */
  copies: number;
  duplicate: DuplicateSettings;
  /** The group of servers that it belongs to, of which one carries; null: none. */
  uplink: UplinkSettings | null;
  /** The first 48 bits of the public key, by which relays know the peer; 0 without a key. */
  name: number;
  port: PortSettings;
}

export interface SocketSettings {
  fd: number;
  port: number;
}

/** Settings of the interface as a whole. */
export interface DatapathSettings {
  switch: SwitchSettings;
  /** MTU of the TAP, in bytes. */
  tapMtu: number;
  /** Version of this program: three numbers. */
  version: readonly number[];
  mssClamp: boolean;
  multicast: MulticastSettings;
  /** Bytes of the ring that a peer which sends much has for itself, and the age up to which anything is sent again. */
  resendBytes: number;
  resendAgeUs: number;
  /** Seconds until a larger path MTU is tried again. */
  mtuRaiseS: number;
  /** Heartbeats a second that clients may take, at the pace that they set, before they are asked for a slower one. */
  heartbeatBudget: number;
  /** Hand on datagrams between peers whose links go via this host. */
  relay: boolean;
  /** Uplink groups that preempt. */
  uplinkGroups: readonly UplinkGroupSettings[];
  /** Send equal datagrams as one message, until a device refuses it. */
  udpGso: boolean;
  /** The TAP was granted these; without them frames are finished in software. */
  tapChecksum: boolean;
  tapTso: boolean;
  tapUso: boolean;
  tapTunnel: boolean;
}
