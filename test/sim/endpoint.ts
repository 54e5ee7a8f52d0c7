/** A virtual UDP socket: its address on an underlay network and what is wrong with it. */
import type { SimNode } from './node.js';

export interface Endpoint {
  readonly node: SimNode;
  /** Row of the node's socket table, which is also the number of the underlay network. */
  readonly row: number;
  readonly fd: number;
  readonly ifindex: number;
  readonly family: 4 | 6;
  /** Four words as in `PATH.ADDR`. */
  address: readonly number[];
  /** Port as others see it; a NAT in front of the socket may give another one. */
  port: number;
  /** MTU of its own interface: larger packets are refused at once with EMSGSIZE. */
  mtu: number;
  hasCarrier: boolean;
  /** Negative errno that every send is answered with; 0 for none. */
  sendError: number;
}

/** Address of a node on an underlay network: 10.N.0.H, or fd00:N::H on the odd ones. */
export function addressOf(network: number, host: number): { family: 4 | 6; address: number[] } {
  const bytes = new Uint8Array(16);
  if (network % 2 === 0) bytes.set([10, network, 0, host + 1]);
  else {
    bytes.set([0xfd, 0, 0, network]);
    bytes[15] = host + 1;
  }
  return { family: network % 2 === 0 ? 4 : 6, address: [...new Int32Array(bytes.buffer)] };
}
