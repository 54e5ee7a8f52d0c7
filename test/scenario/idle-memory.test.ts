import { describe, expect, it } from 'vitest';
import { cut } from '../sim/cuts.js';
import { Lan } from '../sim/lan.js';
import { withSeed } from '../sim/random.js';
import { Stream } from '../sim/stream.js';
import { MILLISECOND, World } from '../sim/world.js';

const SECOND = 1000 * MILLISECOND;

describe('memory that was given back', () => {
  it('is missed by nobody: the next rush and a cut lose nothing', () =>
    withSeed((seed) => {
      const { world, nodes } = new Lan(new World(seed), { hosts: 2, links: 2 });
      const [a, b] = nodes;
      world.run(200 * MILLISECOND);
      for (let rush = 0; rush < 2; rush++) {
        const stream = new Stream(world, a, b, 100, 1300);
        const back = new Stream(world, b, a, 2000, 60_000);
        world.run(100 * MILLISECOND);
        if (rush === 1) cut(world, 'black hole', a, b, 0);
        world.run(200 * MILLISECOND);
        stream.stop();
        back.stop();
        world.run(100 * MILLISECOND);
        expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
        expect(back.report()).toMatchObject({ lost: 0, duplicated: 0 });
        if (rush === 1) return;
        world.run(35 * SECOND);
        expect(a.io.discarded).toBeGreaterThan(0);
        expect(b.io.discarded).toBeGreaterThan(0);
      }
    }));
});
