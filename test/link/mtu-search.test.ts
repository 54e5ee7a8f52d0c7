import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_PROBES, MTU_STATE, MtuSearch } from '../../src/link/life/mtu-search.js';

const ROW = 3;
const ENOUGH_STEPS = 400;

/** A path that carries packets up to `truth` bytes; the own device refuses those above `device`. */
interface Path {
  truth: number;
  device: number;
  /** Whether the next packet that would fit is lost all the same. */
  loses: () => boolean;
}

function step(search: MtuSearch, path: Path): void {
  const size = search.candidate[ROW];
  if (size > path.device) return search.refused(ROW);
  search.sent(ROW);
  if (size <= path.truth && !path.loses()) search.answered(ROW);
  else search.lost(ROW);
}

/** Probes until nothing is left to ask. Returns every size that was in use meanwhile. */
function settle(search: MtuSearch, path: Path): number[] {
  const used = [search.size[ROW]];
  for (let steps = 0; search.candidate[ROW] !== 0 && search.state[ROW] !== MTU_STATE.ERROR; steps++) {
    if (steps === ENOUGH_STEPS) throw new Error(`still searching: ${search.size[ROW]}`);
    step(search, path);
    used.push(search.size[ROW]);
  }
  return used;
}

function started(family: number, hint: number): MtuSearch {
  const search = new MtuSearch();
  search.start(ROW, family, hint);
  return search;
}

const clean = (truth: number, device = 65_535): Path => ({ truth, device, loses: () => false });
const floorOf = (family: number) => (family === 6 ? 1280 : 576);

describe('the search for a path MTU', () => {
  it('takes two answers where the kernel is right', () => {
    const search = started(4, 1500);
    expect(search.size[ROW]).toBe(1200);
    step(search, clean(1500));
    expect([search.state[ROW], search.size[ROW], search.candidate[ROW]]).toEqual([
      MTU_STATE.SEARCHING,
      1200,
      1500,
    ]);
    step(search, clean(1500));
    expect([search.state[ROW], search.size[ROW]]).toEqual([MTU_STATE.COMPLETE, 1500]);
  });

  it('finds what a path carries to the byte, and uses nothing that does not pass, whatever the kernel says', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(4, 6),
        fc.integer({ min: 1280, max: 9300 }),
        fc.constantFrom(0, 1280, 1500, 9000),
        (family, truth, hint) => {
          const search = started(family, hint);
          const used = settle(search, clean(truth));
          expect(search.state[ROW]).toBe(MTU_STATE.COMPLETE);
          expect(search.size[ROW]).toBe(Math.min(truth, Math.max(hint, 1500)));
          expect(Math.max(...used)).toBeLessThanOrEqual(truth);
        },
      ),
    );
  });

  it('goes below its base where a path of IPv4 takes less', () => {
    for (const truth of [576, 600, 1000, 1199]) {
      const search = started(4, 1500);
      settle(search, clean(truth));
      expect(search.size[ROW]).toBe(truth);
    }
  });

  it('does not outlast the device, whose word costs no time', () => {
    const search = started(4, 9000);
    settle(search, { truth: 65_535, device: 1400, loses: () => false });
    expect(search.size[ROW]).toBe(1400);
  });

  it('never uses what does not pass, under loss, hints and doubts in any order; and finds the truth in the end', () => {
    const doubt = fc.oneof(
      fc.record({ what: fc.constant('hint' as const), to: fc.integer({ min: 300, max: 9300 }) }),
      fc.record({ what: fc.constant('verify' as const), to: fc.constant(0) }),
      fc.record({ what: fc.constant('raise' as const), to: fc.constant(0) }),
      fc.record({ what: fc.constant('path' as const), to: fc.integer({ min: 1280, max: 9300 }) }),
      fc.record({ what: fc.constant('step' as const), to: fc.constant(0) }),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(4, 6),
        fc.array(doubt, { maxLength: 60 }),
        fc.infiniteStream(fc.boolean()),
        (family, doubts, coin) => {
          const search = started(family, 1500);
          const path = { ...clean(1500), loses: () => coin.next().value as boolean };
          let shrank = false;
          for (const { what, to } of doubts) {
            if (what === 'hint') search.hinted(ROW, to);
            else if (what === 'verify') search.verify(ROW);
            else if (what === 'raise') search.raise(ROW);
            else if (what === 'path') {
              shrank ||= to < path.truth;
              path.truth = to;
            } else if (search.candidate[ROW] !== 0) step(search, path);
            if (!shrank) expect(search.size[ROW]).toBeLessThanOrEqual(path.truth);
            expect(search.size[ROW]).toBeGreaterThanOrEqual(floorOf(family));
          }
          // The path settles: what is in doubt is asked, and after the raise timer everything is.
          path.loses = () => false;
          for (let round = 0; round < MAX_PROBES; round++) {
            search.verify(ROW);
            if (search.state[ROW] === MTU_STATE.ERROR) step(search, path);
            settle(search, path);
            search.raise(ROW);
          }
          settle(search, path);
          expect(search.state[ROW]).toBe(MTU_STATE.COMPLETE);
          // What was found while the kernel promised more is kept.
          expect(search.size[ROW]).toBeLessThanOrEqual(path.truth);
          expect(search.size[ROW]).toBeGreaterThanOrEqual(
            Math.min(path.truth, Math.max(search.hint[ROW], 1500)),
          );
        },
      ),
    );
  });
});

