/** Random frames as a kernel with offloads gives them to a TAP, and what must come out at the other end. */
import fc from 'fast-check';
import { GSO } from '../../src/datapath/offload/virtio.js';
import {
  type Built,
  build,
  buildRun,
  fillPayload,
  naiveSum,
  type Packet,
  packets,
} from '../datapath/packets.js';
import { type Tunnelled, tunnelled, wrap } from '../datapath/tunnels.js';
import { ethernet, stationOf, withVirtio } from './frames.js';

export interface KernelFrame {
  /** Virtio header and frame. */
  readonly record: Uint8Array;
  /** The frames that it stands for, checksums complete, when it is cut by `gsoSize` (for a super-frame). */
  expected(gsoSize: number): Uint8Array[];
  /** Of a super-frame; 0 for others. */
  readonly gsoSize: number;
  readonly headerLength: number;
  readonly isTcp: boolean;
  /** Whether it is in a tunnel over UDP. */
  readonly isTunnel: boolean;
  /** What a failed property prints. */
  [fc.toStringMethod](): string;
}

/** The frame with its checksum as a kernel leaves it to the device: the sum of the pseudo-header only. */
function withPartialChecksum(built: Pick<Built, 'frame' | 'l4' | 'csumOffset'>): Uint8Array {
  const frame = built.frame.slice();
  const field = built.l4 + built.csumOffset;
  const full = (frame[field] << 8) | frame[field + 1];
  frame[field] = 0;
  frame[field + 1] = 0;
  const rest = naiveSum(frame.subarray(built.l4));
  const partial = (0xffff - full + 0xffff - rest) % 0xffff;
  frame[field] = partial >> 8;
  frame[field + 1] = partial;
  return frame;
}

function facts(built: Pick<Built, 'headerLength' | 'l4' | 'csumOffset'>, gsoType: number, gsoSize: number) {
  const { headerLength, l4: csumStart, csumOffset } = built;
  return { gsoType, gsoSize, headerLength: gsoType === GSO.NONE ? 0 : headerLength, csumStart, csumOffset };
}

export function superFrame(packet: Packet, gsoSize: number): KernelFrame {
  const built = build(packet);
  const isTcp = packet.protocol === 'tcp';
  const gsoType = isTcp ? (packet.version === 4 ? GSO.TCPV4 : GSO.TCPV6) : GSO.UDP_L4;
  return {
    record: withVirtio(withPartialChecksum(built), facts(built, gsoType, gsoSize)),
    expected: (size) =>
      Array.from({ length: Math.ceil(packet.payload.length / size) }, (_, index) => {
        return buildRun(packet, size, index, index).frame;
      }),
    gsoSize,
    headerLength: built.headerLength,
    isTcp,
    isTunnel: false,
    [fc.toStringMethod]: () => {
      const { version, protocol, tags, payload } = packet;
      return `${protocol}/IPv${version}, ${tags} tags, ${payload.length} bytes cut by ${gsoSize}`;
    },
  };
}

/** What a VXLAN or Geneve device of the kernel hands over: the checksums inside and outside are both partial. */
export function tunnelFrame(tunnel: Tunnelled, gsoSize: number): KernelFrame {
  const { inner, outer, hasChecksum } = tunnel;
  const built = build(inner);
  const whole = wrap(tunnel, built, 0);
  const { tunnelL4, innerL3, innerL4, headerLength } = whole;
  const isTcp = inner.protocol === 'tcp';
  const innerType = isTcp ? (inner.version === 4 ? GSO.TCPV4 : GSO.TCPV6) : GSO.UDP_L4;
  const gsoType = innerType | (outer.version === 4 ? GSO.TUNNEL_V4 : GSO.TUNNEL_V6);
  const place = { headerLength, l4: innerL4, csumOffset: built.csumOffset };
  const frame = hasChecksum
    ? withPartialChecksum({ frame: whole.frame, l4: tunnelL4, csumOffset: 6 })
    : whole.frame;
  const record = withVirtio(withPartialChecksum({ ...place, frame }), facts(place, gsoType, gsoSize));
  const view = new DataView(record.buffer);
  view.setUint16(20, tunnelL4, true);
  view.setUint16(22, innerL3, true);
  return {
    record,
    expected: (size) =>
      Array.from({ length: Math.ceil(inner.payload.length / size) }, (_, index) => {
        return wrap(tunnel, buildRun(inner, size, index, index), index).frame;
      }),
    gsoSize,
    headerLength,
    isTcp,
    isTunnel: true,
    [fc.toStringMethod]: () => {
      const checksum = hasChecksum ? 'with' : 'without';
      const { protocol, version, payload } = inner;
      const inside = `${protocol}/IPv${version}, ${payload.length} bytes cut by ${gsoSize}`;
      return `tunnel over IPv${outer.version} ${checksum} checksum, ${headerLength} bytes of headers: ${inside}`;
    },
  };
}

