import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addBytes, fold } from '../../../src/base/checksum.js';
import { NO_GROUP } from '../../../src/contract/port-settings.js';
import { Frame, vlanId } from '../../../src/switch/frame.js';
import { LOCAL_PORT, MacTable } from '../../../src/switch/mac-table.js';
import { Ports } from '../../../src/switch/ports.js';
import { NEIGHBOUR_ROWS } from '../../../src/switch/suppression/neighbour-table.js';
import { Suppression } from '../../../src/switch/suppression/suppression.js';
import { stationOf } from '../../sim/frames.js';
import { advertisement, arp, solicitation } from '../../sim/neighbours.js';

const SECOND = 1e6;
const LASTS = 300 * SECOND;
const ANSWER = 2048;
const [NEAR, FAR, OTHER] = [LOCAL_PORT, 3, 4];
const [HERE, THERE, THIRD] = [stationOf(0), stationOf(1), stationOf(2)];
const ipOf = (station: number): number[] => [10, 0, station >> 8, station & 255];
const ip6Of = (station: number): number[] => [0x20, 1, 0xd, 0xb8, ...new Array(11).fill(0), station];
const NOBODY = [0, 0, 0, 0];

function suppression() {
  const bytes = new Uint8Array(4096);
  const macs = new MacTable({ limit: 65_536, seed: [1, 2], ageingUs: LASTS });
  const ports = new Ports();
  for (const port of [FAR, OTHER]) ports.set(port, { splitHorizon: NO_GROUP });
  const answers: [number, Uint8Array][] = [];
  const out = {
    reserve: () => ANSWER,
    add: (port: number, length: number) => answers.push([port, bytes.slice(ANSWER, ANSWER + length)]),
  };
  const subject = new Suppression(bytes, macs, ports, out, [3, 4]);
  subject.set(LASTS);
  const frame = new Frame();
  /** A frame comes in by a port; the answer to it, if there is one. */
  const take = (port: number, content: Uint8Array, now = 0): Uint8Array | undefined => {
    bytes.set(content);
    const view = new DataView(content.buffer, content.byteOffset);
    const vlan = vlanId(content, 0, content.length);
    macs.learn(vlan, view.getUint16(6), view.getUint32(8), port, now);
    const isAnswered = subject.take(port, frame.place(0, content.length), true, now);
    const answer = answers.pop();
    expect(isAnswered).toBe(answer !== undefined);
    if (answer !== undefined) expect(answer[0]).toBe(port);
    return answer?.[1];
  };
  const known = (now = 0) => subject.stretch(0, NEIGHBOUR_ROWS, now).rows;
  return { take, known, subject, macs, ports };
}

