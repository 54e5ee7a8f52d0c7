/** IP and MAC addresses as text, without sockets or look-ups. */

export interface IpAddress {
  family: 4 | 6;
  /** 4 or 16 bytes in network order. */
  bytes: number[];
}

const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/** Reads dotted-quad IPv4 (no leading zeros, which some read as octal) or RFC 4291 IPv6 text; null when it is neither. */
export function parseIp(text: string): IpAddress | null {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): IpAddress | null {
  if (!IPV4.test(text)) return null;
  const parts = text.split('.');
  if (parts.some((part) => Number(part) > 255 || (part.length > 1 && part.startsWith('0')))) return null;
  return { family: 4, bytes: parts.map(Number) };
}

function parseIpv6(text: string): IpAddress | null {
  if (text.length > 45) return null;
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const head = parseGroups(halves[0], halves.length === 1);
  if (head === null) return null;
  if (halves.length === 1) return head.length === 16 ? { family: 6, bytes: head } : null;
  const tail = parseGroups(halves[1], true);
  if (tail === null || head.length + tail.length > 14) return null;
  const zeros = new Array<number>(16 - head.length - tail.length).fill(0);
  return { family: 6, bytes: [...head, ...zeros, ...tail] };
}

/** The bytes of colon-separated groups; the last one may be dotted IPv4 where `last` allows it. */
function parseGroups(text: string, last: boolean): number[] | null {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    } else {
      const embedded = last && index === groups.length - 1 ? parseIpv4(group) : null;
      if (embedded === null) return null;
      bytes.push(...embedded.bytes);
    }
  }
  return bytes;
}

/** A host as it is written in front of a port. */
interface Endpoint {
  /** As written, without brackets: an address, with its zone if there is one, or a name. */
  host: string;
  isBracketed: boolean;
  port: number;
}

/** Reads `HOST:PORT` or `[HOST]:PORT` (RFC 3986 section 3.2.2); null when it is neither. What the host is, others say. */
export function parseEndpoint(text: string): Endpoint | null {
  const parts = /^(?:\[([^[\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  if (parts === null) return null;
  const port = Number(parts[3]);
  if (port < 1 || port > 65535) return null;
  return { host: parts[1] ?? parts[2], isBracketed: parts[1] !== undefined, port };
}

/** An address in front of `%` and the zone behind it (RFC 4007 section 11); `zone` is absent without `%`. */
export function splitZone(text: string): { address: string; zone?: string } {
  const at = text.indexOf('%');
  return at < 0 ? { address: text } : { address: text.slice(0, at), zone: text.slice(at + 1) };
}

interface Cidr {
  address: IpAddress;
  prefix: number;
}

/** Reads `address/prefix`; null when it is not one. */
export function parseCidr(text: string): Cidr | null {
  const slash = text.indexOf('/');
  if (slash < 0 || !/^(?:0|[1-9]\d{0,2})$/.test(text.slice(slash + 1))) return null;
  const address = parseIp(text.slice(0, slash));
  const prefix = Number(text.slice(slash + 1));
  if (address === null || prefix > address.bytes.length * 8) return null;
  return { address, prefix };
}

/** Equal for two spellings of one address. */
export function ipKey(address: IpAddress): string {
  return address.bytes.join('.');
}

/** Why a host or a socket cannot have this address, or null when it can. */
export function unusableHost({ family, bytes }: IpAddress): string | null {
  if (bytes.every((byte) => byte === 0)) return 'is the unspecified address';
  if (family === 4) {
    if (bytes[0] === 0) return 'is in 0.0.0.0/8';
    if (bytes[0] >= 224)
      return bytes[0] < 240 ? 'is a multicast address' : 'is a reserved or broadcast address';
    return null;
  }
  if (bytes[0] === 0xff) return 'is a multicast address';
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  return mapped ? 'is an IPv4-mapped address: write it as IPv4' : null;
}

/** fe80::/10 (RFC 4291 section 2.5.6): one and the same address on each interface. */
export function isLinkLocal({ family, bytes }: IpAddress): boolean {
  return family === 6 && bytes[0] === 0xfe && (bytes[1] & 0xc0) === 0x80;
}

/** 127.0.0.0/8 and ::1. */
export function isLoopback({ family, bytes }: IpAddress): boolean {
  if (family === 4) return bytes[0] === 127;
  return bytes.every((byte, index) => byte === (index === 15 ? 1 : 0));
}

/** Why the host part of an interface address is wrong, or null. */
export function unusableHostPart({ address, prefix }: Cidr): string | null {
  const width = address.bytes.length * 8;
  if (address.family === 6 || prefix >= width - 1) return null;
  const hostBits = address.bytes.map((byte, index) => {
    const kept = Math.min(8, Math.max(0, prefix - index * 8));
    return { value: byte & (0xff >> kept), all: 0xff >> kept };
  });
  if (hostBits.every(({ value }) => value === 0)) return 'is the network address';
  return hostBits.every(({ value, all }) => value === all) ? 'is the broadcast address' : null;
}

/** Reads `02:00:5e:…`, `02-00-…` or `0200.5e00.…`; returns the lower-case colon form, null when it is none of them. */
export function parseMac(text: string): string | null {
  const separated = /^[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}$/i.test(text);
  const dotted = /^[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}$/i.test(text);
  if (!separated && !dotted) return null;
  const digits = text.toLowerCase().replace(/[^0-9a-f]/g, '');
  return digits.match(/../g)?.join(':') ?? null;
}
