/** What `show multicast` says. */

/** A port of the switch that wants a group. */
export interface MulticastMember {
  /** null: the TAP. */
  peer: string | null;
  /** Until its membership ends unless it is renewed. */
  expiresSeconds: number;
}

export interface MulticastGroup {
  /** 0: untagged. */
  vlan: number;
  group: string;
  members: MulticastMember[];
}

/** Who asks which groups are wanted. */
export interface MulticastQuerier {
  vlan: number;
  family: 'ipv4' | 'ipv6';
  address: string;
  /** Where it is: this host's daemon itself, the TAP, or a peer. */
  port: 'self' | 'tap' | 'peer';
  peer: string | null;
  /** Whether multicast goes only where it is wanted; false while answers to the first question may be missing. */
  settled: boolean;
  expiresSeconds: number;
}

/** A port that gets all groups: a multicast router is there. */
export interface MulticastRouterPort {
  /** null: the TAP. */
  peer: string | null;
  families: ('ipv4' | 'ipv6')[];
  /** Configured, not heard. */
  static: boolean;
}

export interface MulticastStatus {
  interface: string;
  snooping: boolean;
  /** Groups that nobody has asked for go to all ports, or to routers only. */
  unregistered: 'flood' | 'routers';
  fastLeave: boolean;
  /** Seconds between the questions of the daemon's own querier; null: it has none. */
  querierInterval: number | null;
  queriers: MulticastQuerier[];
  routerPorts: MulticastRouterPort[];
  /** Peers (null: the TAP) that get everything: not all behind them were asked yet, or they want more groups than are kept. */
  unsettled: (string | null)[];
  groups: MulticastGroup[];
}
