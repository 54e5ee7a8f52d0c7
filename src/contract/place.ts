/** Facts of this host's interfaces, addresses and routes, and where links want to be. Plain data, so that it crosses threads. */

/** An IP address: the four words of `PATH.ADDR`, of which IPv4 uses the first. */
export interface Address {
  family: 4 | 6;
  words: readonly number[];
}

export interface InterfaceFacts {
  /** Its name, then its alternative names. */
  names: readonly string[];
  /** Administratively up, and with carrier. */
  running: boolean;
  /** Index of the bridge, bond or VRF that it is a port of; 0: none. */
  master: number;
  /** Index of the interface that it stands on, as a VLAN does; 0: none. */
  lower: number;
  /** Ports of a VRF send by themselves, not by the VRF. */
  isVrf: boolean;
}

/** What the kernel says: of one thing, or that it begins or ends to tell everything there is. */
export type KernelFact =
  | { what: 'begin' | 'end' }
  | { what: 'interface'; index: number; facts: InterfaceFacts }
  | { what: 'interface-gone'; index: number }
  | {
      what: 'address';
      index: number;
      address: Address;
      /** It can be sent from. */
      isPresent: boolean;
      /** It cannot, because another host uses it as well (RFC 4862 section 5.4.5). */
      isDuplicate: boolean;
    };

/** The local end that a link is configured with. */
export type LocalWish =
  | { kind: 'any' }
  /** `zone`: name of the interface on which a link-local address is meant; null: any that has it. */
  | { kind: 'address'; address: Address; zone: string | null }
  | { kind: 'interface'; name: string };

/** What the routing table says of a link's remote end. */
export type Route = { kind: 'unknown' } | { kind: 'none' } | { kind: 'via'; ifindex: number };
