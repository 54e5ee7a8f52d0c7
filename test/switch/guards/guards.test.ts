import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DROP_NAMES } from '../../../src/contract/drops.js';
import type { GuardSettings } from '../../../src/contract/guard-settings.js';
import { Frame } from '../../../src/switch/frame.js';
import { Guards } from '../../../src/switch/guards/guards.js';
import { LOCAL_PORT, MacTable } from '../../../src/switch/mac-table.js';
import { ethernet } from '../../sim/frames.js';
import { HOST6, igmpOf, igmpQuery, ip4, ip6, join, leave, mld, mldQuery } from '../../sim/memberships.js';

const PEER = 3;
const SECOND = 1e6;
const MAC = Uint8Array.of(2, 0, 0, 0, 0, 9);
const OTHER_MAC = Uint8Array.of(2, 0, 0, 0, 0, 8);
const ADDRESS = ip4('10.0.0.9');
const STRANGER = ip4('10.0.0.66');
const NONE = ip4('0.0.0.0');
const EVERYBODY = new Uint8Array(6).fill(0xff);

const bound = (address: Uint8Array): number[] => {
  const words = new DataView(
    address.length === 4
      ? Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...address).buffer
      : address.slice().buffer,
  );
  return [0, 4, 8, 12].map((at) => words.getInt32(at)).concat(0x0200, 9);
};

const OFF: GuardSettings = {
  source: false,
  dhcpServer: false,
  ra: false,
  multicastRouter: false,
  bindings: [],
};

function made(settings: Partial<GuardSettings>) {
  const bytes = new Uint8Array(4000);
  const macs = new MacTable({ limit: 16, seed: [1, 2] });
  const guards = new Guards(bytes, macs);
  guards.set(PEER, { ...OFF, ...settings });
  const of = (frame: Uint8Array, port = PEER, now = 0): string => {
    bytes.set(frame);
    const reason = guards.check(port, new Frame().place(0, frame.length), now);
    return reason < 0 ? 'passes' : DROP_NAMES[reason];
  };
  return { guards, macs, of };
}

function arp(sender: Uint8Array, address: Uint8Array, from = sender): Uint8Array {
  const body = Uint8Array.of(0, 1, 8, 0, 6, 4, 0, 2, ...sender, ...address, ...EVERYBODY, ...STRANGER);
  return ethernet(EVERYBODY, from, 0x0806, body);
}

function udp4(ports: [number, number], payload: Uint8Array, source = STRANGER, fragment = 0): Uint8Array {
  const packet = new Uint8Array(28 + payload.length);
  const view = new DataView(packet.buffer);
  packet.set([0x45]);
  view.setUint16(2, packet.length);
  view.setUint16(6, fragment);
  packet[9] = 17;
  packet.set(source, 12);
  packet.set(EVERYBODY.subarray(0, 4), 16);
  for (const [index, port] of ports.entries()) view.setUint16(20 + 2 * index, port);
  view.setUint16(24, 8 + payload.length);
  packet.set(payload, 28);
  return ethernet(EVERYBODY, MAC, 0x0800, packet);
}

/** An IPv6 packet whose extension headers are `chain`, each 8 bytes or more and its own next header left to this. */
function ip6With(chain: [type: number, body: Uint8Array][], protocol: number, upper: Uint8Array): Uint8Array {
  const parts = chain.flatMap(([, body], index) => [chain[index + 1]?.[0] ?? protocol, ...body.subarray(1)]);
  const packet = Uint8Array.of(
    0x60,
    0,
    0,
    0,
    0,
    0,
    chain[0]?.[0] ?? protocol,
    255,
    ...HOST6,
    ...ip6(2, 1),
    ...parts,
    ...upper,
  );
  new DataView(packet.buffer).setUint16(4, packet.length - 40);
  return ethernet(Uint8Array.of(0x33, 0x33, 0, 0, 0, 1), MAC, 0x86dd, packet);
}

const RA = Uint8Array.of(134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0);
const options = (length: number): Uint8Array => {
  const body = new Uint8Array(8 * (length + 1));
  body[1] = length;
  return body;
};
const firstFragment = Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 1);

