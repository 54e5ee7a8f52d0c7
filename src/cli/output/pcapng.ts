/**
 * Captured packets as a pcapng section (IETF, opsawg), which can be read while it is written: its length is not
 * announced, and an interface block stands before the first packet of each interface. Little-endian.
 */
import type { CapturedPacket, CaptureForm, CapturePoint } from '../../api/index.js';

const BLOCK = { SECTION: 0x0a0d0d0a, INTERFACE: 1, STATISTICS: 5, PACKET: 6 } as const;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const OPTION = { END: 0, COMMENT: 1 } as const;
const SECTION_OPTION = { APPLICATION: 4 } as const;
const INTERFACE_OPTION = { NAME: 2, DESCRIPTION: 3, TIME_RESOLUTION: 9 } as const;
const PACKET_OPTION = { FLAGS: 2, DROPPED: 4, VERDICT: 7 } as const;
const STATISTICS_OPTION = { RECEIVED: 4, MISSED: 5 } as const;
/** Powers of ten: time stamps count microseconds. */
const MICROSECONDS = 6;
const DIRECTION = { in: 1, out: 2 } as const;
/** Verdicts are told as those of Linux traffic control (`TC_ACT_…`), which Wireshark has fields for. */
const VERDICT_TC = 1;
const TC_ACT = { forward: 0, flood: 0, multicast: 0, drop: 2 } as const;
/** Raw IP has no Ethernet header; messages between peers are of a type that nobody else uses here (USER0). */
const LINK_TYPE: Readonly<Record<CaptureForm, number>> = { ethernet: 1, ip: 101, message: 147 };

const DESCRIPTIONS: Readonly<Record<CapturePoint, string>> = {
  'tap-in': 'frames from the TAP',
  'tap-out': 'frames written to the TAP',
  switch: 'frames as the switch decides on them',
  'peer-in': 'frames from peers, opened',
  'peer-out': 'frames to peers, before sealing',
  'link-in': 'sealed datagrams that arrive',
  'link-out': 'sealed datagrams that leave',
  drops: 'what is dropped',
};

interface Interface {
  readonly number: number;
  readonly point: CapturePoint;
  received: number;
}

export class PcapngWriter {
  private readonly interfaces = new Map<string, Interface>();
  /** Packets missed at each point that no packet has told yet, and in all. */
  private readonly untold = new Map<CapturePoint, number>();
  private readonly missed = new Map<CapturePoint, number>();

  /** `application` names the program; `snapBytes` is the most that is kept of a packet, 0: no limit. */
  constructor(
    private readonly application: string,
    private readonly snapBytes: number,
  ) {}

  /** What a section begins with. */
  begin(): Buffer {
    const fixed = Buffer.alloc(16);
    fixed.writeUInt32LE(BYTE_ORDER_MAGIC, 0);
    fixed.writeUInt16LE(1, 4);
    fixed.writeBigInt64LE(-1n, 8);
    return block(BLOCK.SECTION, fixed, [option(SECTION_OPTION.APPLICATION, Buffer.from(this.application))]);
  }

  /** Packets were missed at a point: the next one from there says so. */
  miss(point: CapturePoint, count: number): void {
    this.untold.set(point, (this.untold.get(point) ?? 0) + count);
    this.missed.set(point, (this.missed.get(point) ?? 0) + count);
  }

  /** The blocks of a packet, which was captured on `device`. */
  packet(packet: CapturedPacket, device: string): Buffer[] {
    const blocks: Buffer[] = [];
    const on = this.interfaceOf(packet, device, blocks);
    on.received++;
    const bytes = Buffer.from(packet.bytes ?? '', 'base64');
    const fixed = Buffer.alloc(20);
    fixed.writeUInt32LE(on.number, 0);
    const time = BigInt(packet.timeUs);
    fixed.writeUInt32LE(Number(time >> 32n), 4);
    fixed.writeUInt32LE(Number(time & 0xffff_ffffn), 8);
    fixed.writeUInt32LE(bytes.length, 12);
    fixed.writeUInt32LE(packet.length, 16);
    blocks.push(block(BLOCK.PACKET, Buffer.concat([fixed, padded(bytes)]), this.optionsOf(packet)));
    return blocks;
  }

