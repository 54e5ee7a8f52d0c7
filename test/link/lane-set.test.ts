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
  const capacities = paths.map(({ mbit }) => {
    const link = new LinkCapacity();
    link.probed(mbit / 8);
    return link;
  });
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
});
