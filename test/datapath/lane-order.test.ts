import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeArena } from '../../src/datapath/assembly.js';
import { Reorder } from '../../src/datapath/frames/reorder.js';
import type { ArenaSizes } from '../../src/state/arena.js';
import { Datagram } from '../../src/state/datagram.js';

const SIZES: ArenaSizes = {
  tapSlots: 1,
  receiveSlots: 4,
  sharedRingBytes: 1 << 16,
  ownRings: 0,
  ownRingBytes: 0,
};
const SLOT = 5;
const PEER = 7;

/** Whoever is asked for what is missing says that he was not. */
const NOBODY = { ask: () => 0 };

/** A receiver of the lane: datagrams that say their counter, and what was handed on. */
class Lane {
  readonly arena = makeArena(SIZES);
  readonly delivered: number[] = [];
  readonly reorder = new Reorder(
    this.arena,
    {
      unpack: ({ peer, body, end }) => {
        expect([peer, end - body]).toEqual([PEER, 100]);
        this.delivered.push(this.arena.view.getUint32(body));
      },
    },
    NOBODY,
  );

  arrive(link: number, counter: number, now: number): void {
    const body = this.arena.receiveBase;
    this.arena.view.setUint32(body, counter);
    const place = { slot: SLOT, peer: PEER, linkId: link, body, end: body + 100 };
    const datagram = Object.assign(new Datagram(), place, { counter, now });
    if (this.reorder.offer(datagram)) {
      this.delivered.push(counter);
      this.reorder.advance(datagram);
    }
    this.settle(now);
  }

  announce(links: number, now: number): void {
    this.reorder.announced(Object.assign(new Datagram(), { slot: SLOT, peer: PEER, now }), links, false);
  }

  settle(now: number): void {
    this.reorder.settle(now);
    this.reorder.recycle();
  }
}

describe('order of the lane', () => {
  it('what is in order passes, what is early waits for what is missing', () => {
    const lane = new Lane();
    for (const [link, counter] of [
      [0, 0],
      [1, 2],
      [1, 3],
      [1, 5],
    ])
      lane.arrive(link, counter, 1000);
    lane.announce(0b11, 1000);
    expect(lane.delivered).toEqual([0]);
    lane.arrive(0, 1, 2000);
    expect(lane.delivered).toEqual([0, 1, 2, 3]);
    lane.arrive(0, 4, 3000);
    expect(lane.delivered).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('a gap that every link has passed is given up at once', () => {
    const lane = new Lane();
    lane.arrive(0, 0, 1000);
    lane.arrive(1, 1, 1000);
    lane.arrive(0, 3, 2000);
    expect(lane.delivered).toEqual([0, 1]);
    lane.arrive(1, 4, 2500);
    expect(lane.delivered).toEqual([0, 1, 3, 4]);
  });

  it('a link alone never makes anything wait', () => {
    const lane = new Lane();
    for (const counter of [0, 1, 4, 5, 9]) lane.arrive(0, counter, 1000 + counter);
    expect(lane.delivered).toEqual([0, 1, 4, 5, 9]);
  });

  it('a link that was announced is waited for before it delivers anything, but not for ever', () => {
    const lane = new Lane();
    lane.arrive(0, 0, 1000);
    lane.announce(0b11, 1000);
    lane.arrive(0, 2, 2000);
    expect(lane.delivered).toEqual([0]);
    expect(lane.reorder.nextDeadline()).toBeLessThanOrEqual(302_000);
    lane.settle(lane.reorder.nextDeadline());
    expect(lane.delivered).toEqual([0, 2]);
    // What comes after all is handed on, late.
    lane.arrive(1, 1, 400_000);
    expect(lane.delivered).toEqual([0, 2, 1]);
  });

  it('a link that was announced before anything came is waited for', () => {
    const lane = new Lane();
    lane.announce(0b11, 500);
    lane.arrive(1, 1, 1000);
    expect(lane.delivered).toEqual([]);
    lane.arrive(0, 0, 2000);
    expect(lane.delivered).toEqual([0, 1]);
  });

  it('a session that ends gives out what waits', () => {
    const lane = new Lane();
    lane.arrive(0, 0, 1000);
    lane.announce(0b11, 1000);
    lane.arrive(0, 2, 1000);
    lane.reorder.sessionRetired(SLOT);
    expect(lane.delivered).toEqual([0, 2]);
    expect(lane.reorder.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
    lane.arrive(0, 0, 2000);
    expect(lane.delivered).toEqual([0, 2, 0]);
  });

  it('more than there is room for passes out of order, and the room is given back', () => {
    const lane = new Lane();
    lane.arrive(1, 0, 1000);
    lane.announce(0b11, 1000);
    for (let counter = 2; counter < 9000; counter++) lane.arrive(0, counter, 1000);
    expect(lane.delivered.length).toBe(8999);
    lane.arrive(0, 10_000, 2000);
    lane.arrive(0, 9000, 2000);
    expect(lane.delivered.at(-1)).toBe(9000);
  });

  it('everything is handed on once, in order, whatever the links delay, when nothing is lost', () => {
    const ways = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 200 });
    const delays = fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(ways, delays, (links, delay) => {
        const lane = new Lane();
        const arrivals = links.map((link, counter) => ({ link, counter, at: counter * 100 + delay[link] }));
        arrivals.sort((a, b) => a.at - b.at || a.counter - b.counter);
        lane.arrive(0, 0, 0);
        lane.announce(0b1111, 0);
        for (const { link, counter, at } of arrivals) lane.arrive(link, counter + 1, at);
        expect(lane.delivered).toEqual([...Array(links.length + 1).keys()]);
      }),
    );
  });

  it('a gap that is not given up is looked at later, not at once again, whichever links stop carrying meanwhile', () => {
    const lane = new Lane();
    for (let counter = 0; counter < 70; counter++) lane.arrive(0, counter, 1000);
    // The second link does not keep order, and carries no more when the wait for the first is over.
    lane.arrive(1, 71, 10_000);
    lane.arrive(1, 70, 20_000);
    lane.arrive(1, 73, 190_000);
    let looks = 0;
    for (let now = 190_000; now < 500_000; looks++) {
      lane.settle(now);
      expect(lane.reorder.nextDeadline()).toBeGreaterThan(now);
      now = lane.reorder.nextDeadline();
    }
    expect(looks).toBeLessThan(5);
    expect(lane.delivered.at(-1)).toBe(73);
  });
});
