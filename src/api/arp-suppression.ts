/** What `show arp-suppression` says. */

/** An IP address whose station is known. */
export interface KnownAddress {
  /** 0: untagged. */
  vlan: number;
  address: string;
  mac: string;
  /** null: the TAP. */
  peer: string | null;
  /** Of a `duplicate` two stations say that it is theirs: questions for it are flooded. */
  state: 'known' | 'duplicate';
  /** It has said that it is an IPv6 router. */
  router: boolean;
  /** Until it is forgotten unless its station names it again; of a duplicate until it may be known again. */
  expiresSeconds: number;
}

export interface ArpSuppressionStatus {
  interface: string;
  /** `arp-suppression` is configured. */
  active: boolean;
  /** ARP requests and neighbour solicitations that were answered here. */
  answered: number;
  /** How often two stations have claimed one address. */
  duplicates: number;
  addresses: KnownAddress[];
}
