import { describe, expect, it } from 'vitest';
import { LinkCapacity } from '../../src/link/lane/capacity.js';
import { LaneResends } from '../../src/link/lane/resends.js';

const BOTH = 3;
const SECOND = 1_000_000;
const DATAGRAM = 1500;

/** Two links of 20 Mbit/s and 50 ms, of whose heartbeats such a share is lost. */
class Lane {
  isAskedAgain = true;
  readonly links = [new LinkCapacity(), new LinkCapacity()];
  readonly resends: LaneResends;

  constructor(lost: number, flows = 1) {
    for (const link of this.links) link.probed(20 / 8);
    this.resends = new LaneResends({
      capacity: (id) => this.links[id],
      rttUs: () => 50_000,
      beatLoss: () => lost,
      isAskedAgain: () => this.isAskedAgain,
    });
    this.resends.review(BOTH, flows);
  }

  tells(now = SECOND): boolean {
    return this.resends.tell(BOTH, now);
  }
}

describe('what a lane has lost is sent again', () => {
  it('where losses keep transfers far below what the links carry', () => {
    expect(new Lane(0.003).tells()).toBe(true);
    expect(new Lane(0).tells()).toBe(false);
    expect(new Lane(0.00001).tells()).toBe(false);
    expect(new Lane(0.003, 8).tells()).toBe(false);
    expect(new Lane(0.03, 8).tells()).toBe(true);
  });

  it('only to a peer that asks, and gets it soon enough', () => {
    expect(Object.assign(new Lane(0.003), { isAskedAgain: false }).tells()).toBe(false);
  });

  it('not while a queue may have dropped it, which is said at once', () => {
    const lane = new Lane(0.003);
    expect(lane.tells()).toBe(true);
    expect(lane.resends.isNews(BOTH, SECOND + 1)).toBe(false);
    // What takes 6 ms to drain: nothing says yet that the queue has room for it.
    lane.links[1].sent(10 * DATAGRAM, SECOND + 1);
    expect(lane.resends.isNews(BOTH, SECOND + 1)).toBe(true);
    expect(lane.tells(SECOND + 1)).toBe(false);
    expect(lane.resends.isNews(BOTH, SECOND + 200_000)).toBe(false);
    expect(lane.resends.isNews(BOTH, SECOND + 300_000)).toBe(true);
    expect(lane.tells(SECOND + 300_000)).toBe(true);
  });
});
