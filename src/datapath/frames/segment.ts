import type { Arena } from '../../state/arena.js';
import type { Datagram } from '../../state/datagram.js';
import type { Frame } from '../../switch/frame.js';
import { type HeaderInfo, parseHeaders, parseTunnel } from '../../switch/headers.js';
import { isTunnel, SEGMENT, segmentBytes, TUNNEL_SEGMENT } from '../../wire/segment.js';

/** Largest super-frame that the kernel takes, its Ethernet header aside. */
export const MAX_SUPER_FRAME = 65_535;

/** The SEGMENT message in hand. Made once and filled again for each. */
export class Segment {
  peer = -1;
  superId = 0;
  index = 0;
  /** Segments of its super-frame. */
  count = 0;
  gsoType = 0;
  gsoSize = 0;
  /** Of a tunnel over UDP; see `Frame`. */
  tunnelL4 = 0;
  innerL3 = 0;
  /** Where the super-frame's headers begin in the arena, and how long they are; its slice of the payload follows. */
  offset = 0;
  headerLength = 0;
  /** How long they were when the segment came, before a VLAN tag was pushed or popped. */
  sentHeaderLength = 0;
  /** Bytes of its slice. */
  payload = 0;

  /** Reads what says where the segment belongs; false when the datagram is too short. */
  readPlace(arena: Arena, datagram: Datagram): boolean {
    const { bytes, view } = arena;
    const { body, end } = datagram;
    if (end <= body + SEGMENT.BYTES) return false;
    const offset = body + segmentBytes(bytes[body + SEGMENT.GSO_TYPE]);
    const headerLength = bytes[body + SEGMENT.HEADER_LENGTH];
    this.offset = offset;
    this.headerLength = headerLength;
    this.sentHeaderLength = headerLength;
    this.payload = end - offset - headerLength;
    this.peer = datagram.peer;
    this.superId = view.getUint16(body + SEGMENT.SUPER_ID);
    this.index = view.getUint16(body + SEGMENT.INDEX);
    return headerLength !== 0 && this.payload > 0;
  }

  /** Its headers are where those of `head` are now, a VLAN tag longer or shorter perhaps. */
  moveTo(head: Frame): void {
    const longer = head.length - this.headerLength;
    this.offset = head.offset;
    this.headerLength = head.length;
    this.tunnelL4 += longer;
    this.innerL3 += longer;
  }

  /** Reads the rest, which a segment that continues others need not tell. Whether the fields agree is left to others. */
  readFacts(arena: Arena, datagram: Datagram): void {
    const { bytes, view } = arena;
    const { body } = datagram;
    this.count = view.getUint16(body + SEGMENT.COUNT);
    this.gsoType = bytes[body + SEGMENT.GSO_TYPE];
    this.gsoSize = view.getUint16(body + SEGMENT.GSO_SIZE);
    this.tunnelL4 = bytes[body + TUNNEL_SEGMENT.TUNNEL_L4];
    this.innerL3 = bytes[body + TUNNEL_SEGMENT.INNER_L3];
  }
}

/** Whether headers and facts of a segment agree. Fills `headers`. */
export function isSound(bytes: Uint8Array, segment: Segment, headers: HeaderInfo): boolean {
  const { index, count, gsoSize, payload, headerLength } = segment;
  // The headers are the super-frame's: their length fields speak of more than this segment holds.
  const length = MAX_SUPER_FRAME + headerLength;
  const isParsed = isTunnel(segment.gsoType)
    ? parseTunnel(bytes, segment.offset, length, segment.tunnelL4, segment.innerL3, headers)
    : parseHeaders(bytes, segment.offset, length, headers);
  if (!isParsed) return false;
  if (headers.headerLength !== headerLength || gsoSize === 0) return false;
  if (payload > gsoSize || index >= count) return false;
  if (index < count - 1 && payload !== gsoSize) return false;
  return index * gsoSize + payload <= headers.payloadLength;
}
