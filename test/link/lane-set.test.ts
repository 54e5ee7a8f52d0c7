import { describe, expect, it } from 'vitest';
import { LinkCapacity } from '../../src/link/lane/capacity.js';
import { LaneSet } from '../../src/link/lane/lane-set.js';
import { provenShare } from '../../src/link/lane/proven.js';

const SECOND = 1_000_000;
/** Heartbeats that an idle link has sent. */
const BEATS = 320;

interface Path {
  readonly mbit: number;
  readonly rttMs: number;
  /** Of {@link BEATS}. */
  readonly lostBeats?: number;
  /** How often some of them were lost again, those of a burst counted once. */
  readonly repeatedEvents?: number;
}

/** The lane of a peer over paths whose capacity probes have told. */
function laneOver(...paths: Path[]): LaneSet {
  return laneBy(capacitiesOf(paths), paths);
}

function capacitiesOf(paths: readonly Path[]): LinkCapacity[] {
  return paths.map(({ mbit }) => {
    const link = new LinkCapacity();
    link.probed(mbit / 8);
    return link;
  });
}

function laneBy(capacities: readonly LinkCapacity[], paths: readonly Path[]): LaneSet {
  const lost = (id: number) => paths[id].lostBeats ?? 0;
  return new LaneSet({
    capacity: (id) => capacities[id],
    rttUs: (id) => paths[id].rttMs * 1000,
    beatLoss: (id) => lost(id) / BEATS,
    provenBeatLoss: (id) => provenShare(lost(id), BEATS),
    beatLossEvents: (id) => (paths[id].repeatedEvents ?? 0) / BEATS,
    isAskedAgain: () => false,
  });
}

const [FIRST, SECOND_LINK, BOTH] = [1, 2, 3];

/** What keeps a link from carrying more; `isOfSet`: whether the lane has that set. */
type Bound = (link: LinkCapacity, now: number, isOfSet: (set: number) => boolean) => void;
const STANDS_FULL: Bound = (link, now) => {
  Object.assign(link, { filledAt: now });
};
const ONE_LOSES: Bound = (link, _now, isOfSet) => {
  if (isOfSet(FIRST)) Object.assign(link.losses, { random: 1 });
};

/** A lane in use from the first second on. */
class Run {
  private now = SECOND;
  private round = 0;

  constructor(
    private readonly lane: LaneSet,
    private readonly capacities: readonly LinkCapacity[],
    /** Mbit/s that a set carries, all its links together. */
    private readonly carries: (set: number) => number,
    private readonly bound: Bound,
  ) {}

  /** Goes on until so many seconds; returns the set then. */
  until(seconds: number): number {
    for (; this.now < seconds * SECOND; this.now += 25_000) this.report();
    return this.lane.usableSet(BOTH, this.now);
  }

  private report(): void {
    const { lane, now } = this;
    const set = lane.usableSet(BOTH, now);
    if (this.round < lane.round) this.round = lane.countFlow(now);
    lane.usedAt.fill(now);
    for (const [id, link] of this.capacities.entries()) {
      const isUsed = (set & (1 << id)) !== 0;
      Object.assign(link, { delivered: isUsed ? this.carries(set) / sizeOf(set) / 8 : 0, reportedAt: now });
      if (isUsed) this.bound(link, now, (wanted) => set === wanted);
    }
    lane.review(BOTH, now);
  }
}

function sizeOf(set: number): number {
  return set === BOTH ? 2 : 1;
}

