/**
 * The words for what a link does and why, in answers and events. The datapath counts in their places in these lists.
 */

/**
 * States of a link. `damped`: works, but went down too often of late; `draining` and `drained`: the operator takes it
 * out of use. These three carry frames only while no other link is up.
 */
export const LINK_STATES = [
  'down',
  'one-way',
  'up',
  'shutdown',
  'waiting',
  'damped',
  'draining',
  'drained',
] as const;
export type LinkState = (typeof LINK_STATES)[number];

/** States in which both directions of a link work: the peer can be reached by it. */
export const ALIVE_STATES: ReadonlySet<LinkState> = new Set(['up', 'damped', 'draining', 'drained']);

/** Why a link changed state; index as in the shared statistics. */
export const LINK_CAUSES = [
  'configured',
  'beats-heard',
  'hold-time-expired',
  'peer-does-not-hear-us',
  'carrier-lost',
  'address-removed',
  'send-error',
  'peer-reported-down',
  'peer-said-goodbye',
  'session-lost',
  'administratively-down',
  'path-unknown',
  'path-moved',
  'flapping',
  'damping-over',
  'too-lossy',
  'too-slow',
  'quality-restored',
  'administratively-drained',
  'peer-drains',
  'nothing-under-way',
  'no-other-link',
  'undrained',
  'removed',
  'worker-died',
  'interface-absent',
  'address-absent',
  'no-carrier',
  'no-ipv6',
  'no-route',
  'recursive-route',
  'name-unresolved',
  'address-duplicate',
] as const;
export type LinkCause = (typeof LINK_CAUSES)[number];

/** What was known of a link when it changed its state. Null: never measured. */
export interface LinkFacts {
  /** Time since anything came by the link, in µs. */
  heardUsAgo: number | null;
  /** Heartbeats of the peer that were due in that time and did not come. */
  beatsMissed: number;
  /** Heartbeats heard in a row before the change. */
  beatsHeard: number;
  /** How much of the silence was our own: the thread woke late, or the machine was suspended. In µs. */
  ownStallUs: number;
  /** Hold time in force, in µs. */
  holdUs: number;
  /** What the peer's last heartbeat said of the other direction. */
  peerHearsUs: boolean | null;
  rttUs: number | null;
  jitterUs: number | null;
  lossOutPermille: number | null;
  lossInPermille: number | null;
  /** For how long damping holds the link back from now on, in µs; 0 when it does not. */
  dampedUs: number;
}
