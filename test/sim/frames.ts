/** Ethernet frames with virtio headers, as a kernel hands them to a TAP. */

import { VIRTIO_FLAG } from '../../src/datapath/offload/virtio.js';
import { VNET_HEADER } from '../../src/native/ops.js';

/** IEEE 802 local experimental EtherTypes: nobody looks into such frames. */
export const EXPERIMENTAL = 0x88b5;
export const EXPERIMENTAL_2 = 0x88b6;
export const BROADCAST = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff);

/** A station's unicast address, by the host it is behind and its number there. */
export function stationOf(host: number, number = 0): Uint8Array {
  return Uint8Array.of(0x02, host, 0, number >> 16, number >> 8, number);
}

export function ethernet(
  destination: Uint8Array,
  source: Uint8Array,
  etherType: number,
  payload: Uint8Array,
): Uint8Array {
  const frame = new Uint8Array(14 + payload.length);
  frame.set(destination);
  frame.set(source, 6);
  frame[12] = etherType >> 8;
  frame[13] = etherType;
  frame.set(payload, 14);
  return frame;
}

interface OffloadFacts {
  gsoType: number;
  gsoSize: number;
  headerLength: number;
  csumStart: number;
  csumOffset: number;
}

/** Puts a virtio header in front of a frame; with offload facts the checksum is still to be completed. */
export function withVirtio(frame: Uint8Array, facts?: OffloadFacts): Uint8Array {
  const record = new Uint8Array(VNET_HEADER + frame.length);
  record.set(frame, VNET_HEADER);
  if (facts === undefined) return record;
  const view = new DataView(record.buffer);
  record[0] = VIRTIO_FLAG.NEEDS_CSUM;
  record[1] = facts.gsoType;
  view.setUint16(2, facts.headerLength, true);
  view.setUint16(4, facts.gsoSize, true);
  view.setUint16(6, facts.csumStart, true);
  view.setUint16(8, facts.csumOffset, true);
  return record;
}
