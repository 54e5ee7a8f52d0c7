/** What heartbeats tell of the MTU of a peer's TAP: every change that lasts, and no flood of those that do not. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DatapathEvent } from '../../src/contract/events.js';
import { hearTapMtu } from '../../src/link/life/tap-mtu.js';
import type { LinkBase } from '../../src/link/ports.js';
import { Datagram } from '../../src/state/datagram.js';
import { PeerTable } from '../../src/state/peers.js';
import { HEARTBEAT } from '../../src/wire/heartbeat.js';
import { Lan } from '../sim/lan.js';
import { SETTINGS, type SimNode } from '../sim/node.js';
import { withSeed } from '../sim/random.js';
import { SECOND, World } from '../sim/world.js';

const TOLD_EVERY_US = 10_000_000;
const TOLD_AT_ONCE = 4;
const PEER = 0;

function told(events: readonly DatapathEvent[]): number[] {
  return events.flatMap((event) => (event.kind === 'tap-mtu' ? [event.mtu] : []));
}

function listener() {
  const events: DatapathEvent[] = [];
  const view = new DataView(new ArrayBuffer(HEARTBEAT.BYTES));
  const peers = new PeerTable();
  peers.add(PEER, 'passive', 0, 1);
  const base = {
    tables: { peers },
    arena: { view },
    ports: { emit: (event: DatapathEvent) => events.push(event) },
  } as unknown as LinkBase;
  const hear = (mtu: number, now: number, length: number = HEARTBEAT.BYTES) => {
    view.setUint16(HEARTBEAT.TAP_MTU, mtu);
    hearTapMtu(base, Object.assign(new Datagram(), { peer: PEER, body: 0, end: length, now }));
  };
  return { events, hear };
}

describe('the MTU of a TAP in heartbeats', () => {
  it('is told once, whatever it is, and four times at once and then once in ten seconds when it keeps changing', () => {
    const beats = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 3_000_000 }), fc.integer({ min: 0, max: 0xffff })),
      {
        minLength: 1,
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(beats, (list) => {
        const { events, hear } = listener();
        let now = TOLD_EVERY_US;
        for (const [after, mtu] of list) {
          now += after;
          hear(mtu, now);
        }
        const last = list[list.length - 1][1];
        expect(told(events).length).toBeLessThanOrEqual(
          TOLD_AT_ONCE + Math.floor((now - TOLD_EVERY_US) / TOLD_EVERY_US),
        );
        hear(last, now + TOLD_EVERY_US);
        hear(last, now + 3 * TOLD_EVERY_US);
        expect(told(events).at(-1) ?? 0).toBe(last);
      }),
    );
  });

  it('is told at once when a person changes it twice and takes it back', () => {
    const { events, hear } = listener();
    [1500, 1400, 1400, 9000, 1500].forEach((mtu, second) => {
      hear(mtu, second * SECOND);
    });
    expect(told(events)).toEqual([1500, 1400, 9000, 1500]);
  });

  it('is unknown of a peer whose heartbeats end before it, also after a downgrade', () => {
    const { events, hear } = listener();
    hear(1500, TOLD_EVERY_US, HEARTBEAT.TAP_MTU);
    expect(told(events)).toEqual([]);
    hear(1500, 2 * TOLD_EVERY_US);
    hear(1500, 4 * TOLD_EVERY_US, HEARTBEAT.TAP_MTU + 1);
    expect(told(events)).toEqual([1500, 0]);
  });

  it('reaches the other end when it is changed at one', () =>
    withSeed((seed) => {
      const lan = new Lan(new World(seed), { hosts: 2, links: 2 });
      const set = (node: SimNode, tapMtu: number) =>
        node.command({ kind: 'settings', settings: { ...SETTINGS, tapMtu } });
      const [a, b] = lan.nodes;
      lan.world.run(SECOND);
      set(a, 1400);
      lan.world.run(2 * SECOND);
      expect(told(b.events)).toEqual([SETTINGS.tapMtu, 1400]);
      expect(told(a.events)).toEqual([SETTINGS.tapMtu]);
    }));
});
