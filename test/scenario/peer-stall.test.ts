import { describe, expect, it } from 'vitest';
import { cut } from '../sim/cuts.js';
import { Lan } from '../sim/lan.js';
import { withSeed } from '../sim/random.js';
import { Stream } from '../sim/stream.js';
import { MILLISECOND, World } from '../sim/world.js';

const HOLD_US = 30 * MILLISECOND;

function start(seed: number, links: number): Lan {
  const lan = new Lan(new World(seed), { hosts: 2, links });
  lan.world.run(200 * MILLISECOND);
  return lan;
}

describe('a peer that falls silent on all its links at once', () => {
  for (const links of [2, 8]) {
    it(`is late, not cut off: none of ${links} links is left, nothing is lost`, () =>
      withSeed((seed) => {
        const { world, nodes } = start(seed, links);
        const [a, b] = nodes;
        const before = a.linkEvents().length + b.linkEvents().length;
        const stream = new Stream(world, b, a, 500);
        for (let round = 0; round < 10; round++) {
          world.run(100 * MILLISECOND);
          b.stall(50 * MILLISECOND);
        }
        world.run(100 * MILLISECOND);
        stream.stop();
        world.run(100 * MILLISECOND);
        expect(a.linkEvents().length + b.linkEvents().length).toBe(before);
        expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
      }));
  }

  it('and stays silent is left after three hold times', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, 2);
      const [a, b] = nodes;
      const before = a.linkEvents().length;
      for (const link of [0, 1]) cut(world, 'black hole', a, b, link);
      world.run(2 * HOLD_US);
      expect(a.linkEvents()).toHaveLength(before);
      world.run(2 * HOLD_US);
      expect(a.linkEvents().filter(({ cause }) => cause === 'hold-time-expired')).toHaveLength(2);
    }));

  it('but for one is left at that one’s hold time as ever', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, 3);
      const [a, b] = nodes;
      for (const link of [0, 1]) cut(world, 'black hole', a, b, link);
      world.run(HOLD_US + 15 * MILLISECOND);
      const gone = a.linkEvents().filter(({ state }) => state !== 'up' && state !== 'one-way');
      expect(new Set(gone.slice(-2).map(({ link }) => link))).toEqual(new Set([0, 1]));
    }));
});
