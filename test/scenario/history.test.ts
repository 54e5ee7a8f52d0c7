/** The history of a link, sampled from a host's counters second by second, against what the virtual wire did. */

import { describe, expect, it } from 'vitest';
import type { SeriesName } from '../../src/api/history.js';
import { STATE } from '../../src/contract/link-states.js';
import { LinkHistory } from '../../src/daemon/observe/link-history.js';
import { LinkSampler } from '../../src/daemon/observe/link-sampler.js';
import type { Hop } from '../sim/hop.js';
import { delay } from '../sim/hops/delay.js';
import { loss } from '../sim/hops/loss.js';
import { Meter } from '../sim/hops/meter.js';
import { rate } from '../sim/hops/rate.js';
import { Lan, linkRow } from '../sim/lan.js';
import { withSeed } from '../sim/random.js';
import { Stream } from '../sim/stream.js';
import { MILLISECOND, SECOND, World } from '../sim/world.js';

const CLEAN = [delay(10 * MILLISECOND)];

/** What the wire did in a minute. */
interface Minute {
  sent: number;
  sentBytes: number;
  arrived: number;
  arrivedBytes: number;
}

describe('history', () => {
  it('tells each minute as it was: clean, lossy, narrow, dead', () =>
    withSeed((seed) => {
      const world = new World(seed, { delayUs: 10 * MILLISECOND });
      const lan = new Lan(world, { hosts: 2, links: 1, intervalMs: 100, holdMs: 300 });
      const [a, b] = lan.nodes;
      const row = linkRow(b.id, 0);
      const wire = world.wire(a, b, 0);
      const [before, behind] = [new Meter(), new Meter()];
      const set = (...hops: Hop[]): void => {
        wire.hops = [before, ...hops, behind];
      };
      set(...CLEAN);
      const sampler = new LinkSampler();
      const history = new LinkHistory();
      let second = 0;
      const sample = (): void => {
        const { links } = a.engine.stats;
        const isUp = a.linkGauge(row, 'state') === STATE.UP;
        const found = sampler.take(links, row, isUp, world.now);
        if (found !== null) history.add(second, found);
      };
      world.run(SECOND);
      sample();
      const stream = new Stream(world, a, b, 5 * MILLISECOND, 500);
      const minutes: Minute[] = [];
      const minute = (...hops: Hop[]): void => {
        set(...hops);
        const from = [before.datagrams, before.bytes, behind.datagrams, behind.bytes];
        for (let passed = 0; passed < 60; passed++) {
          world.run(SECOND);
          sample();
          second++;
        }
        minutes.push({
          sent: before.datagrams - from[0],
          sentBytes: before.bytes - from[1],
          arrived: behind.datagrams - from[2],
          arrivedBytes: behind.bytes - from[3],
        });
      };
      minute(...CLEAN);
      minute(...CLEAN, loss(0.1, world.random));
      minute(...CLEAN, rate(60_000, { ms: 200 }));
      minute(loss(1, world.random));
      stream.stop();
      const told = (name: SeriesName, of: 'mean' | 'largest' = 'mean'): number[] =>
        history.minutes(name, of, 3, 4);

      expect(told('downPermille').slice(0, 3)).toEqual([0, 0, 0]);
      expect(told('downPermille')[3]).toBeGreaterThan(950);
      minutes.forEach(({ sent, sentBytes, arrived, arrivedBytes }, index) => {
        const name = `minute ${index}`;
        expect(told('sentBytesPerSecond')[index] / (sentBytes / 60), name).toBeCloseTo(1, 2);
        if (index === 3) return;
        expect(told('lossOutPermille')[index] / 1000, name).toBeCloseTo(1 - arrived / sent, 2);
        // The rate is smoothed over half a second and lags behind at each end of the minute.
        expect(told('deliveredBytesPerSecond')[index] / (arrivedBytes / 60), name).toBeCloseTo(1, 1);
      });
      expect(told('rttUs')[0]).toBeCloseTo(20 * MILLISECOND, -2);
      expect(told('rttUs', 'largest')[1]).toBeCloseTo(20 * MILLISECOND, -2);
      // The queue of the narrow minute is full.
      expect(told('rttUs')[2]).toBeGreaterThan(200 * MILLISECOND);
      expect(told('rttUs')[2]).toBeLessThan(235 * MILLISECOND);
      expect(told('lossInPermille').slice(0, 3)).toEqual([0, 0, 0]);
    }));
});