describe('a size in use that passes no more', () => {
  it('is left at the first probe that is lost, and given up at the third', () => {
    const search = started(4, 1500);
    settle(search, clean(1500));
    search.verify(ROW);
    step(search, clean(1300));
    expect([search.size[ROW], search.candidate[ROW]]).toEqual([1200, 1500]);
    settle(search, clean(1300));
    expect([search.state[ROW], search.size[ROW]]).toEqual([MTU_STATE.COMPLETE, 1300]);
  });

  it('is given up later where more is lost anyway', () => {
    const search = started(4, 1500);
    settle(search, clean(1500));
    search.verify(ROW);
    for (let probe = 1; probe <= 7; probe++) {
      expect(search.candidate[ROW]).toBe(1500);
      search.sent(ROW);
      search.lost(ROW, 7);
    }
    expect([search.size[ROW], search.candidate[ROW]]).toEqual([1200, 1200]);
  });

  it('is back after one answer when only a probe was lost', () => {
    const search = started(4, 1500);
    settle(search, clean(1500));
    search.verify(ROW);
    search.sent(ROW);
    search.lost(ROW);
    expect(search.size[ROW]).toBe(1200);
    step(search, clean(1500));
    expect([search.state[ROW], search.size[ROW]]).toEqual([MTU_STATE.COMPLETE, 1500]);
  });

  it('is left when the kernel says less, and comes back when the path says otherwise', () => {
    const search = started(4, 1500);
    settle(search, clean(1500));
    search.hinted(ROW, 600);
    expect(search.size[ROW]).toBe(600);
    step(search, clean(1500));
    expect(search.size[ROW]).toBe(1500);
  });

  it('is found again by the raise timer', () => {
    const search = started(6, 1500);
    settle(search, clean(1400));
    expect(search.size[ROW]).toBe(1400);
    search.raise(ROW);
    settle(search, clean(1500));
    expect(search.size[ROW]).toBe(1500);
  });

  it('that is the smallest there is makes an error, out of which the first answer leads', () => {
    const search = started(4, 1500);
    settle(search, clean(100));
    expect([search.state[ROW], search.size[ROW]]).toEqual([MTU_STATE.ERROR, 576]);
    step(search, clean(1500));
    settle(search, clean(1500));
    expect(search.size[ROW]).toBe(1500);
  });
});

describe('a size that the operator has fixed', () => {
  it('is neither probed nor changed', () => {
    const search = started(4, 1500);
    search.fix(ROW, 1452);
    search.hinted(ROW, 600);
    search.verify(ROW);
    search.dataRefused(ROW, 1452);
    expect([search.state[ROW], search.size[ROW], search.candidate[ROW]]).toEqual([MTU_STATE.FIXED, 1452, 0]);
  });
});