describe('the links of the lane', () => {
  it('are not left for a heartbeat that was lost, and are for many', () => {
    for (const [lostBeats, left] of [
      [1, FIRST],
      [2, FIRST],
      [12, SECOND_LINK],
    ]) {
      const beats = { lostBeats: 0 };
      const lane = laneOver(
        {
          mbit: 6,
          rttMs: 560,
          get lostBeats() {
            return beats.lostBeats;
          },
        },
        { mbit: 2, rttMs: 50 },
      );
      expect(lane.usableSet(BOTH, SECOND)).toBe(FIRST);
      beats.lostBeats = lostBeats;
      lane.review(BOTH, 2 * SECOND);
      expect(lane.usableSet(BOTH, 2 * SECOND), `${lostBeats} lost`).toBe(left);
    }
  });

  it.each([
    ['later', 100, 500],
    ['earlier', 500, 100],
  ])(
    'never come apart by more than 150 ms, for one that is %s as little as for others',
    (_, first, other) => {
      const lane = laneOver({ mbit: 20, rttMs: first }, { mbit: 15, rttMs: other });
      expect(lane.usableSet(BOTH, SECOND)).toBe(FIRST);
      lane.outgrown(Number.POSITIVE_INFINITY, BOTH, SECOND);
      expect(lane.usableSet(BOTH, SECOND)).toBe(FIRST);
    },
  );

  it('grow by one that is as late as they are, however early an unused one is', () => {
    const lane = laneOver({ mbit: 20, rttMs: 520 }, { mbit: 20, rttMs: 540 }, { mbit: 1, rttMs: 20 });
    expect(lane.usableSet(7, SECOND)).toBe(FIRST);
    lane.outgrown(Number.POSITIVE_INFINITY, 7, SECOND);
    expect(lane.usableSet(7, SECOND)).toBe(BOTH);
  });

  it.each([
    [
      'left for the best one when they carry less than it could, and it carries more',
      0,
      12,
      [BOTH, FIRST, FIRST],
    ],
    ['taken again when it carries less', 0, 3, [BOTH, FIRST, BOTH]],
    ['kept when it could carry no more either, for what it loses', 12, 3, [BOTH, BOTH, BOTH]],
  ])('are %s', (_, lostBeats, aloneMbit, expected) => {
    const paths = [20, 15].map((mbit) => ({ mbit, rttMs: 50, lostBeats }));
    const capacities = capacitiesOf(paths);
    const lane = laneBy(capacities, paths);
    lane.usableSet(BOTH, SECOND);
    lane.outgrown(Number.POSITIVE_INFINITY, BOTH, SECOND);
    const carry = (set: number) => (set === FIRST ? aloneMbit : 6);
    const run = new Run(lane, capacities, carry, ONE_LOSES);
    const sets = [2, 4, 10].map((until) => run.until(until));
    expect(sets).toEqual(expected);
  });

  describe('that stand full', () => {
    const paths = [
      { mbit: 3, rttMs: 180 },
      { mbit: 8, rttMs: 100, lostBeats: 12 },
    ];

    function laneThatCarries(aloneMbit: number, bound: Bound, repeatedEvents = 0) {
      const capacities = capacitiesOf(paths);
      const lane = laneBy(capacities, [paths[0], { ...paths[1], repeatedEvents }]);
      expect(lane.usableSet(BOTH, SECOND)).toBe(FIRST);
      return new Run(lane, capacities, (set) => (set === FIRST ? 3 : aloneMbit), bound);
    }

    it('are left on trial for one that may carry more, whatever is believed of its losses, and it is kept if it does', () => {
      const run = laneThatCarries(4.5, STANDS_FULL);
      expect(run.until(2)).toBe(FIRST);
      expect([5, 8, 12, 30].map((until) => run.until(until))).toEqual(Array(4).fill(SECOND_LINK));
    });

    it('are not left for one that lost something again and again before it carried anything', () => {
      const run = laneThatCarries(4.5, STANDS_FULL, 11);
      expect([2, 5, 8, 12, 30].map((until) => run.until(until))).toEqual(Array(5).fill(FIRST));
    });

    it('are taken again if it does not, and it is not tried again soon', () => {
      const run = laneThatCarries(1.5, STANDS_FULL);
      expect(run.until(4)).toBe(SECOND_LINK);
      expect([8, 12, 30].map((until) => run.until(until))).toEqual(Array(3).fill(FIRST));
      expect([34, 35, 36, 37, 38].map((until) => run.until(until))).toContain(SECOND_LINK);
    });

    it('are taken again later if nothing but the transfers bounds what it carries', () => {
      const bound: Bound = (link, now, isOfSet) => {
        if (isOfSet(FIRST)) STANDS_FULL(link, now, isOfSet);
      };
      const run = laneThatCarries(1.5, bound);
      expect([4, 8, 11].map((until) => run.until(until))).toEqual(Array(3).fill(SECOND_LINK));
      expect(run.until(20)).toBe(FIRST);
    });
  });

  it('that lose datagrams are used when others would be late', () => {
    const lane = laneOver(
      { mbit: 20, rttMs: 50 },
      { mbit: 20, rttMs: 50, lostBeats: 1 },
      { mbit: 20, rttMs: 50, lostBeats: 32 },
    );
    const late = [0, 1, 2].map((id) => lane.lossyUs(id));
    expect(late[0]).toBe(0);
    // More than the 5 ms that an earlier link is preferred by.
    expect(late[1]).toBeGreaterThan(5_000);
    expect(late[2]).toBeGreaterThan(late[1]);
    expect(late[2]).toBeLessThanOrEqual(15_000);
  });
});
