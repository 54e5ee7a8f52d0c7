import { describe, expect, it } from 'vitest';
import { UntoldLosses } from '../../src/link/life/untold.js';

const SESSION = 0xf000_0001;
const LATER_SESSION = 0xf000_0002;

describe('losses that a peer could not be told of', () => {
  it('are taken once, as they were first: what came later may have come after a hole', () => {
    const untold = new UntoldLosses();
    untold.keep(3, SESSION, { acknowledged: 2 ** 40, lane: 7 });
    untold.keep(3, SESSION, { acknowledged: 2 ** 40 + 5, lane: 9 });
    expect(untold.take(3, SESSION)).toEqual({ acknowledged: 2 ** 40, lane: 7 });
    expect(untold.take(3, SESSION)).toBeUndefined();
    untold.keep(3, SESSION, { acknowledged: 2 ** 40 + 9, lane: 9 });
    expect(untold.take(3, SESSION)).toEqual({ acknowledged: 2 ** 40 + 9, lane: 9 });
  });

  it('say in another session that nothing of it has come', () => {
    const untold = new UntoldLosses();
    untold.keep(0, SESSION, { acknowledged: 12, lane: 4 });
    expect(untold.take(0, LATER_SESSION)).toEqual({ acknowledged: 0, lane: 0 });
    untold.keep(0, SESSION, { acknowledged: 12, lane: 4 });
    untold.keep(0, LATER_SESSION, { acknowledged: 1, lane: 0 });
    expect(untold.take(0, LATER_SESSION)).toEqual({ acknowledged: 1, lane: 0 });
  });

  it('go with the link', () => {
    const untold = new UntoldLosses();
    untold.keep(1, SESSION, { acknowledged: 12, lane: 4 });
    untold.linkRemoved(1);
    untold.linkRemoved(999);
    expect(untold.take(1, SESSION)).toBeUndefined();
    expect(untold.take(999, SESSION)).toBeUndefined();
  });
});
