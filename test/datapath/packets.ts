/** Builds TCP and UDP frames field by field, independently of the code under test, and random ones of them. */
import fc from 'fast-check';

export interface Packet {
  version: 4 | 6;
  protocol: 'tcp' | 'udp';
  tags: number;
  /** IPv4 options or IPv6 destination options, in units of 4 and 8 bytes. */
  ipOptions: number;
  tcpOptions: number[];
  id: number;
  dontFragment: boolean;
  ttl: number;
  trafficClass: number;
  ports: [number, number];
  sequence: number;
  tcpFlags: number;
  payload: Uint8Array;
}

export interface Built {
  frame: Uint8Array;
  l3: number;
  l4: number;
  headerLength: number;
  csumOffset: number;
}

const u16 = (value: number): number[] => [(value >>> 8) & 0xff, value & 0xff];
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value)];
const ADDRESSES_V4 = [10, 77, 0, 1, 10, 77, 255, 254];
const ADDRESSES_V6 = [...Array(32).keys()].map((index) => (index * 37 + 0xfd) & 0xff);

/** One's complement sum, a word at a time with its carry. */
export function naiveSum(content: ArrayLike<number>, initial = 0): number {
  let sum = initial;
  for (let at = 0; at < content.length; at += 2) {
    sum += content[at] * 256 + (at + 1 < content.length ? content[at + 1] : 0);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return sum;
}

/** The frame of a packet with every length and checksum right. */
export function build(packet: Packet): Built {
  const tcp = packet.protocol === 'tcp';
  const { version, payload } = packet;
  const ethernet = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
  for (let tag = 0; tag < packet.tags; tag++) ethernet.push(...u16(tag === 0 ? 0x88a8 : 0x8100), 0, 10 + tag);
  ethernet.push(...u16(version === 4 ? 0x0800 : 0x86dd));

  const tcpHeader = 20 + packet.tcpOptions.length;
  const l4Header = tcp
    ? [
        ...packet.ports.flatMap(u16),
        ...u32(packet.sequence),
        ...u32(0x01020304),
        (tcpHeader / 4) << 4,
        packet.tcpFlags,
        ...u16(512),
        ...u16(0),
        ...u16(0),
        ...packet.tcpOptions,
      ]
    : [...packet.ports.flatMap(u16), ...u16(8 + payload.length), ...u16(0)];
  const number = tcp ? 6 : 17;
  const l4Length = l4Header.length + payload.length;
  const addresses = version === 4 ? ADDRESSES_V4 : ADDRESSES_V6;
  const csumOffset = tcp ? 16 : 6;
  const pseudo = naiveSum([...addresses, ...u32(l4Length), ...u32(number)]);
  const sum = naiveSum(payload, naiveSum(l4Header, pseudo));
  const checksum = sum === 0xffff ? 0xffff : 0xffff - sum;
  l4Header.splice(csumOffset, 2, ...u16(checksum));

  let ip: number[];
  if (version === 4) {
    const header = 20 + packet.ipOptions * 4;
    ip = [
      0x40 | (header / 4),
      packet.trafficClass,
      ...u16(header + l4Length),
      ...u16(packet.id),
      ...u16(packet.dontFragment ? 0x4000 : 0),
      packet.ttl,
      number,
      ...u16(0),
      ...addresses,
      ...Array<number>(packet.ipOptions * 4).fill(1),
    ];
    ip.splice(10, 2, ...u16(0xffff - naiveSum(ip)));
  } else {
    const options = packet.ipOptions * 8;
    ip = [
      0x60 | (packet.trafficClass >> 4),
      (packet.trafficClass & 0x0f) << 4,
      ...u16(0x1234),
      ...u16(options + l4Length),
      options === 0 ? number : 60,
      packet.ttl,
      ...addresses,
    ];
    if (options !== 0)
      ip.push(number, packet.ipOptions - 1, 1, options - 4, ...Array<number>(options - 4).fill(0));
  }
  const head = [...ethernet, ...ip, ...l4Header];
  const frame = new Uint8Array(head.length + payload.length);
  frame.set(head);
  frame.set(payload, head.length);
  const l4 = ethernet.length + ip.length;
  return { frame, l3: ethernet.length, l4, headerLength: head.length, csumOffset };
}

/** What segment run `first … last` of a super-frame is on the wire, by building it from its fields. */
export function buildRun(packet: Packet, gsoSize: number, first: number, last: number): Built {
  const from = first * gsoSize;
  const to = Math.min(packet.payload.length, (last + 1) * gsoSize);
  const FIN_PSH = 0x09;
  const CWR = 0x80;
  const flags = packet.tcpFlags & ~(to < packet.payload.length ? FIN_PSH : 0) & ~(first > 0 ? CWR : 0) & 0xff;
  return build({
    ...packet,
    id: (packet.id + first) & 0xffff,
    sequence: (packet.sequence + from) >>> 0,
    tcpFlags: flags,
    payload: packet.payload.subarray(from, to),
  });
}

/** Payload bytes that depend on their place. */
export function fillPayload(length: number, salt: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8) * 7 + salt) & 0xff);
}

/** Random packets with up to `most` bytes of payload. */
export function packets(most: number): fc.Arbitrary<Packet> {
  return fc.record({
    version: fc.constantFrom<(4 | 6)[]>(4, 6),
    protocol: fc.constantFrom<('tcp' | 'udp')[]>('tcp', 'udp'),
    tags: fc.integer({ min: 0, max: 2 }),
    ipOptions: fc.integer({ min: 0, max: 3 }),
    tcpOptions: fc.integer({ min: 0, max: 10 }).map((words) => Array<number>(words * 4).fill(1)),
    id: fc.integer({ min: 0, max: 0xffff }),
    dontFragment: fc.boolean(),
    ttl: fc.integer({ min: 1, max: 255 }),
    trafficClass: fc.integer({ min: 0, max: 255 }),
    ports: fc.tuple(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0, max: 0xffff })),
    sequence: fc.integer({ min: 0, max: 0xffffffff }),
    tcpFlags: fc.integer({ min: 0, max: 255 }),
    payload: fc
      .tuple(fc.integer({ min: 1, max: most }), fc.integer({ min: 0, max: 255 }))
      .map(([length, salt]) => fillPayload(length, salt)),
  });
}
