import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Reorder } from '../../src/datapath/frames/reorder.js';
import { Arena } from '../../src/state/arena.js';
import { Datagram } from '../../src/state/datagram.js';

const SIZES = { tapSlots: 1, receiveSlots: 1, sharedRingBytes: 4096, ownRings: 0, ownRingBytes: 0 };
/** Asked for what is missing. */
const NOBODY = { ask: () => 0 };
const GREEDY = 0;
const MODEST = 1;

describe('datagrams of the lane that wait', () => {
  it('leave room for other peers, whatever gaps one peer makes', () => {
    const arena = new Arena(SIZES, 0);
    const released: string[] = [];
    const reorder = new Reorder(
      arena,
      {
        unpack: ({ peer, body }) => released.push(`${peer}:${arena.bytes[body]}`),
      },
      NOBODY,
    );
    const datagram = Object.assign(new Datagram(), { linkId: 0, body: arena.receiveBase, now: 1 });
    datagram.end = datagram.body + 100;
    const offer = (peer: number, counter: number): boolean => {
      arena.bytes[datagram.body] = counter;
      return reorder.offer(Object.assign(datagram, { slot: peer, peer, counter }));
    };

    const share = (arena.reorderCells * 7) / 8;
    for (let counter = 1; counter <= share; counter++) expect(offer(GREEDY, counter)).toBe(false);
    expect([1, 2, 3].map((counter) => offer(MODEST, counter))).toEqual([false, false, false]);
    expect(offer(GREEDY, share + 1)).toBe(true);
    expect(released).toHaveLength(share);

    expect(offer(MODEST, 0)).toBe(true);
    reorder.advance(Object.assign(datagram, { now: 2 }));
    expect(released.slice(share)).toEqual(['1:1', '1:2', '1:3']);
  });

  it('take one ring of a peer, whichever of its sessions, and a ring is there for every peer', () => {
    const arena = new Arena(SIZES, 0);
    const released: string[] = [];
    const reorder = new Reorder(
      arena,
      {
        unpack: ({ peer, slot, body }) => released.push(`${peer}/${slot}:${arena.bytes[body]}`),
      },
      NOBODY,
    );
    const datagram = Object.assign(new Datagram(), { linkId: 0, body: arena.receiveBase, now: 1 });
    datagram.end = datagram.body + 100;
    const offer = (peer: number, slot: number, counter: number): boolean => {
      arena.bytes[datagram.body] = counter;
      return reorder.offer(Object.assign(datagram, { slot, peer, counter }));
    };

    const SESSIONS = 64;
    for (let slot = 0; slot < SESSIONS; slot++) expect(offer(GREEDY, slot, 5)).toBe(false);
    expect(released).toEqual(Array.from({ length: SESSIONS - 1 }, (_, slot) => `0/${slot}:5`));

    const PEERS = 100;
    for (let peer = 1; peer <= PEERS; peer++) expect(offer(peer, SESSIONS + peer, 2)).toBe(false);
    for (let peer = 1; peer <= PEERS; peer++) {
      expect(offer(peer, SESSIONS + peer, 1)).toBe(false);
      expect(offer(peer, SESSIONS + peer, 0)).toBe(true);
      reorder.advance(datagram);
      expect(released.slice(-2)).toEqual([`${peer}/${SESSIONS + peer}:1`, `${peer}/${SESSIONS + peer}:2`]);
    }
  });
});

const MILLISECOND = 1000;
const [FAST, SLOW] = [0, 1];
/** How long an answer of the peer may take. */
const ANSWER_MS = 50;

/** A lane that two links carry, and what is told of it. */
class Lane {
  private readonly arena = new Arena(SIZES, 0);
  private readonly datagram = new Datagram();
  now = 0;
  /** Counters that were passed on, in the order in which they were. */
  readonly passed: number[] = [];
  /** Gaps that the peer was asked for: first counter and number of datagrams of each. */
  readonly asked: [number, number][] = [];
  readonly reorder = new Reorder(
    this.arena,
    {
      unpack: ({ body }) => this.passed.push(this.arena.view.getUint16(body)),
    },
    {
      ask: (_, gaps) => {
        for (let gap = 0; gap < gaps.count; gap++) this.asked.push([gaps.first[gap], gaps.datagrams[gap]]);
        return ANSWER_MS * MILLISECOND;
      },
    },
  );

