/** What is written as pcapng, read back by a reader of its own, and by tshark where it is installed. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CAPTURE_POINTS, type CapturedPacket } from '../../src/api/index.js';
import { PcapngWriter } from '../../src/cli/output/pcapng.js';

interface Block {
  type: number;
  body: Buffer;
}

function blocksOf(section: Buffer): Block[] {
  const blocks: Block[] = [];
  for (let at = 0; at < section.length; ) {
    const length = section.readUInt32LE(at + 4);
    expect(length % 4).toBe(0);
    expect(section.readUInt32LE(at + length - 4)).toBe(length);
    blocks.push({ type: section.readUInt32LE(at), body: section.subarray(at + 8, at + length - 4) });
    at += length;
  }
  return blocks;
}

function optionsOf(bytes: Buffer): [number, Buffer][] {
  const options: [number, Buffer][] = [];
  for (let at = 0; at < bytes.length; ) {
    const [code, length] = [bytes.readUInt16LE(at), bytes.readUInt16LE(at + 2)];
    if (code === 0) return options;
    options.push([code, bytes.subarray(at + 4, at + 4 + length)]);
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return options;
}

/** What a reader learns of the packets in a section. */
function read(section: Buffer) {
  const interfaces: { linkType: number; name: string }[] = [];
  const packets: object[] = [];
  for (const { type, body } of blocksOf(section)) {
    if (type === 1) {
      const options = new Map(optionsOf(body.subarray(8)));
      interfaces.push({ linkType: body.readUInt16LE(0), name: String(options.get(2)) });
      expect(options.get(9)).toEqual(Buffer.of(6));
    }
    if (type !== 6) continue;
    const kept = body.readUInt32LE(12);
    const options = optionsOf(body.subarray(20 + Math.ceil(kept / 4) * 4));
    packets.push({
      ...interfaces[body.readUInt32LE(0)],
      timeUs: body.readUInt32LE(4) * 2 ** 32 + body.readUInt32LE(8),
      bytes: body.subarray(20, 20 + kept).toString('base64'),
      length: body.readUInt32LE(16),
      comments: options.filter(([code]) => code === 1).map(([, text]) => String(text)),
      direction: options.find(([code]) => code === 2)?.[1].readUInt32LE(),
      missed: Number(options.find(([code]) => code === 4)?.[1].readBigUInt64LE() ?? 0),
      verdict: options.find(([code]) => code === 7)?.[1],
    });
  }
  return { interfaces, packets };
}

const LINK_TYPES = { ethernet: 1, ip: 101, message: 147 } as const;
const packets: fc.Arbitrary<CapturedPacket> = fc.record({
  timeUs: fc.integer({ min: 1.7e15, max: 1.8e15 }),
  point: fc.constantFrom(...CAPTURE_POINTS),
  direction: fc.constantFrom('in', 'out'),
  peer: fc.constantFrom(null, 'osaka', 'naïve'),
  link: fc.constantFrom(null, 0, 7),
  form: fc.constantFrom('ethernet', 'ip', 'message'),
  verdict: fc.constantFrom(null, 'forward', 'flood', 'multicast', 'drop'),
  to: fc.constantFrom<CapturedPacket['to'][]>(null, 'tap', { peer: 'kyoto' }),
  reason: fc.constantFrom(null, 'no-session'),
  length: fc.nat(70_000),
  bytes: fc.uint8Array({ maxLength: 90 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  text: fc.constant(''),
});

describe('pcapng', () => {
  it('has every packet as it was captured, and an interface for each point', () => {
    fc.assert(
      fc.property(fc.array(packets, { maxLength: 30 }), (given) => {
        const writer = new PcapngWriter('octolink test', 0);
        const section = Buffer.concat([
          writer.begin(),
          ...given.flatMap((packet) => writer.packet(packet, 'octo0')),
          ...writer.end(1.7e15),
        ]);
        const found = read(section);
        expect(found.packets).toMatchObject(
          given.map(({ timeUs, bytes, length, direction, form }) => ({
            timeUs,
            bytes,
            length,
            direction: direction === 'in' ? 1 : 2,
            linkType: LINK_TYPES[form],
          })),
        );
        found.packets.forEach((packet, index) => {
          expect((packet as { name: string }).name).toContain(`octo0 ${given[index].point}`);
        });
        const statistics = blocksOf(section).filter(({ type }) => type === 5);
        expect(statistics).toHaveLength(found.interfaces.length);
      }),
      { numRuns: 100 },
    );
  });

  const sample: CapturedPacket = {
    timeUs: 1.75e15,
    point: 'switch',
    direction: 'in',
    peer: 'osaka',
    link: 3,
    form: 'ethernet',
    verdict: 'drop',
    to: null,
    reason: 'reserved-group',
    length: 60,
    bytes: Buffer.alloc(60, 1).toString('base64'),
    text: '',
  };

  it('tells peer, link, verdict and reason of a packet, and how many were missed before it', () => {
    const writer = new PcapngWriter('octolink test', 0);
    writer.begin();
    writer.miss('switch', 5);
    writer.miss('switch', 2);
    const [first, second] = [sample, sample].map((packet) => writer.packet(packet, 'octo0'));
    const { packets: found } = read(Buffer.concat([...first, ...second]));
    expect(found).toMatchObject([
      { comments: ['peer osaka link 3', 'dropped: reserved-group'], missed: 7 },
      { comments: ['peer osaka link 3', 'dropped: reserved-group'], missed: 0 },
    ]);
    expect(found[0]).toMatchObject({ verdict: Buffer.of(1, 2, 0, 0, 0, 0, 0, 0, 0) });
    const statistics = optionsOf(blocksOf(Buffer.concat(writer.end(0)))[0].body.subarray(12));
    expect(statistics.map(([code, value]) => [code, Number(value.readBigUInt64LE())])).toEqual([
      [4, 2],
      [5, 7],
    ]);
  });

  it('is read by tshark, with direction, verdict, comments and interface', (context) => {
    if (spawnSync('tshark', ['--version']).error) context.skip('tshark is not installed');
    const folder = mkdtempSync(join(tmpdir(), 'octolink-pcapng-'));
    try {
      const writer = new PcapngWriter('octolink test', 0);
      const blocks = [writer.begin(), ...writer.packet(sample, 'octo0'), ...writer.end(1.75e15)];
      writeFileSync(join(folder, 'one.pcapng'), Buffer.concat(blocks));
      const fields = [
        'frame.interface_name',
        'frame.packet_flags_direction',
        'frame.verdict.ebpf_tc',
        'frame.comment',
      ];
      const words = ['-r', join(folder, 'one.pcapng'), '-T', 'fields', '-E', 'separator=|'];
      const { stdout, stderr } = spawnSync(
        'tshark',
        [...words, ...fields.flatMap((field) => ['-e', field])],
        {
          encoding: 'utf8',
        },
      );
      expect(stdout.trim().split('|'), stderr).toEqual([
        'octo0 switch',
        expect.stringMatching(/^(0x0+)?1$/),
        '2',
        'peer osaka link 3,dropped: reserved-group',
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
