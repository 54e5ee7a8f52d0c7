/**
 * What a kernel makes of a frame written to the TAP: super-frames cut into the frames of the wire, partial checksums
 * completed. Written from the RFCs and the virtio specification, apart from the code under test.
 */

import { GSO, VIRTIO_FLAG } from '../../src/datapath/offload/virtio.js';
import { VNET_HEADER } from '../../src/native/ops.js';
import { naiveSum } from '../datapath/packets.js';

const FIN_PSH = 0x09;
const CWR = 0x80;
const TUNNEL = GSO.TUNNEL_V4 | GSO.TUNNEL_V6;
const TCP = 6;
const DESTINATION_OPTIONS = 60;

/** The frames that a record (virtio header and frame) stands for. */
export function resegment(record: Uint8Array): Uint8Array[] {
  const header = new DataView(record.buffer, record.byteOffset, VNET_HEADER);
  const frame = record.slice(VNET_HEADER);
  const gsoType = header.getUint8(1) & ~GSO.ECN;
  if (gsoType === GSO.NONE) {
    const isPartial = (header.getUint8(0) & VIRTIO_FLAG.NEEDS_CSUM) !== 0;
    if (isPartial) complete(frame, header.getUint16(6, true), header.getUint16(8, true));
    return [frame];
  }
  const innerL3 = (gsoType & TUNNEL) === 0 ? 0 : header.getUint16(22, true);
  return cut(frame, header.getUint16(2, true), header.getUint16(4, true), innerL3);
}

function complete(frame: Uint8Array, start: number, offset: number): void {
  const sum = naiveSum(frame.subarray(start));
  new DataView(frame.buffer).setUint16(start + offset, sum === 0xffff ? 0xffff : 0xffff - sum);
}

/** `innerL3`: the IP header inside a tunnel, or 0. */
function cut(frame: Uint8Array, headerLength: number, size: number, innerL3: number): Uint8Array[] {
  const payload = frame.length - headerLength;
  const count = Math.ceil(payload / size);
  return Array.from({ length: count }, (_, index) => {
    const from = headerLength + index * size;
    const slice = frame.subarray(from, Math.min(frame.length, from + size));
    const segment = new Uint8Array(headerLength + slice.length);
    segment.set(frame.subarray(0, headerLength));
    segment.set(slice, headerLength);
    const place = { index, bytesBefore: index * size, isLast: index === count - 1 };
    // What is outside counts what is inside.
    if (innerL3 !== 0) correct(segment, innerL3, place);
    correct(segment, firstL3(segment), place);
    return segment;
  });
}

function firstL3(segment: Uint8Array): number {
  const view = new DataView(segment.buffer);
  let l3 = 14;
  while (view.getUint16(l3 - 2) === 0x8100 || view.getUint16(l3 - 2) === 0x88a8) l3 += 4;
  return l3;
}

/** Segment `index` of a super-frame, which begins `bytesBefore` into the payload. */
interface Place {
  readonly index: number;
  readonly bytesBefore: number;
  readonly isLast: boolean;
}

/** Makes the copied headers from the IP header at `l3` on those of a segment; no checksum over UDP stays none. */
function correct(segment: Uint8Array, l3: number, { index, bytesBefore, isLast }: Place): void {
  const view = new DataView(segment.buffer);
  const isV4 = segment[l3] >> 4 === 4;
  let protocol = isV4 ? segment[l3 + 9] : segment[l3 + 6];
  let l4 = l3 + (isV4 ? (segment[l3] & 15) * 4 : 40);
  if (protocol === DESTINATION_OPTIONS) {
    protocol = segment[l4];
    l4 += (segment[l4 + 1] + 1) * 8;
  }
  const l4Length = segment.length - l4;
  if (isV4) {
    view.setUint16(l3 + 2, segment.length - l3);
    view.setUint16(l3 + 4, view.getUint16(l3 + 4) + index);
    view.setUint16(l3 + 10, 0);
    view.setUint16(l3 + 10, 0xffff - naiveSum(segment.subarray(l3, l4)));
  } else view.setUint16(l3 + 4, segment.length - l3 - 40);

  if (protocol === TCP) {
    view.setUint32(l4 + 4, view.getUint32(l4 + 4) + bytesBefore);
    if (!isLast) segment[l4 + 13] &= ~FIN_PSH;
    if (index > 0) segment[l4 + 13] &= ~CWR;
  } else view.setUint16(l4 + 4, l4Length);
  const field = l4 + (protocol === TCP ? 16 : 6);
  if (protocol !== TCP && view.getUint16(field) === 0) return;
  view.setUint16(field, 0);
  const addresses = isV4 ? segment.subarray(l3 + 12, l3 + 20) : segment.subarray(l3 + 8, l3 + 40);
  const sum = naiveSum(
    segment.subarray(l4),
    naiveSum([...addresses, l4Length >> 8, l4Length & 255, 0, protocol]),
  );
  view.setUint16(field, sum === 0xffff ? 0xffff : 0xffff - sum);
}