function plain(record: Uint8Array, frame: Uint8Array): KernelFrame {
  return {
    record,
    expected: () => [frame],
    gsoSize: 0,
    headerLength: 0,
    isTcp: false,
    isTunnel: false,
    [fc.toStringMethod]: () => `frame of ${frame.length} bytes: ${frame.subarray(0, 54).join(' ')}`,
  };
}

export function plainPacket(packet: Packet, isPartial: boolean): KernelFrame {
  const built = build(packet);
  const record = isPartial
    ? withVirtio(withPartialChecksum(built), facts(built, GSO.NONE, 0))
    : withVirtio(built.frame);
  return plain(record, built.frame);
}

/** A frame of any EtherType that nobody can look into. */
export function opaque(length: number, etherType: number, salt: number): KernelFrame {
  const frame = ethernet(stationOf(1), stationOf(0), etherType, fillPayload(length - 14, salt));
  return plain(withVirtio(frame), frame);
}

/** IPv6 and UDP headers, sealed overhead, SEGMENT header: the segments of a super-frame that fit a path. */
export const SEGMENT_AROUND = 28 + 32 + 11;
/** Offsets in a SEGMENT of a tunnel. */
const TUNNEL_OFFSETS = 2;
/** Longer headers do not fit a SEGMENT: such super-frames go as frames of their own. */
const LONGEST_HEADERS = 255;

/**
 * What arrives of frames over a path of `mtu` bytes: TCP segments too large for it are cut to what fits; everything else
 * keeps its borders.
 */
export function expected(frames: readonly KernelFrame[], mtu: number): Uint8Array[] {
  return frames.flatMap((frame) => {
    const { gsoSize, headerLength, isTcp, isTunnel } = frame;
    const room = mtu - SEGMENT_AROUND - (isTunnel ? TUNNEL_OFFSETS : 0) - headerLength;
    const isCut = isTcp && headerLength <= LONGEST_HEADERS;
    return frame.expected(isCut ? Math.min(gsoSize, room) : gsoSize);
  });
}

/** UDP super-frames have 64 segments at most, on newer kernels 128. */
const UDP_SEGMENTS = 128;

/** Frames of every kind; payloads of super-frames have up to `most` bytes. */
export function kernelFrames(most: number): fc.Arbitrary<KernelFrame> {
  const opaques = fc
    .tuple(
      fc.oneof(fc.integer({ min: 14, max: 300 }), fc.integer({ min: 14, max: 65_535 })),
      fc.integer({ min: 0, max: 0xffff }),
      fc.integer({ min: 0, max: 255 }),
    )
    // A length in place of an EtherType is as good; IP and VLAN types have contents of their own below.
    .filter(([, etherType]) => ![0x0800, 0x86dd, 0x8100, 0x88a8].includes(etherType))
    .map(([length, etherType, salt]) => opaque(length, etherType, salt));
  const plains = fc
    .tuple(packets(3000), fc.boolean())
    .map(([packet, partial]) => plainPacket(packet, partial));
  const supers = fc
    .tuple(packets(most), fc.integer({ min: 8, max: 9000 }))
    .filter(([packet, size]) => packet.protocol === 'tcp' || packet.payload.length <= size * UDP_SEGMENTS)
    .map(([packet, size]) => superFrame(packet, size));
  const tunnels = fc
    .tuple(tunnelled(most), fc.integer({ min: 8, max: 9000 }))
    .filter(([{ inner }, size]) => inner.protocol === 'tcp' || inner.payload.length <= size * UDP_SEGMENTS)
    .map(([tunnel, size]) => tunnelFrame(tunnel, size));
  return fc.oneof(opaques, plains, supers, tunnels);
}
