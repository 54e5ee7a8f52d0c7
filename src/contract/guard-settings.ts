/** What the control thread sets of the guards of a peer. */
export interface GuardSettings {
  /** Addresses must be bound: to the peer by configuration, or to a station behind it by DHCP. */
  source: boolean;
  /** No DHCP server may be behind the peer. */
  dhcpServer: boolean;
  /** No router may advertise itself from behind the peer. */
  ra: boolean;
  /** No multicast router or querier may speak from behind the peer. */
  multicastRouter: boolean;
  /** Four words of an address (IPv4 after ::ffff:0:0/96), then 16 and 32 bits of a MAC address, each. */
  bindings: readonly (readonly number[])[];
}
