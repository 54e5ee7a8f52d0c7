/** What `show guards` says. */

/** An address that may come from behind a guarded peer. */
export interface GuardBinding {
  address: string;
  mac: string;
  /** Until what DHCP gave ends; null: configured, or given for ever. */
  expiresSeconds: number | null;
}

export interface GuardStatus {
  interface: string;
  peer: string;
  source: boolean;
  dhcpServer: boolean;
  ra: boolean;
  /** Frames dropped by each guard; `opaque`: those that no guard could look through. */
  drops: { source: number; dhcpServer: number; ra: number; opaque: number };
  bindings: GuardBinding[];
}
