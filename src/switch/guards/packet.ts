/**
 * What guards look at in a frame: who claims which address, and whether it is a message of a DHCP server, a router or a
 * multicast router. Reads through up to two VLAN tags and all IPv6 extension headers; what hides behind more than that, or
 * behind a first fragment without the whole chain of headers (RFC 7113), is `isOpaque`.
 */
import { readU16, readU32 } from '../../base/bytes.js';
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, ethernetHeaderLength, type Frame } from '../frame.js';
import { PROTOCOL_ICMPV6, PROTOCOL_IGMP, PROTOCOL_PIM, PROTOCOL_UDP } from '../headers.js';
import { IGMP, MLD } from '../multicast/message.js';

const ETHERTYPE_ARP = 0x0806;
const ETHERTYPE_RARP = 0x8035;
const TAGS: readonly number[] = [0x8100, 0x88a8, 0x9100];
const ARP_BYTES = 28;
const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
/** Hop-by-hop, routing, fragment, authentication, destination, mobility, HIP, shim6, experiments (IANA). */
const EXTENSIONS: readonly number[] = [0, 43, FRAGMENT, AUTHENTICATION, 60, 135, 139, 140, 253, 254];
const MOST_EXTENSIONS = 8;
const OFFSET = 0x1fff;
const UDP_HEADER = 8;

const NEIGHBOUR_ADVERTISEMENT = 136;
const ROUTER_ADVERTISEMENT = 134;
/** Query (RFC 3376) and multicast router advertisement (RFC 4286), of IGMP and of MLD (RFC 3810). */
const IGMP_ROUTER: readonly number[] = [IGMP.QUERY, IGMP.ROUTER];
const MLD_ROUTER: readonly number[] = [MLD.QUERY, MLD.ROUTER];
const BOOTP = { SERVER: 67, CLIENT: 68, REQUEST: 1 };
const DHCPV6 = { CLIENT: 546, SERVER: 547, RELAY_FORWARD: 12 };
const MAPPED = 0xffff;

export class GuardedPacket {
  isOpaque = false;
  isRouterAdvertisement = false;
  isDhcpServer = false;
  /** Query for memberships, multicast router advertisement, or any message of PIM (RFC 7761). */
  isMulticastRouter = false;
  /** Whether it claims an address: those of `words` with, in ARP, the MAC address. */
  claims = false;
  /** The address claimed, as four words; IPv4 after ::ffff:0:0/96. */
  readonly words = new Int32Array(4);
  /** A second address that it claims (the target of a neighbour advertisement), when `claimsTarget`. */
  claimsTarget = false;
  readonly target = new Int32Array(4);
  /** Sender's MAC address as it says itself in ARP. */
  arpHigh = 0;
  arpLow = 0;
  isArp = false;
  /** Start of a UDP payload, 0 without one, and its end. */
  udpAt = 0;
  udpEnd = 0;
  sourcePort = 0;
  targetPort = 0;

  private bytes: Uint8Array = new Uint8Array(0);

  read(bytes: Uint8Array, frame: Frame): void {
    this.bytes = bytes;
    this.isOpaque = false;
    this.isRouterAdvertisement = false;
    this.isDhcpServer = false;
    this.isMulticastRouter = false;
    this.claims = false;
    this.claimsTarget = false;
    this.isArp = false;
    this.udpAt = 0;
    const header = ethernetHeaderLength(bytes, frame.offset, frame.length);
    if (header === 0) {
      this.isOpaque = true;
      return;
    }
    const at = frame.offset + header;
    const end = frame.offset + frame.length;
    const type = readU16(bytes, at - 2);
    if (type === ETHERTYPE_ARP || type === ETHERTYPE_RARP) this.arp(at, end);
    else if (type === ETHERTYPE_IPV4) this.ipv4(at, end);
    else if (type === ETHERTYPE_IPV6) this.ipv6(at, end);
    else this.isOpaque = TAGS.includes(type);
  }

  private arp(at: number, end: number): void {
    const { bytes } = this;
    if (at + ARP_BYTES > end || readU32(bytes, at) !== 0x00010800 || readU16(bytes, at + 4) !== 0x0604) {
      this.isOpaque = true;
      return;
    }
    this.isArp = true;
    this.arpHigh = readU16(bytes, at + 8);
    this.arpLow = readU32(bytes, at + 10);
    this.claimIpv4(at + 14);
  }

