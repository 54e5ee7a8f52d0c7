/** Two stations with one IP address. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SwitchNotice } from '../../src/contract/events.js';
import { AddressClaims } from '../../src/switch/address-claims.js';
import { Frame, vlanId } from '../../src/switch/frame.js';
import { LOCAL_PORT } from '../../src/switch/mac-table.js';
import { stationOf } from '../sim/frames.js';
import { advertisement, arp, solicitation } from '../sim/neighbours.js';

const SECOND = 1e6;
const IP = [10, 0, 0, 9];
const IP6 = [0x20, 1, 0xd, 0xb8, ...new Array(11).fill(0), 9];
const ELSE = [10, 0, 0, 1];
const [ONE, TWO, THREE] = [stationOf(1), stationOf(2), stationOf(3)];

function watched() {
  const bytes = new Uint8Array(2000);
  const told: SwitchNotice[] = [];
  const claims = new AddressClaims(bytes, [5, 6], (notice) => told.push(notice));
  const frame = new Frame();
  const hear = (port: number, content: Uint8Array, second: number): number => {
    bytes.set(content);
    claims.take(port, frame.place(0, content.length), vlanId(content, 0, content.length), second * SECOND);
    return told.length;
  };
  return { hear, told, claims };
}

const asks = (station: Uint8Array, ip = IP, vlan = 0) => arp(station, ip, ELSE, { vlan });

describe('an address', () => {
  it('that two stations claim in turn is told of, with both and where they are', () => {
    const { hear, told } = watched();
    expect(hear(LOCAL_PORT, asks(ONE), 0)).toBe(0);
    expect(hear(3, asks(TWO), 1)).toBe(0);
    expect(hear(LOCAL_PORT, asks(ONE), 2)).toBe(1);
    expect(told[0]).toMatchObject({
      words: [0, 0, 0xffff, 0x0a000009],
      one: { port: -1 },
      other: { port: 3 },
    });
    expect(told[0]).toMatchObject({ one: { low: lowOf(ONE) }, other: { low: lowOf(TWO) } });
  });

  it('of IPv6 too, by solicitations and by announcements', () => {
    const { hear } = watched();
    hear(1, solicitation(ONE, IP6, [...IP6.slice(0, 15), 1]), 0);
    hear(2, advertisement(TWO, IP6, 0x20), 1);
    expect(hear(1, solicitation(ONE, IP6, [...IP6.slice(0, 15), 1]), 2)).toBe(1);
  });

  it('that moves, once or slowly or to ever other stations, is not', () => {
    const { hear } = watched();
    for (const [station, second] of [
      [ONE, 0],
      [ONE, 1],
      [TWO, 2],
      [TWO, 3],
      [THREE, 4],
    ] as const)
      expect(hear(1, asks(station), second)).toBe(0);
    hear(1, asks(ONE), 100);
    hear(1, asks(TWO), 110);
    expect(hear(1, asks(ONE), 171)).toBe(0);
  });

  it('of another VLAN, and a station at another port, is another matter', () => {
    const { hear } = watched();
    hear(1, asks(ONE, IP, 10), 0);
    hear(1, asks(TWO, IP, 20), 1);
    hear(1, asks(ONE, IP, 10), 2);
    expect(hear(7, asks(ONE, IP, 10), 3)).toBe(0);
  });

  it('is told of again after five minutes, and others meanwhile once a second', () => {
    const { hear } = watched();
    for (let second = 0; second < 299; second++) hear(1, asks(second % 2 === 0 ? ONE : TWO), second);
    expect(hear(1, asks(ONE), 299)).toBe(1);
    expect(
      [300, 301, 302, 303].map((second) => hear(1, asks(second % 2 === 0 ? TWO : ONE), second)).at(-1),
    ).toBe(2);
    const crowd = Array.from({ length: 50 }, (_, last) => [10, 1, 0, last + 1]);
    for (const station of [ONE, TWO, ONE]) for (const ip of crowd) hear(1, asks(station, ip), 400);
    expect(hear(1, asks(ONE), 400)).toBe(3);
  });

  it('is forgotten with the peer that claimed it', () => {
    const { hear, claims } = watched();
    hear(1, asks(ONE), 0);
    hear(2, asks(TWO), 1);
    claims.peerRemoved(1);
    expect(hear(2, asks(ONE), 2)).toBe(0);
  });

  it('is never told of while each station has its own, however many there are', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5000), fc.nat(5)), { maxLength: 300 }), (heard) => {
        const { hear } = watched();
        heard.forEach(([station, port], second) => {
          hear(port, asks(stationOf(station), [10, 2, station >> 8, station & 255]), second);
        });
        expect(hear(0, asks(ONE), 1000)).toBe(0);
      }),
      { numRuns: 50 },
    );
  });
});

function lowOf(station: Uint8Array): number {
  return new DataView(station.buffer, station.byteOffset).getUint32(2);
}
