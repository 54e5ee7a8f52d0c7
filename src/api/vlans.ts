/** What `show vlan` says. */

/** A port that carries a VLAN. `transparent`: it carries every frame as it is. */
export interface VlanMember {
  /** Name of the peer; null: the TAP. */
  peer: string | null;
  mode: 'tagged' | 'untagged' | 'transparent';
}

export interface VlanStatus {
  interface: string;
  /** 0: frames without a tag, which pass between transparent ports. */
  vlan: number;
  /** The TAP and the peers of the configuration that carry it. */
  members: VlanMember[];
  /** How many clients of `authorized-keys` that are connected carry it. */
  clients: number;
  /** MAC addresses known in it. */
  macs: number;
}
