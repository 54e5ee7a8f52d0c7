import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DuplicateSettings } from '../../src/contract/settings.js';
import { isSentTwice, NO_DUPLICATES } from '../../src/datapath/frames/duplicate.js';
import { PeerTable } from '../../src/state/peers.js';
import { Frame } from '../../src/switch/frame.js';
import { build, packets } from './packets.js';

const AT = 7;
const PEER = 3;

function wanted(settings: Partial<DuplicateSettings>, frame: Uint8Array): boolean {
  const peers = new PeerTable();
  for (const row of [PEER - 1, PEER, PEER + 1]) peers.add(row, 'passive', 0, 0);
  peers.setDuplicates(PEER, { ...NO_DUPLICATES, ...settings });
  const arena = new Uint8Array(AT + frame.length);
  arena.set(frame, AT);
  const placed = new Frame().place(AT, frame.length);
  for (const other of [PEER - 1, PEER + 1]) expect(isSentTwice(peers, other, arena, placed)).toBe(false);
  return isSentTwice(peers, PEER, arena, placed);
}

const large = packets(10).map((packet) => ({ ...packet, payload: new Uint8Array(600) }));

function icmp6(type: number): Uint8Array {
  const { frame, l3 } = build({ ...fc.sample(large, 1)[0], version: 6, ipOptions: 0, tags: 0 });
  frame[l3 + 6] = 58;
  frame[l3 + 40] = type;
  return frame;
}

describe('frames that are sent twice', () => {
  it('are none unless something is chosen', () => {
    fc.assert(
      fc.property(large, (packet) => {
        expect(wanted({}, build(packet).frame)).toBe(false);
      }),
    );
  });

  it('are those of the chosen code points, of both IP versions, tagged or not', () => {
    fc.assert(
      fc.property(large, fc.uniqueArray(fc.integer({ min: 0, max: 63 })), (packet, dscp) => {
        expect(wanted({ dscp }, build(packet).frame)).toBe(dscp.includes(packet.trafficClass >> 2));
      }),
    );
  });

  it('are those up to the chosen size', () => {
    fc.assert(
      fc.property(packets(300), fc.integer({ min: 64, max: 400 }), (packet, smallBytes) => {
        const { frame } = build(packet);
        expect(wanted({ smallBytes }, frame)).toBe(frame.length <= smallBytes);
      }),
    );
  });

  it('are DHCP of both versions, from and to its ports', () => {
    for (const [version, port] of [
      [4, 67],
      [4, 68],
      [6, 546],
      [6, 547],
    ] as const) {
      for (const ports of [
        [port, 9999],
        [9999, port],
      ] as [number, number][]) {
        const packet = { ...fc.sample(large, 1)[0], version, ports, ipOptions: 0 };
        expect(wanted({ control: true }, build({ ...packet, protocol: 'udp' }).frame)).toBe(true);
        expect(wanted({ control: true }, build({ ...packet, protocol: 'tcp' }).frame)).toBe(false);
      }
    }
  });

  it('are neighbour discovery, but no other ICMPv6', () => {
    for (let type = 0; type < 256; type++) {
      expect(wanted({ control: true }, icmp6(type))).toBe(type >= 133 && type <= 137);
    }
  });

  it('are ARP', () => {
    const arp = new Uint8Array(60);
    arp.set([8, 6], 12);
    expect(wanted({ control: true }, arp)).toBe(true);
    expect(wanted({ dscp: [0] }, arp)).toBe(false);
  });

  it('are found by no reading behind the end of a frame', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 14, maxLength: 80 }), (bytes) => {
        wanted({ control: true, dscp: [0, 46] }, bytes);
      }),
    );
  });
});