  private claimIpv4(at: number): void {
    this.words[0] = 0;
    this.words[1] = 0;
    this.words[2] = MAPPED;
    this.words[3] = readU32(this.bytes, at);
    this.claims = true;
  }

  private ipv4(at: number, end: number): void {
    const { bytes } = this;
    const header = (bytes[at] & 0x0f) * 4;
    if (at + IPV4_HEADER > end || bytes[at] >> 4 !== 4 || header < IPV4_HEADER) {
      this.isOpaque = true;
      return;
    }
    this.claimIpv4(at + 12);
    const protocol = bytes[at + 9];
    if ((readU16(bytes, at + 6) & OFFSET) !== 0) return;
    this.isMulticastRouter = protocol === PROTOCOL_PIM;
    if (protocol === PROTOCOL_IGMP) this.igmp(at + header, end);
    if (protocol !== PROTOCOL_UDP) return;
    this.udp(at + header, end);
    if (this.udpAt === 0) return;
    const op = this.udpAt < end ? bytes[this.udpAt] : 0;
    this.isDhcpServer =
      this.targetPort === BOOTP.CLIENT || (this.sourcePort === BOOTP.SERVER && op !== BOOTP.REQUEST);
  }

  private igmp(at: number, end: number): void {
    if (at < end) this.isMulticastRouter = IGMP_ROUTER.includes(this.bytes[at]);
    else this.isOpaque = true;
  }

  private ipv6(start: number, end: number): void {
    const { bytes } = this;
    if (start + IPV6_HEADER > end || bytes[start] >> 4 !== 6) {
      this.isOpaque = true;
      return;
    }
    for (let word = 0; word < 4; word++) this.words[word] = readU32(bytes, start + 8 + 4 * word);
    this.claims = true;
    let next = bytes[start + 6];
    let at = start + IPV6_HEADER;
    for (let passed = 0; EXTENSIONS.includes(next); passed++) {
      if (passed === MOST_EXTENSIONS || at + 8 > end) {
        this.isOpaque = true;
        return;
      }
      // Without its first fragment, which is looked at, no packet is put together.
      if (next === FRAGMENT && (readU16(bytes, at + 2) & ~7) !== 0) return;
      const length =
        next === FRAGMENT ? 8 : next === AUTHENTICATION ? (bytes[at + 1] + 2) * 4 : (bytes[at + 1] + 1) * 8;
      next = bytes[at];
      at += length;
    }
    this.upper(next, at, end);
  }

  private upper(protocol: number, at: number, end: number): void {
    const { bytes } = this;
    this.isMulticastRouter = protocol === PROTOCOL_PIM;
    if (protocol === PROTOCOL_UDP) {
      this.udp(at, end);
      if (this.udpAt === 0) return;
      const type = this.udpAt < end ? bytes[this.udpAt] : 0;
      this.isDhcpServer =
        this.targetPort === DHCPV6.CLIENT ||
        (this.sourcePort === DHCPV6.SERVER && type !== DHCPV6.RELAY_FORWARD);
    } else if (protocol === PROTOCOL_ICMPV6) {
      if (at + 8 > end) {
        this.isOpaque = true;
        return;
      }
      this.isRouterAdvertisement = bytes[at] === ROUTER_ADVERTISEMENT;
      this.isMulticastRouter = MLD_ROUTER.includes(bytes[at]);
      if (bytes[at] !== NEIGHBOUR_ADVERTISEMENT) return;
      this.isOpaque = at + 24 > end;
      if (this.isOpaque) return;
      for (let word = 0; word < 4; word++) this.target[word] = readU32(bytes, at + 8 + 4 * word);
      this.claimsTarget = true;
    }
  }

  private udp(at: number, end: number): void {
    if (at + UDP_HEADER > end) {
      this.isOpaque = true;
      return;
    }
    this.sourcePort = readU16(this.bytes, at);
    this.targetPort = readU16(this.bytes, at + 2);
    this.udpAt = at + UDP_HEADER;
    this.udpEnd = end;
  }
}
