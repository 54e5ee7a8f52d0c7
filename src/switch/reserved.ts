/** Groups that no bridge forwards unasked (IEEE 802.1Q-2022 table 8-1), by what is sent to them. */
import { RESERVED } from '../contract/port-settings.js';

const ETHERTYPE_LLDP = 0x88cc;
const ETHERTYPE_PTP = 0x88f7;
const ETHERTYPE_SLOW_PROTOCOLS = 0x8809;
/** Last byte of the address: bridges of customers, and of providers. */
const BRIDGE_GROUP = 0x00;
const PROVIDER_BRIDGE_GROUP = 0x08;
/** PAUSE is between two ports of one cable. */
const PAUSE_GROUP = 0x01;

/** The bit of `RESERVED` for a frame to a reserved group, given the lower half of its address and its EtherType. */
export function reservedKind(low: number, etherType: number): number {
  const group = low & 0x0f;
  if (group === PAUSE_GROUP) return 0;
  if (etherType === ETHERTYPE_LLDP) return RESERVED.lldp;
  if (etherType === ETHERTYPE_PTP) return RESERVED.ptp;
  if (etherType === ETHERTYPE_SLOW_PROTOCOLS) return RESERVED.lacp;
  return group === BRIDGE_GROUP || group === PROVIDER_BRIDGE_GROUP ? RESERVED.bpdu : RESERVED.others;
}