  /** What a section ends with: how many packets each interface gave, and how many were missed. */
  end(nowUs: number): Buffer[] {
    return [...this.interfaces.values()].map(({ number, point, received }) => {
      const fixed = Buffer.alloc(12);
      const time = BigInt(Math.round(nowUs));
      fixed.writeUInt32LE(number, 0);
      fixed.writeUInt32LE(Number(time >> 32n), 4);
      fixed.writeUInt32LE(Number(time & 0xffff_ffffn), 8);
      return block(BLOCK.STATISTICS, fixed, [
        option(STATISTICS_OPTION.RECEIVED, number64(received)),
        option(STATISTICS_OPTION.MISSED, number64(this.missed.get(point) ?? 0)),
      ]);
    });
  }

  /** Each point is an interface; where links are known, each link at it. */
  private interfaceOf(packet: CapturedPacket, device: string, blocks: Buffer[]): Interface {
    const { point, peer, link, form } = packet;
    const place = link === null || peer === null || !point.startsWith('link') ? '' : ` ${peer}/${link}`;
    const name = `${device} ${point}${place}`;
    const key = `${form} ${name}`;
    let found = this.interfaces.get(key);
    if (found === undefined) {
      found = { number: this.interfaces.size, point, received: 0 };
      this.interfaces.set(key, found);
      const fixed = Buffer.alloc(8);
      fixed.writeUInt16LE(LINK_TYPE[form], 0);
      fixed.writeUInt32LE(this.snapBytes, 4);
      const description = Buffer.from(DESCRIPTIONS[point]);
      blocks.push(
        block(BLOCK.INTERFACE, fixed, [
          option(INTERFACE_OPTION.NAME, Buffer.from(name)),
          option(INTERFACE_OPTION.DESCRIPTION, description),
          option(INTERFACE_OPTION.TIME_RESOLUTION, Buffer.of(MICROSECONDS)),
        ]),
      );
    }
    return found;
  }

  private optionsOf(packet: CapturedPacket): Buffer[] {
    const { direction, verdict, point } = packet;
    const options = [...commentsOf(packet)].map((text) => option(OPTION.COMMENT, Buffer.from(text)));
    if (direction !== null) {
      const flags = Buffer.alloc(4);
      flags.writeUInt32LE(DIRECTION[direction]);
      options.push(option(PACKET_OPTION.FLAGS, flags));
    }
    const missed = this.untold.get(point);
    if (missed !== undefined) {
      this.untold.delete(point);
      options.push(option(PACKET_OPTION.DROPPED, number64(missed)));
    }
    if (verdict !== null) {
      const result = Buffer.alloc(9);
      result[0] = VERDICT_TC;
      result.writeBigInt64LE(BigInt(TC_ACT[verdict]), 1);
      options.push(option(PACKET_OPTION.VERDICT, result));
    }
    return options;
  }
}

/** What no field of Wireshark's has a place for, a comment each: `peer osaka link 0`, `flood`, `dropped: no-session`. */
export function* commentsOf({ peer, link, verdict, to, reason }: CapturedPacket): Generator<string> {
  if (peer !== null) yield `peer ${peer}${link === null ? '' : ` link ${link}`}`;
  if (verdict === 'flood' || verdict === 'multicast') yield verdict;
  if (to === 'tap') yield 'to the TAP';
  else if (to !== null) yield `to peer ${to.peer}`;
  if (reason !== null) yield `dropped: ${reason}`;
}

function block(type: number, body: Buffer, options: Buffer[]): Buffer {
  const end = options.length === 0 ? [] : [option(OPTION.END, Buffer.alloc(0))];
  const length = 12 + [body, ...options, ...end].reduce((sum, part) => sum + part.length, 0);
  const head = Buffer.alloc(8);
  head.writeUInt32LE(type, 0);
  head.writeUInt32LE(length, 4);
  return Buffer.concat([head, body, ...options, ...end, head.subarray(4)]);
}

function option(code: number, content: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(code, 0);
  head.writeUInt16LE(content.length, 2);
  return Buffer.concat([head, padded(content)]);
}

/** Filled up to a multiple of four bytes. */
function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}

function number64(number: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(number));
  return bytes;
}