function ack(mac: Uint8Array, address: Uint8Array, leaseS: number): Uint8Array {
  const body = new Uint8Array(260);
  body.set([2, 1, 6]);
  body.set(address, 16);
  body.set(mac, 28);
  body.set([0x63, 0x82, 0x53, 0x63, 53, 1, 5, 51, 4, 0, 0, leaseS >> 8, leaseS & 255, 255], 236);
  return udp4([67, 68], body);
}

describe('guards', () => {
  it('ra: no advertisement passes, behind whatever headers or in whatever pieces', () => {
    const { of, guards } = made({ ra: true });
    expect(of(ip6With([], 58, RA))).toBe('guard-ra');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(0, 43, 60, 135), fc.nat(3)), { maxLength: 12 }),
        fc.boolean(),
        (headers, inPieces) => {
          const chain = headers.map(([type, length]): [number, Uint8Array] => [type, options(length)]);
          if (inPieces) chain.splice(chain.length >> 1, 0, [44, firstFragment]);
          expect(['guard-ra', 'guard-opaque']).toContain(of(ip6With(chain, 58, RA)));
        },
      ),
    );
    expect(of(ip6With([[44, firstFragment]], 60, options(0).subarray(0, 4)))).toBe('guard-opaque');
    expect(of(ip6With([[60, options(40)]], 58, new Uint8Array(0)).subarray(0, 120))).toBe('guard-opaque');
    expect(guards.stretch(0, 100, 0).rows[0].drops[2]).toBeGreaterThan(0);
  });

  it('ra: solicitations, other messages and other ports pass', () => {
    const { of } = made({ ra: true });
    expect(of(ip6With([[0, options(1)]], 58, Uint8Array.of(133, ...RA.subarray(1))))).toBe('passes');
    expect(of(ip6With([], 6, new Uint8Array(20)))).toBe('passes');
    expect(of(ip6With([], 58, RA), LOCAL_PORT)).toBe('passes');
    expect(of(ip6With([], 58, RA), 1)).toBe('passes');
  });

  it('dhcp-server: offers and relayed answers are dropped, questions pass', () => {
    const { of } = made({ dhcpServer: true });
    const reply = new Uint8Array(240).fill(2, 0, 1);
    const request = new Uint8Array(240).fill(1, 0, 1);
    expect(of(udp4([67, 68], reply))).toBe('guard-dhcp-server');
    expect(of(udp4([4011, 68], reply))).toBe('guard-dhcp-server');
    expect(of(udp4([67, 67], reply))).toBe('guard-dhcp-server');
    expect(of(udp4([67, 67], request))).toBe('passes');
    expect(of(udp4([68, 67], request))).toBe('passes');
    expect(of(udp4([67, 68], reply, STRANGER, 0x2000))).toBe('guard-dhcp-server');
    expect(of(udp4([67, 68], new Uint8Array(0)).subarray(0, 14 + 24))).toBe('guard-opaque');
    const udp = (from: number, to: number, type: number): Uint8Array =>
      ip6With(
        [[60, options(0)]],
        17,
        Uint8Array.of(from >> 8, from & 255, to >> 8, to & 255, 0, 12, 0, 0, type, 0, 0, 0),
      );
    expect(of(udp(547, 546, 7))).toBe('guard-dhcp-server');
    expect(of(udp(547, 547, 13))).toBe('guard-dhcp-server');
    expect(of(udp(547, 547, 12))).toBe('passes');
    expect(of(udp(546, 547, 1))).toBe('passes');
  });

  it('multicast-router: no query, advertisement or PIM passes, memberships and other messages do', () => {
    const { of, guards } = made({ multicastRouter: true });
    const reason = 'guard-multicast-router';
    const group = ip4('239.1.2.3');
    const group6 = ip6(5, 9);
    const router = ip4('10.0.0.1');
    expect(of(igmpQuery(router))).toBe(reason);
    expect(of(igmpQuery(NONE))).toBe(reason);
    expect(of(igmpQuery(router, group))).toBe(reason);
    expect(of(mldQuery(HOST6))).toBe(reason);
    expect(of(mldQuery(HOST6, group6))).toBe(reason);
    expect(of(igmpOf(0x30, group))).toBe(reason);
    expect(of(ip6With([[0, options(0)]], 58, Uint8Array.of(151, ...new Uint8Array(23))))).toBe(reason);
    expect(of(ip6With([], 103, new Uint8Array(8)))).toBe(reason);
    expect(of(join(group))).toBe('passes');
    expect(of(leave(group))).toBe('passes');
    expect(of(join(group6))).toBe('passes');
    expect(of(ip6With([], 58, RA))).toBe('passes');
    expect(of(igmpQuery(router), LOCAL_PORT)).toBe('passes');
    expect(of(igmpQuery(router).subarray(0, 14 + 24))).toBe('guard-opaque');
    expect(guards.stretch(0, 100, 0).rows[0].drops).toEqual([0, 0, 0, 8, 1]);
  });

  it('are told of some ports at a time: each that has any, once, the TAP too', () => {
    const { guards } = made({ ra: true });
    const guarded = [0, 11, 12, 40];
    for (const port of guarded) guards.set(port, { ...OFF, ra: true });
    guards.limited(LOCAL_PORT);
    for (const ports of [1, 7, 13, 100]) {
      const told: number[] = [];
      for (let from = 0; from >= 0; ) {
        const { rows, next } = guards.stretch(from, ports, 0);
        expect(next < 0 || next - from === ports).toBe(true);
        told.push(...rows.map(({ port }) => port));
        from = next;
      }
      expect(told).toEqual([LOCAL_PORT, PEER, ...guarded].sort((a, b) => a - b));
    }
  });

  it('source: only what is bound passes, in ARP, IPv4, IPv6 and neighbour advertisements', () => {
    const { of } = made({ source: true, bindings: [bound(ADDRESS), bound(HOST6)] });
    expect(of(arp(MAC, ADDRESS))).toBe('passes');
    expect(of(arp(MAC, NONE))).toBe('passes');
    expect(of(arp(MAC, STRANGER))).toBe('guard-source');
    expect(of(arp(OTHER_MAC, ADDRESS))).toBe('guard-source');
    expect(of(arp(OTHER_MAC, ADDRESS, MAC))).toBe('guard-source');
    expect(of(udp4([1, 2], MAC, ADDRESS))).toBe('passes');
    expect(of(udp4([1, 2], MAC, STRANGER))).toBe('guard-source');
    expect(of(udp4([68, 67], MAC, NONE))).toBe('passes');
    const advertisement = (target: Uint8Array): Uint8Array =>
      mld(Uint8Array.of(136, 0, 0, 0, 0x20, 0, 0, 0, ...target), ip6(2, 1));
    expect(of(advertisement(HOST6))).toBe('passes');
    expect(of(advertisement(ip6(14, 1)))).toBe('guard-source');
  });

  it('source: what DHCP gives to a station there is bound for its lease, and no lease from there counts', () => {
    const { of, macs } = made({ source: true });
    macs.learn(0, 0x0200, 9, PEER, 0);
    expect(of(udp4([1, 2], MAC, STRANGER))).toBe('guard-source');
    expect(of(ack(MAC, STRANGER, 600), PEER)).toBe('guard-source');
    expect(of(udp4([1, 2], MAC, STRANGER))).toBe('guard-source');
    expect(of(ack(MAC, STRANGER, 600), LOCAL_PORT)).toBe('passes');
    expect(of(udp4([1, 2], MAC, STRANGER), PEER, 599 * SECOND)).toBe('passes');
    expect(of(udp4([1, 2], MAC, STRANGER), PEER, 600 * SECOND)).toBe('guard-source');
  });

  it('nothing makes them fail, and what is no IP or ARP passes', () => {
    const { of } = made({ source: true, dhcpServer: true, ra: true, multicastRouter: true });
    expect(of(ethernet(EVERYBODY, MAC, 0x88b5, new Uint8Array(46)))).toBe('passes');
    const types = fc.constantFrom([0x08, 0x00, 0x45], [0x86, 0xdd, 0x60], [0x08, 0x06, 0], [0x81, 0, 0]);
    fc.assert(
      fc.property(types, fc.uint8Array({ maxLength: 200 }), (type, rest) => {
        of(Uint8Array.of(...EVERYBODY, ...MAC, ...type, ...rest));
      }),
    );
  });
});
