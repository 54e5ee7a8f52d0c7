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
  });
}

const [FIRST, SECOND_LINK, BOTH] = [1, 2, 3];

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
    const sets = [2, 4, 10].map((until) => {
      for (let now = (until === 2 ? 1 : until === 4 ? 2 : 4) * SECOND; now < until * SECOND; now += 25_000) {
        const isAlone = lane.usableSet(BOTH, now) === FIRST;
        lane.usedAt.fill(now);
        for (const link of capacities) {
          Object.assign(link, { delivered: isAlone ? aloneMbit / 8 : 3 / 8, reportedAt: now });
        }
        lane.review(BOTH, now);
      }
      return lane.usableSet(BOTH, until * SECOND);
    });
    expect(sets).toEqual(expected);
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
