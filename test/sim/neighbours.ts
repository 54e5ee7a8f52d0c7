/** ARP and neighbour discovery as hosts send it, as frames without virtio headers. */
import { addBytes, fold } from '../../src/base/checksum.js';
import { BROADCAST, ethernet } from './frames.js';

const ARP = 0x0806;
const IPV6 = 0x86dd;

interface ArpFields {
  isReply?: boolean;
  /** MAC address that the sender gives itself; default: that of the frame. */
  sender?: Uint8Array;
  to?: Uint8Array;
  vlan?: number;
}

/** `from` asks everybody for `target`, or says that `ip` is its own. Addresses are four bytes. */
export function arp(
  from: Uint8Array,
  ip: readonly number[],
  target: readonly number[],
  more: ArpFields = {},
) {
  const { isReply = false, sender = from, to = BROADCAST, vlan = 0 } = more;
  const op = isReply ? 2 : 1;
  const payload = Uint8Array.of(0, 1, 8, 0, 6, 4, 0, op, ...sender, ...ip, ...new Uint8Array(6), ...target);
  return tagged(ethernet(to, from, ARP, Uint8Array.of(...payload, ...new Uint8Array(18))), vlan);
}

/** `from` asks the solicited-node group of `target` for its MAC address. Addresses are 16 bytes. */
export function solicitation(from: Uint8Array, ip: readonly number[], target: readonly number[]): Uint8Array {
  const group = [0xff, 2, ...new Array(9).fill(0), 1, 0xff, ...target.slice(13)];
  const isProbe = ip.every((byte) => byte === 0);
  const option = isProbe ? [] : [1, 1, ...from];
  const to = Uint8Array.of(0x33, 0x33, ...group.slice(12));
  return ethernet(to, from, IPV6, icmpv6(ip, group, [135, 0, 0, 0, 0, 0, 0, 0, ...target, ...option]));
}

/** `from` says that `ip` is its own, with `flags` (router 0x80, solicited 0x40, override 0x20). */
export function advertisement(from: Uint8Array, ip: readonly number[], flags: number): Uint8Array {
  const group = [0xff, 2, ...new Array(13).fill(0), 1];
  const to = Uint8Array.of(0x33, 0x33, 0, 0, 0, 1);
  return ethernet(to, from, IPV6, icmpv6(ip, group, [136, 0, 0, 0, flags, 0, 0, 0, ...ip, 2, 1, ...from]));
}

function icmpv6(source: readonly number[], target: readonly number[], body: readonly number[]): Uint8Array {
  const packet = Uint8Array.of(0x60, 0, 0, 0, 0, body.length, 58, 255, ...source, ...target, ...body);
  const sum = ~fold(addBytes(packet, 40, body.length, addBytes(packet, 8, 32, 58 + body.length))) & 0xffff;
  packet[42] = sum >> 8;
  packet[43] = sum;
  return packet;
}

function tagged(frame: Uint8Array, vlan: number): Uint8Array {
  if (vlan === 0) return frame;
  return Uint8Array.of(...frame.subarray(0, 12), 0x81, 0, vlan >> 8, vlan, ...frame.subarray(12));
}
