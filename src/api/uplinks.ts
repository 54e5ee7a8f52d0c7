/** Uplink groups: several servers of which one carries. */

/** Why a peer carries the frames of its group. */
export type UplinkCause =
  | 'first-reachable'
  | 'active-lost'
  | 'active-silent'
  | 'active-drains'
  | 'preempted'
  | 'reconfigured';

/** What a peer of an uplink group does: it carries, could carry, could while no other can, has fallen silent, or cannot. */
export type UplinkRole = 'active' | 'standby' | 'draining' | 'silent' | 'unreachable';

export interface UplinkStatus {
  interface: string;
  group: string;
  /** The peer that carries, or did last while none can; null before the first. */
  active: string | null;
  cause: UplinkCause;
  /** For how long. */
  activeSeconds: number | null;
  /** How often another peer took over. */
  moves: number;
  /** Seconds for which a peer of higher priority must be ready before it takes over; null: it does not. */
  preemptDelay: number | null;
  members: UplinkMemberStatus[];
}

export interface UplinkMemberStatus {
  peer: string;
  priority: number;
  role: UplinkRole;
}