describe('ARP suppression', () => {
  it('answers for a station that has said its address, with a reply as its own', () => {
    const { take } = suppression();
    expect(take(NEAR, arp(HERE, ipOf(1), ipOf(2)))).toBeUndefined();
    take(FAR, arp(THERE, ipOf(2), ipOf(1), { isReply: true, to: HERE }));
    const answer = take(NEAR, arp(HERE, ipOf(1), ipOf(2)));
    const wanted = Uint8Array.of(
      ...[...HERE, ...THERE, 8, 6, 0, 1, 8, 0, 6, 4, 0, 2],
      ...[...THERE, ...ipOf(2), ...HERE, ...ipOf(1), ...new Uint8Array(18)],
    );
    expect(answer).toEqual(wanted);
    expect(take(FAR, arp(THERE, ipOf(2), ipOf(1)))).toBeDefined();
  });

  it('leaves probes, announcements, refreshes and other VLANs to the stations', () => {
    const { take } = suppression();
    take(FAR, arp(THERE, ipOf(2), ipOf(2)));
    expect(take(NEAR, arp(HERE, NOBODY, ipOf(2)))).toBeUndefined();
    expect(take(NEAR, arp(HERE, ipOf(1), ipOf(2), { to: THERE }))).toBeUndefined();
    expect(take(NEAR, arp(HERE, ipOf(1), ipOf(1)))).toBeUndefined();
    expect(take(NEAR, arp(HERE, ipOf(1), ipOf(2), { vlan: 7 }))).toBeUndefined();
    expect(take(NEAR, arp(HERE, ipOf(1), ipOf(2)))).toBeDefined();
    take(FAR, arp(THERE, ipOf(2), ipOf(2), { vlan: 7 }));
    const answer = take(NEAR, arp(HERE, ipOf(1), ipOf(2), { vlan: 7 }));
    expect([...(answer ?? [])].slice(12, 18)).toEqual([0x81, 0, 0, 7, 8, 6]);
  });

  it('answers nobody on the same port, across a split horizon, or for a peer that is held', () => {
    const { take, ports } = suppression();
    take(FAR, arp(THERE, ipOf(2), ipOf(2)));
    expect(take(FAR, arp(THIRD, ipOf(3), ipOf(2)))).toBeUndefined();
    expect(take(OTHER, arp(HERE, ipOf(1), ipOf(2)))).toBeDefined();
    for (const port of [FAR, OTHER]) ports.set(port, { splitHorizon: 1 });
    expect(take(OTHER, arp(HERE, ipOf(1), ipOf(2)))).toBeUndefined();
    expect(take(NEAR, arp(stationOf(9), ipOf(9), ipOf(2)))).toBeDefined();
    ports.hold(FAR, 0, true);
    expect(take(NEAR, arp(stationOf(9), ipOf(9), ipOf(2)))).toBeUndefined();
  });

  it('follows a station that moves, and forgets it when it falls silent', () => {
    const { take, macs } = suppression();
    take(FAR, arp(THERE, ipOf(2), ipOf(2)));
    take(OTHER, arp(THERE, ipOf(2), ipOf(2)), SECOND);
    expect(take(FAR, arp(HERE, ipOf(1), ipOf(2)), SECOND)).toBeDefined();
    expect(take(OTHER, arp(THIRD, ipOf(3), ipOf(2)), SECOND)).toBeUndefined();
    macs.flushPort(OTHER);
    expect(take(FAR, arp(HERE, ipOf(1), ipOf(2)), SECOND)).toBeUndefined();
  });

  it('believes nobody who gives another MAC address than its frame has', () => {
    const { take, known } = suppression();
    take(FAR, arp(THERE, ipOf(2), ipOf(2), { sender: THIRD }));
    for (const address of [NOBODY, [127, 0, 0, 1], [224, 0, 0, 5], [255, 255, 255, 255]]) {
      take(FAR, arp(THERE, address, ipOf(1)));
    }
    take(FAR, arp(THERE, ipOf(2), ipOf(2)).subarray(0, 40));
    expect(known()).toEqual([]);
  });

  it('leaves an address that two stations claim to them for a minute', () => {
    const { take, subject } = suppression();
    take(FAR, arp(THERE, ipOf(2), ipOf(2)));
    take(OTHER, arp(THIRD, ipOf(2), ipOf(2)), SECOND);
    expect(take(NEAR, arp(HERE, ipOf(1), ipOf(2)), SECOND)).toBeUndefined();
    take(FAR, arp(THERE, ipOf(2), ipOf(2)), 60 * SECOND);
    expect(take(NEAR, arp(HERE, ipOf(1), ipOf(2)), 60 * SECOND)).toBeUndefined();
    take(OTHER, arp(THIRD, ipOf(2), ipOf(2)), 62 * SECOND);
    const answer = take(NEAR, arp(HERE, ipOf(1), ipOf(2)), 62 * SECOND);
    expect(answer?.slice(6, 12)).toEqual(THIRD);
    expect(subject.stretch(0, 1, 0).duplicates).toBe(1);
  });

  it('answers neighbour solicitations as the station did, router or not', () => {
    const { take } = suppression();
    for (const [flags, answered] of [
      [0xe0, 0xe0],
      [0x60, 0x60],
      [0x20, 0x60],
    ]) {
      take(FAR, advertisement(THERE, ip6Of(2), flags));
      const answer = take(NEAR, solicitation(HERE, ip6Of(1), ip6Of(2))) ?? new Uint8Array();
      expect([...answer.subarray(0, 12)]).toEqual([...HERE, ...THERE]);
      expect([...answer.subarray(22, 54)]).toEqual([...ip6Of(2), ...ip6Of(1)]);
      expect([...answer.subarray(54, 56), ...answer.subarray(58, 59)]).toEqual([136, 0, answered]);
      expect([...answer.subarray(62)]).toEqual([...ip6Of(2), 2, 1, ...THERE]);
      expect(fold(addBytes(answer, 54, 32, addBytes(answer, 22, 32, 58 + 32)))).toBe(0xffff);
    }
  });

  it('learns no anycast address and nothing of who only asks; probes for duplicates are not answered', () => {
    const { take, known } = suppression();
    take(FAR, advertisement(THERE, ip6Of(2), 0x40));
    take(FAR, solicitation(THERE, ip6Of(2), ip6Of(9)));
    expect(known()).toEqual([]);
    take(FAR, advertisement(THERE, ip6Of(2), 0x20));
    expect(take(NEAR, solicitation(HERE, new Array(16).fill(0), ip6Of(2)))).toBeUndefined();
    expect(take(NEAR, solicitation(HERE, ip6Of(1), ip6Of(2)))).toBeDefined();
  });

  it('keeps what others have said, whatever one peer claims, and forgets a peer that is removed', () => {
    const { take, known, subject } = suppression();
    for (let host = 0; host < 256; host++) take(OTHER, arp(stationOf(2, host), ipOf(host), ipOf(host)));
    for (let host = 0; host < 3 * NEIGHBOUR_ROWS; host++) {
      take(FAR, arp(stationOf(1, host), [11, host >> 16, host >> 8, host], ipOf(1)));
    }
    expect(known().length).toBeGreaterThan(NEIGHBOUR_ROWS / 2);
    expect(known().filter(({ port }) => port === OTHER).length).toBe(256);
    subject.peerRemoved(FAR);
    expect(known().length).toBe(256);
  });

  it('never answers but with the MAC address of the only station that has claimed an address lately', () => {
    const step = fc.record({
      isClaim: fc.boolean(),
      station: fc.integer({ min: 1, max: 4 }),
      ip: fc.integer({ min: 1, max: 4 }),
      port: fc.constantFrom(NEAR, FAR, OTHER),
      wait: fc.integer({ min: 0, max: 100 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { take } = suppression();
        const claims: { ip: number; station: number; at: number }[] = [];
        let now = 0;
        for (const { isClaim, station, ip, port, wait } of steps) {
          now += wait * SECOND;
          const own = isClaim ? ip : station + 100;
          const answer = take(port, arp(stationOf(station), ipOf(own), ipOf(ip)), now);
          claims.push({ ip: own, station, at: now });
          if (answer === undefined) continue;
          const lately = claims.filter((one) => one.ip === ip && now - one.at < LASTS);
          const answering = answer[7];
          expect(lately.some((one) => one.station === answering)).toBe(true);
          const latest = lately.filter(({ at }) => now - at < 60 * SECOND);
          for (const one of latest) expect(one.station).toBe(answering);
        }
      }),
    );
  });

  it('takes any bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 14, maxLength: 120 }),
        fc.constantFrom([8, 6], [0x86, 0xdd], [0x81, 0]),
        (content, type) => {
          content.set(type, 12);
          suppression().take(FAR, content);
        },
      ),
    );
  });
});
