/** Uplink groups, as they cross between control thread and worker. */
import type { UplinkCause, UplinkRole } from '../api/uplinks.js';

/** How a peer stands in an uplink group, at either end; bits. */
export const AT_REST = {
  /** It is an uplink, and another one of its group carries. */
  UPLINK: 1,
  /** We are an uplink of it, and another one carries. */
  DOWNLINK: 2,
  /** It was told, or is to be told, that it is a standby uplink: what it floods comes from another one as well. */
  TOLD: 4,
  /** It carries from now on, but has not said yet that it knows: what is flooded still comes from the one before. */
  UNCONFIRMED: 8,
} as const;

/** Frames do not go to such a peer, and nothing is learned from it. */
export const IS_AT_REST = AT_REST.UPLINK | AT_REST.DOWNLINK;
/** Floods of such a peer come from another one as well. */
export const FLOODS_TWICE = AT_REST.TOLD | AT_REST.UNCONFIRMED;

/** Of a peer that is an uplink. */
export interface UplinkSettings {
  group: string;
  /** Higher wins. */
  priority: number;
}

/** How a group decides; absent groups never preempt. */
export interface UplinkGroupSettings {
  name: string;
  /** For how long a better peer must be ready before it takes over, in µs. */
  preemptUs: number;
}

/** Another peer of a group carries. Peers are rows; -1 before the first. */
export interface UplinkMoved {
  kind: 'uplink';
  group: string;
  peer: number;
  before: number;
  cause: UplinkCause;
  atUs: number;
}

/** One group as the worker sees it. */
export interface UplinkRow {
  group: string;
  /** Row of the peer that carries, or did last; -1 before the first. */
  active: number;
  cause: UplinkCause;
  /** For how long it has, in µs. */
  ageUs: number;
  moves: number;
  preemptUs: number | null;
  members: { peer: number; priority: number; role: UplinkRole }[];
}
