/** What the control thread sets in the switch: of a port, which is a peer, and of the switch as a whole. */
import type { DirectSettings } from './directs.js';
import type { GuardSettings } from './guard-settings.js';

/** Ports that are no peers, whose numbers are their rows: the TAP of an interface, and its switch itself. */
export const PORT = { TAP: -1, SWITCH: -2 } as const;

/** In no split-horizon group. */
export const NO_GROUP = -1;

/** A station that stays at its port, learned or not. */
export interface StaticMac {
  /** 0: untagged. */
  vlan: number;
  /** The first 16 and the last 32 bits of its address. */
  high: number;
  low: number;
}

/** How much of a kind of frames may come from a peer. */
export interface StormLimit {
  /** Frames or bytes. */
  perSecond: number;
  isBytes: boolean;
}

/** What a port carries that is not transparent. */
export interface VlanSettings {
  /** The VLAN whose frames have no tag there; 0: none. */
  native: number;
  /** First and last of VLANs, 1-4094, whose frames are tagged there. */
  tagged: readonly (readonly [number, number])[];
}

/** A peer as a port of the switch. */
export interface PortSettings {
  /** Split-horizon group, 0–255: frames do not pass between peers of one group. `NO_GROUP`: they pass to and from all. */
  splitHorizon: number;
  /** There is a multicast router behind it. */
  multicastRouter: boolean;
  /** null: not guarded. */
  guard: GuardSettings | null;
  /** Stations that may be learned there; 0: any number. */
  macLimit: number;
  /** By kind, in the order of `STORM_KINDS`; null: any amount. */
  storm: readonly (StormLimit | null)[];
  statics: readonly StaticMac[];
  /** null: frames as they are. */
  vlan: VlanSettings | null;
  direct: DirectSettings;
}

/** Kinds of frames to reserved groups, as bits. */
export const RESERVED = { bpdu: 1, lldp: 2, lacp: 4, ptp: 8, others: 16 } as const;

/** The switch of an interface. */
export interface SwitchSettings {
  macAgeingS: number;
  macLimit: number;
  /** Stations behind the TAP. */
  statics: readonly StaticMac[];
  /** What the TAP carries; null: frames as they are. */
  vlan: VlanSettings | null;
  /** Whether loops are looked for; null: while the TAP is in a bridge. */
  loopGuard: boolean | null;
  /** Answer ARP requests and neighbour solicitations for stations that are known. */
  arpSuppression: boolean;
  /** Bits of `RESERVED`: frames to reserved groups that are forwarded. */
  reserved: number;
}
