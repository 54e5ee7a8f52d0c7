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
  /** null: the TAP, which has no guards but static MAC addresses of peers. */
  peer: string | null;
  source: boolean;
  dhcpServer: boolean;
  ra: boolean;
  multicastRouter: boolean;
  /** How many stations may be learned behind it; null: any number. */
  macLimit: number | null;
  /**
   * Frames dropped by each guard; `opaque`: those that no guard could look through; `staticMac`: from MAC addresses that are
   * static elsewhere; `macLimit`: from stations that were too many.
   */
  drops: {
    source: number;
    dhcpServer: number;
    ra: number;
    multicastRouter: number;
    opaque: number;
    staticMac: number;
    macLimit: number;
  };
  bindings: GuardBinding[];
}