  /** The peer says that both links carry the lane, and whether it sends again what it is asked for. */
  announce(isAnswering: boolean): void {
    const heartbeat = Object.assign(new Datagram(), { slot: 0, peer: 0, now: this.now });
    this.reorder.announced(heartbeat, 3, isAnswering);
  }

  come(linkId: number, counter: number): void {
    const { datagram, arena, reorder, now } = this;
    Object.assign(datagram, { slot: 0, peer: 0, linkId, counter, now, body: arena.receiveBase });
    datagram.end = datagram.body + 100;
    arena.view.setUint16(datagram.body, counter);
    if (!reorder.offer(datagram)) return;
    this.passed.push(counter);
    reorder.advance(datagram);
  }

  /** Time passes, in ms; gaps are given up when they should be. */
  pass(ms: number): void {
    this.now += ms * MILLISECOND;
    this.reorder.settle(this.now);
    this.reorder.recycle();
  }

  /** Both links bring by turns, the slow one `lateMs` later than the other; returns the next counter. */
  bring(from: number, pairs: number, lateMs: number): number {
    for (let pair = 0; pair < pairs; pair++) {
      this.come(FAST, from + 2 * pair + 1);
      this.pass(lateMs);
      this.come(SLOW, from + 2 * pair);
      this.pass(1);
    }
    return from + 2 * pairs;
  }

  /** How long the datagram that `linkId` should have brought is waited for, in ms. */
  waitFor(linkId: number, counter: number): number {
    this.come(FAST + SLOW - linkId, counter + 1);
    for (let ms = 0; ; ms++) {
      if (this.passed.at(-1) === counter + 1) return ms;
      this.pass(1);
    }
  }
}

describe('a gap of the lane', () => {
  it('is waited for as long as links need that nothing is known of, and no longer when they are known', () => {
    const fresh = new Lane();
    expect(fresh.waitFor(SLOW, fresh.bring(0, 10, 5))).toBe(100);
    const known = new Lane();
    expect(known.waitFor(SLOW, known.bring(0, 70, 5))).toBe(30);
    const slow = new Lane();
    expect(slow.waitFor(SLOW, slow.bring(0, 70, 40))).toBe(80);
  });

  it('is waited for by what the link that may fill it needs, not by what another does', () => {
    const lane = new Lane();
    expect(lane.waitFor(FAST, lane.bring(0, 70, 40))).toBe(30);
  });

  it('teaches how late a link is when it was given up too early', () => {
    const lane = new Lane();
    const next = lane.bring(0, 70, 5);
    expect(lane.waitFor(SLOW, next)).toBe(30);
    lane.pass(20);
    lane.come(SLOW, next);
    expect(lane.waitFor(SLOW, next + 2)).toBe(100);
  });

  it('teaches nothing by what is sent again after a link has died', () => {
    const lane = new Lane();
    const next = lane.bring(0, 70, 5);
    for (let counter = next + 1; counter < next + 40; counter++) lane.come(FAST, counter);
    lane.pass(310);
    for (let counter = next; counter < next + 40; counter++) lane.come(FAST, counter);
    lane.come(FAST, next + 40);
    lane.come(SLOW, next + 41);
    expect(lane.waitFor(SLOW, next + 42)).toBe(30);
    expect(lane.waitFor(FAST, next + 44)).toBe(30);
  });

  it('is known to stay when every link has passed it, though one was sent again by a link that had been idle', () => {
    const lane = new Lane();
    const next = lane.bring(0, 70, 5);
    lane.pass(310);
    lane.come(FAST, 3);
    lane.come(FAST, next + 1);
    lane.come(SLOW, next + 2);
    lane.pass(1);
    expect(lane.passed.at(-1)).toBe(next + 2);
  });

  it('may be filled by links that brought something within a second: so many bring the lane', () => {
    const lane = new Lane();
    lane.bring(0, 1, 5);
    expect(lane.reorder.broughtBy(0, lane.now)).toBe(3);
    lane.pass(600);
    lane.come(SLOW, 2);
    lane.pass(600);
    expect(lane.reorder.broughtBy(0, lane.now)).toBe(1 << SLOW);
    expect(lane.reorder.broughtBy(7, lane.now)).toBe(0);
  });
});

