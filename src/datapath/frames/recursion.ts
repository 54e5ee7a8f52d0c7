/**
 * Own datagrams that the routing table has led back into the tunnel come out of its TAP as frames. They are not carried in
 * themselves, whatever stands between: the TAP, a VLAN on it, or a bridge that it is a port of.
 */
import { readU16 } from '../../base/bytes.js';
import { PATH } from '../../native/ops.js';
import type { LinkTable } from '../../state/links.js';
import type { SocketTable } from '../../state/sockets.js';
import type { Tables } from '../../state/tables.js';
import type { Frame } from '../../switch/frame.js';
import { HeaderInfo, PROTOCOL_UDP, parseHeaders } from '../../switch/headers.js';
import { GSO } from '../offload/virtio.js';

/** Where the destination stands in an IP header, and how many words of four bytes it has. */
const IPV4_DESTINATION = 16;
const IPV6_DESTINATION = 24;
const UDP_DESTINATION_PORT = 2;

export class Recursion {
  private readonly links: LinkTable;
  private readonly sockets: SocketTable;
  private readonly headers = new HeaderInfo();
  /** The destination in hand, as the words of a path; the bytes of its address among them. */
  private readonly wanted = new Int32Array(PATH.WORDS);
  private readonly address = new Uint8Array(this.wanted.buffer, PATH.ADDR * 4, 16);

  constructor(
    private readonly bytes: Uint8Array,
    tables: Tables,
  ) {
    this.links = tables.links;
    this.sockets = tables.sockets;
  }

  /** Row of the link whose own datagram a frame from the TAP carries; -1 for every other frame. */
  linkOf(frame: Frame): number {
    const { bytes, headers } = this;
    const { offset, length } = frame;
    if (frame.gsoType === GSO.TCPV4 || frame.gsoType === GSO.TCPV6) return -1;
    if (!parseHeaders(bytes, offset, length, headers) || headers.protocol !== PROTOCOL_UDP) return -1;
    const l4 = offset + headers.l4;
    if (!this.sockets.hasPort(readU16(bytes, l4))) return -1;
    const isV4 = headers.version === 4;
    const at = offset + headers.l3 + (isV4 ? IPV4_DESTINATION : IPV6_DESTINATION);
    for (let byte = 0; byte < 16; byte++) this.address[byte] = isV4 && byte > 3 ? 0 : bytes[at + byte];
    this.wanted[PATH.FAMILY] = headers.version;
    this.wanted[PATH.PORT] = readU16(bytes, l4 + UDP_DESTINATION_PORT);
    return this.links.toward(this.wanted, 0);
  }
}
