/** What the control thread sets of multicast in the switch. */

/** This switch as a querier. */
export interface QuerierSettings {
  /** Seconds between two general queries. */
  intervalS: number;
  /** IPv4 address that IGMP queries come from, as a number; 0: 0.0.0.0. */
  address: number;
}

export interface MulticastSettings {
  /** Send multicast only where it was asked for. */
  snooping: boolean;
  /** Flood groups that nobody has asked for; else they go to routers only. */
  floodsUnregistered: boolean;
  /** A leave ends a membership at once. */
  fastLeave: boolean;
  /** There is a multicast router behind the TAP. */
  localRouter: boolean;
  querier: QuerierSettings | null;
}