describe('a gap of the lane that is there for good, when the peer sends again what it is asked for', () => {
  /** A lane of which 5, 6 and 9 are lost, as both links have shown. */
  function gapped(isAnswering: boolean): Lane {
    const lane = new Lane();
    lane.announce(isAnswering);
    for (const counter of [0, 2, 4, 8, 10]) lane.come(FAST, counter);
    for (const counter of [1, 3, 7, 11]) lane.come(SLOW, counter);
    lane.pass(2);
    return lane;
  }
  const WITHOUT = [0, 1, 2, 3, 4, 7, 8, 10, 11];
  const sorted = (counters: readonly number[]) => [...counters].sort((a, b) => a - b);

  it('is asked for once, and waited for until the answer comes', () => {
    const lane = gapped(true);
    expect(lane.asked).toEqual([
      [5, 2],
      [9, 1],
    ]);
    lane.pass(ANSWER_MS - 10);
    expect(lane.passed).toEqual([0, 1, 2, 3, 4]);
    lane.come(SLOW, 5);
    lane.come(SLOW, 6);
    expect(lane.passed).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    lane.come(FAST, 9);
    expect(lane.passed).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    lane.pass(300);
    expect(lane.asked).toHaveLength(2);
  });

  it('is given up when no answer comes in time', () => {
    const lane = gapped(true);
    lane.pass(ANSWER_MS + 5);
    expect(lane.passed).toEqual(WITHOUT);
    lane.come(SLOW, 9);
    expect(lane.passed).toEqual([...WITHOUT, 9]);
  });

  it('is not waited for when the peer does not', () => {
    const lane = gapped(false);
    expect(lane.asked).toEqual([]);
    expect(lane.passed).toEqual(WITHOUT);
  });

  it('is asked for as well when a link that may fill it has been silent for too long', () => {
    const lane = new Lane();
    const next = lane.bring(0, 70, 5);
    lane.announce(true);
    lane.come(FAST, next + 1);
    lane.pass(29);
    expect(lane.asked).toEqual([]);
    lane.pass(2);
    expect(lane.asked).toEqual([[next, 1]]);
    lane.pass(ANSWER_MS - 5);
    expect(lane.passed.at(-1)).toBe(next - 1);
    lane.come(FAST, next);
    expect(lane.passed.slice(-2)).toEqual([next, next + 1]);
  });

  it('teaches nothing of a link, whichever brings the answer', () => {
    const lane = new Lane();
    let next = lane.bring(0, 70, 5);
    lane.announce(true);
    // Lost on the slow link, as that shows itself; sent again by it, 40 ms later.
    lane.come(FAST, next + 1);
    lane.come(SLOW, next + 2);
    lane.pass(1);
    lane.pass(40);
    lane.come(SLOW, next);
    lane.announce(false);
    next = lane.bring(next + 3, 1, 5);
    expect(lane.waitFor(SLOW, next)).toBe(30);
  });

  it('and every other datagram is passed on once and in order, whatever is lost and whatever is answered', () => {
    const fates = fc.array(fc.constantFrom('fast', 'slow', 'lost', 'lost and answered'), { maxLength: 300 });
    fc.assert(
      fc.property(fates, (drawn) => {
        const lane = new Lane();
        const answers: { counter: number; at: number }[] = [];
        let known = 0;
        const answer = (): void => {
          for (; known < lane.asked.length; known++) {
            const [first, count] = lane.asked[known];
            for (let counter = first; counter < first + count; counter++) {
              if (drawn[counter] === 'lost and answered')
                answers.push({ counter, at: lane.now + 20 * MILLISECOND });
            }
          }
          while (answers.length > 0 && answers[0].at <= lane.now)
            lane.come(SLOW, answers.splice(0, 1)[0].counter);
        };
        lane.announce(true);
        drawn.forEach((fate, counter) => {
          if (fate === 'fast' || fate === 'slow') lane.come(fate === 'fast' ? FAST : SLOW, counter);
          lane.pass(1);
          lane.announce(true);
          answer();
        });
        lane.come(FAST, drawn.length);
        lane.come(SLOW, drawn.length + 1);
        for (let ms = 0; ms < 200; ms++) {
          lane.pass(1);
          answer();
        }
        const expected = [...drawn, 'fast', 'slow'].flatMap((fate, counter) =>
          fate === 'lost' ? [] : [counter],
        );
        expect(lane.passed).toEqual(expected);
        expect(sorted(lane.passed)).toEqual(lane.passed);
      }),
    );
  });
});
