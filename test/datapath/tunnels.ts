/** Packets in tunnels over UDP, built field by field, and random ones of them. */
import fc from 'fast-check';
import { type Built, build, type Packet, packets } from './packets.js';

/** A packet in a tunnel: what carries it, and the tunnel's own header (8 bytes: VXLAN; more: Geneve with options). */
export interface Tunnelled {
  inner: Packet;
  outer: Packet;
  header: number;
  hasChecksum: boolean;
}

/** Random ones; the packet inside has up to `most` bytes of payload. */
export function tunnelled(most: number): fc.Arbitrary<Tunnelled> {
  return fc.record({
    inner: packets(most).map((packet) => ({ ...packet, tags: 0 })),
    outer: packets(1).map((packet): Packet => ({ ...packet, protocol: 'udp' })),
    header: fc.integer({ min: 2, max: 9 }).map((words) => words * 4),
    hasChecksum: fc.boolean(),
  });
}

export interface BuiltTunnel {
  frame: Uint8Array;
  tunnelL4: number;
  innerL3: number;
  /** Where the TCP or UDP header inside begins. */
  innerL4: number;
  headerLength: number;
}

/** A datagram of the tunnel that carries `inner`; `index`: how many came before it from the same super-frame. */
export function wrap({ outer, header, hasChecksum }: Tunnelled, inner: Built, index: number): BuiltTunnel {
  const payload = new Uint8Array(header + inner.frame.length).fill(0x5a, 0, header);
  payload.set(inner.frame, header);
  const built = build({ ...outer, id: (outer.id + index) & 0xffff, payload });
  if (!hasChecksum) built.frame.fill(0, built.l4 + 6, built.l4 + 8);
  const start = built.headerLength + header;
  return {
    frame: built.frame,
    tunnelL4: built.l4,
    innerL3: start + inner.l3,
    innerL4: start + inner.l4,
    headerLength: start + inner.headerLength,
  };
}
