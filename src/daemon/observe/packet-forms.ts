/**
 * What readers of a capture are shown of a packet: super-frames cut into the frames that leave, checksums completed, and
 * sealed datagrams in the IP packet that carries them.
 */
import { writeU16 } from '../../base/bytes.js';
import { fold } from '../../base/checksum.js';
import { PACKET, type Packet } from '../../contract/capture.js';
import { completeChecksum, writeIpv4Checksum } from '../../datapath/offload/checksum.js';
import {
  checksumOffset,
  completeTunnelChecksum,
  SegmentRun,
  segmentHeader,
} from '../../datapath/offload/superframe.js';
import { PATH } from '../../native/ops.js';
import { HeaderInfo, PROTOCOL_UDP, parseHeaders, parseTunnel } from '../../switch/headers.js';

/** Longest packet that an IP header can announce, with its Ethernet header. */
const LONGEST = 65_557;
const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const UDP_HEADER = 8;
const HOP_LIMIT = 64;
const DONT_FRAGMENT = 0x4000;

/** A packet as it is shown: its bytes, which may be fewer than it has. */
export interface Shown {
  readonly bytes: Uint8Array;
  readonly length: number;
}

/** The frames of which a captured frame consists, `snap` bytes of each: several for a super-frame that is to be cut. */
export function framesOf(packet: Packet, whole: boolean, snap: number): Shown[] {
  const { bytes, length, gsoSize } = packet;
  if (gsoSize === 0 || (whole && packet.packet !== PACKET.SEGMENT)) {
    if (packet.csumStart > 0 && bytes.length === length && packet.gsoSize === 0) {
      completeChecksum(bytes, 0, length, packet.csumStart, packet.csumOffset);
    }
    return [{ bytes: bytes.subarray(0, snap), length }];
  }
  const headers = new HeaderInfo();
  // The length fields of a segment speak of its whole super-frame.
  const isReadable = bytes.length === length && parse(packet, headers);
  const payload = length - headers.headerLength;
  if (!isReadable || payload < 1 || (packet.packet === PACKET.SEGMENT && payload > gsoSize)) {
    return [{ bytes: bytes.subarray(0, snap), length }];
  }
  return cut(packet, headers).map((frame) => ({ bytes: frame.subarray(0, snap), length: frame.length }));
}

function parse({ bytes, tunnelL4, innerL3 }: Packet, headers: HeaderInfo): boolean {
  if (tunnelL4 === 0) return parseHeaders(bytes, 0, LONGEST, headers);
  return parseTunnel(bytes, 0, LONGEST, tunnelL4, innerL3, headers);
}

function cut(packet: Packet, headers: HeaderInfo): Uint8Array[] {
  const { bytes, gsoSize, index: first, isLast } = packet;
  const { headerLength } = headers;
  const payload = bytes.subarray(headerLength);
  const run = new SegmentRun();
  run.gsoSize = gsoSize;
  const csumOffset = checksumOffset(headers);
  const frames: Uint8Array[] = [];
  for (let at = 0; at < payload.length; at += gsoSize) {
    const slice = payload.subarray(at, at + gsoSize);
    const frame = new Uint8Array(headerLength + slice.length);
    frame.set(bytes.subarray(0, headerLength));
    frame.set(slice, headerLength);
    run.index = first + at / gsoSize;
    run.payload = slice.length;
    run.isLast = isLast && at + gsoSize >= payload.length;
    segmentHeader(frame, 0, headers, run);
    completeTunnelChecksum(frame, 0, headers);
    completeChecksum(frame, 0, frame.length, headers.l4, csumOffset);
    frames.push(frame);
  }
  return frames;
}

/**
 * A sealed datagram in the IP and UDP headers of its path; null when nothing is known of the path. The checksums are right,
 * but what only the kernel knows (time to live, identification, the local address where it chose it) is made up or zero.
 */
export function datagramPacket(packet: Packet, snap: number): Shown | null {
  const { place, bytes, isOut, localPort } = packet;
  const family = place[PATH.FAMILY];
  if (family !== 4 && family !== 6) return null;
  const addressBytes = family === 4 ? 4 : 16;
  const remote = addressAt(place, PATH.ADDR, addressBytes);
  const local = addressAt(place, PATH.LOCAL, addressBytes);
  const ip = family === 4 ? IPV4_HEADER : IPV6_HEADER;
  const around = ip + UDP_HEADER;
  const shown = new Uint8Array(around + bytes.length);
  const udpLength = UDP_HEADER + packet.length;
  const [source, destination] = isOut ? [local, remote] : [remote, local];
  if (family === 4) writeIpv4(shown, udpLength, source, destination);
  else writeIpv6(shown, udpLength, source, destination);
  const ports = isOut ? [localPort, place[PATH.PORT]] : [place[PATH.PORT], localPort];
  writeU16(shown, ip, ports[0]);
  writeU16(shown, ip + 2, ports[1]);
  writeU16(shown, ip + 4, udpLength);
  shown.set(bytes, around);
  if (family === 6 && bytes.length === packet.length) {
    writeU16(shown, ip + 6, pseudoSum(source, destination, udpLength));
    completeChecksum(shown, 0, shown.length, ip, 6);
  }
  return { bytes: shown.subarray(0, snap), length: around + packet.length };
}

function writeIpv4(out: Uint8Array, udpLength: number, source: Uint8Array, destination: Uint8Array): void {
  out[0] = 0x45;
  writeU16(out, 2, IPV4_HEADER + udpLength);
  writeU16(out, 6, DONT_FRAGMENT);
  out[8] = HOP_LIMIT;
  out[9] = PROTOCOL_UDP;
  out.set(source, 12);
  out.set(destination, 16);
  writeIpv4Checksum(out, 0, IPV4_HEADER);
}

function writeIpv6(out: Uint8Array, udpLength: number, source: Uint8Array, destination: Uint8Array): void {
  out[0] = 0x60;
  writeU16(out, 4, udpLength);
  out[6] = PROTOCOL_UDP;
  out[7] = HOP_LIMIT;
  out.set(source, 8);
  out.set(destination, 24);
}

/** Sum over the pseudo header of IPv6 (RFC 8200 section 8.1). */
function pseudoSum(source: Uint8Array, destination: Uint8Array, udpLength: number): number {
  let sum = udpLength + PROTOCOL_UDP;
  for (const address of [source, destination]) {
    for (let at = 0; at < address.length; at += 2) sum += (address[at] << 8) | address[at + 1];
  }
  return fold(sum);
}

function addressAt(place: Int32Array, word: number, length: number): Uint8Array {
  return new Uint8Array(place.slice(word, word + 4).buffer).slice(0, length);
}
