import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DROP, DROP_NAMES } from '../../src/contract/drops.js';
import type { StormLimit } from '../../src/contract/port-settings.js';
import { PEER, PEER_WIDTH } from '../../src/contract/stats.js';
import { Frame } from '../../src/switch/frame.js';
import { LOCAL_PORT, MacTable } from '../../src/switch/mac-table.js';
import { StormControl } from '../../src/switch/storm.js';

const SECOND = 1e6;
const PEERS = 4;
const STATION = 0x020000000001;
const STRANGER = 0x020000000002;
const BROADCAST = 0xffffffffffff;
const MULTICAST = 0x01005e000001;

const pps = (perSecond: number): StormLimit => ({ perSecond, isBytes: false });
const bps = (perSecond: number): StormLimit => ({ perSecond, isBytes: true });

function control() {
  const bytes = new Uint8Array(64);
  const view = new DataView(bytes.buffer);
  const macs = new MacTable({ limit: 16, seed: [1, 2] });
  macs.addStatic(0, 0x0200, 1, LOCAL_PORT);
  const told: [number, number, boolean][] = [];
  const stats = { peers: new Float64Array(PEERS * PEER_WIDTH) };
  const storm = new StormControl(bytes, macs, {
    stormChanged: (...change) => told.push(change),
    stats,
  });
  const frame = new Frame();
  /** The reason for which a frame is dropped, or null. */
  const check = (port: number, to: number, now: number, length = 64): string | null => {
    view.setUint16(0, to / 2 ** 32);
    view.setUint32(2, to % 2 ** 32);
    const reason = storm.check(port, frame.place(0, length), now);
    return reason < 0 ? null : DROP_NAMES[reason];
  };
  const drops = (peer: number): number => stats.peers[peer * PEER_WIDTH + PEER.stormDrops];
  return { storm, check, told, drops };
}

describe('storm control', () => {
  it('limits each kind of one peer, and nothing else', () => {
    const { storm, check } = control();
    expect(storm.isOn).toBe(false);
    storm.set(1, [pps(1), pps(1), pps(1)], 0);
    expect(storm.isOn).toBe(true);
    const reasons = (port: number, to: number): Set<string | null> =>
      new Set(Array.from({ length: 30 }, () => check(port, to, 0)));
    expect(reasons(1, BROADCAST)).toEqual(new Set([null, 'storm-broadcast']));
    expect(reasons(1, MULTICAST)).toEqual(new Set([null, 'storm-multicast']));
    expect(reasons(1, STRANGER)).toEqual(new Set([null, 'storm-unknown-unicast']));
    for (const [port, to] of [
      [1, STATION],
      [1, 0x0180c2000000],
      [0, BROADCAST],
      [2, BROADCAST],
      [LOCAL_PORT, BROADCAST],
      [99, BROADCAST],
    ])
      expect(reasons(port, to)).toEqual(new Set([null]));
    storm.set(1, [null, null, pps(1)], 0);
    expect(reasons(1, BROADCAST)).toEqual(new Set([null]));
    expect(reasons(1, STRANGER)).toEqual(new Set(['storm-unknown-unicast']));
    storm.peerRemoved(1);
    expect(storm.isOn).toBe(false);
    expect(reasons(1, STRANGER)).toEqual(new Set([null]));
  });

  it('lets pass what was allowed, whenever frames come: no more, and no less while they keep coming', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.boolean(),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 50_000 }), fc.integer({ min: 14, max: 64 })), {
          minLength: 1,
          maxLength: 300,
        }),
        (rate, isBytes, frames) => {
          const { storm, check, drops } = control();
          storm.set(0, [{ perSecond: rate, isBytes }, null, null], 0);
          const burst = Math.max(rate / 10, isBytes ? 16_384 : 10);
          let now = 0;
          let passed = 0;
          let offered = 0;
          let count = 0;
          for (const [gap, length] of frames) {
            now += gap;
            // Setting the same limit again gives nothing anew.
            storm.set(0, [{ perSecond: rate, isBytes }, null, null], now);
            const cost = isBytes ? length : 1;
            offered += cost;
            if (check(0, BROADCAST, now, length) === null) passed += cost;
            else count++;
          }
          const allowed = burst + (rate * now) / SECOND;
          expect(passed).toBeLessThanOrEqual(allowed + 64);
          if (offered <= burst) expect(passed).toBe(offered);
          expect(drops(0)).toBe(count);
        },
      ),
    );
    const { storm, check } = control();
    storm.set(0, [pps(100), null, null], 0);
    let passed = 0;
    for (let now = 0; now < 10 * SECOND; now += 1000) passed += Number(check(0, BROADCAST, now) === null);
    expect(passed).toBeGreaterThanOrEqual(1000);
    expect(passed).toBeLessThanOrEqual(1011);
  });

  it('takes the rest of a super-frame from the allowance of its peer alone', () => {
    const { storm, check } = control();
    for (const peer of [0, 1]) storm.set(peer, [bps(10_000), null, null], 0);
    expect(check(0, BROADCAST, 0)).toBe(null);
    storm.extend(0, 20_000);
    expect(check(0, BROADCAST, 0)).toBe('storm-broadcast');
    expect(check(1, BROADCAST, 0)).toBe(null);
    storm.extend(0, 20_000);
    expect(check(1, BROADCAST, 0)).toBe(null);
    expect(check(0, BROADCAST, SECOND)).toBe(null);
  });

  it('tells once that a storm has begun, and once that it is over', () => {
    const { storm, check, told } = control();
    storm.set(2, [null, pps(1), null], 0);
    let now = 0;
    for (; now < 30 * SECOND; now += SECOND / 4) {
      check(2, MULTICAST, now);
      storm.sweep(now);
    }
    expect(told).toEqual([[2, 1, false]]);
    storm.sweep(now + 9 * SECOND);
    expect(told).toHaveLength(1);
    storm.sweep(now + 10 * SECOND);
    storm.sweep(now + 20 * SECOND);
    expect(told).toEqual([
      [2, 1, false],
      [2, 1, true],
    ]);
  });

  it('says nothing more of a peer that has gone, and starts its successor with a full allowance', () => {
    const { storm, check, told } = control();
    storm.set(2, [pps(1), null, null], 0);
    for (let count = 0; count < 20; count++) check(2, BROADCAST, 0);
    storm.peerRemoved(2);
    storm.sweep(SECOND);
    expect(told).toEqual([]);
    storm.set(2, [pps(1), null, null], SECOND);
    expect(check(2, BROADCAST, SECOND)).toBe(null);
    expect(DROP['storm-broadcast']).toBeGreaterThan(0);
  });
});
