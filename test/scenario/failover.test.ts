import { describe, expect, it } from 'vitest';
import { STATE } from '../../src/contract/link-states.js';
import { CUT_KINDS, cut, isSeenAtOnce } from '../sim/cuts.js';
import { delay } from '../sim/hops/delay.js';
import { jitter } from '../sim/hops/jitter.js';
import { Lan, type LanOptions, linkRow } from '../sim/lan.js';
import { withSeed } from '../sim/random.js';
import { Stream } from '../sim/stream.js';
import { MILLISECOND, World } from '../sim/world.js';

const LINKS = 8;
const HOLD_US = 30 * MILLISECOND;
const INTERVAL_US = 10 * MILLISECOND;
const DELAY_US = 2 * MILLISECOND;
/** Timers are met within a tick of the wheel. */
const TICK_US = 1 * MILLISECOND;

function start(seed: number, options: Partial<LanOptions> = {}, delayUs = DELAY_US): Lan {
  const lan = new Lan(new World(seed, { delayUs }), { hosts: 2, links: LINKS, ...options });
  lan.world.run(200 * MILLISECOND);
  return lan;
}

describe('cutting seven of eight links', () => {
  for (const kind of CUT_KINDS) {
    for (const [name, periodUs] of [
      ['1 kHz', 1000],
      ['20 kHz', 50],
    ] as const) {
      it(`${kind}, ${name}: nothing lost, nothing twice, the outage bounded`, () =>
        withSeed((seed) => {
          const { world, nodes } = start(seed);
          const [a, b] = nodes;
          const stream = new Stream(world, a, b, periodUs);
          world.run(50 * MILLISECOND);
          for (let link = 0; link < LINKS - 1; link++) {
            cut(world, kind, a, b, link);
            world.run(80 * MILLISECOND);
          }
          stream.stop();
          world.run(100 * MILLISECOND);

          const report = stream.report();
          expect(report).toMatchObject({ lost: 0, duplicated: 0 });
          const detection = isSeenAtOnce(kind) ? 2 * DELAY_US : HOLD_US + 2 * DELAY_US;
          expect(report.longestGapUs).toBeLessThanOrEqual(detection + INTERVAL_US + TICK_US);
          expect(a.linkGauge(linkRow(1, LINKS - 1), 'state')).toBe(STATE.UP);
          expect(a.linkGauge(linkRow(1, 0), 'state')).not.toBe(STATE.UP);
          expect(b.linkGauge(linkRow(0, 0), 'state')).not.toBe(STATE.UP);
          expect(b.drops()).not.toHaveProperty('unknown-index');
        }));
    }
  }
});

describe('links that die and come back', () => {
  it('random cuts of every kind, at least one link left whole: nothing lost, nothing twice', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed);
      const [a, b] = nodes;
      const streams = [new Stream(world, a, b, 700), new Stream(world, b, a, 900)];
      const undo: ((() => void) | undefined)[] = [];
      for (let step = 0; step < 80; step++) {
        const link = Math.floor(world.random() * LINKS);
        const broken = undo.filter((heal) => heal !== undefined).length;
        if (undo[link] !== undefined) {
          undo[link]();
          undo[link] = undefined;
        } else if (broken < LINKS - 2) {
          const kind = CUT_KINDS[Math.floor(world.random() * CUT_KINDS.length)];
          undo[link] = cut(world, kind, a, b, link);
        }
        // Longer than detection: a link that dies while the frames of the last one are on it is the next test.
        world.run((100 + world.random() * 100) * MILLISECOND);
      }
      for (const stream of streams) stream.stop();
      world.run(200 * MILLISECOND);
      for (const stream of streams) expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
    }));

  it('links cut faster than each cut can be detected: what was sent again is sent again', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed);
      const [a, b] = nodes;
      const stream = new Stream(world, a, b, 500);
      world.run(100 * MILLISECOND);
      for (let link = 0; link < LINKS - 1; link++) {
        cut(world, 'black hole', a, b, link);
        world.run((1 + world.random() * 45) * MILLISECOND);
      }
      world.run(300 * MILLISECOND);
      stream.stop();
      world.run(100 * MILLISECOND);
      expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
    }));

  it('a link that returns and counts on does not confirm what went astray from it', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, { links: 3 });
      const [a, b] = nodes;
      const stream = new Stream(world, a, b, 500);
      world.run(500 * MILLISECOND);
      const heal = cut(world, 'black hole', a, b, 0);
      world.run(30 * MILLISECOND);
      // What link 0 lost is sent again by link 1, which dies at that very moment, and link 0 returns.
      cut(world, 'black hole', a, b, 1);
      world.run(5 * MILLISECOND);
      heal();
      world.run(300 * MILLISECOND);
      stream.stop();
      world.run(100 * MILLISECOND);
      expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
    }));

  it.each([35, 60])(
    'a hole of %i ms, over before a slower link tells the sender of it: nothing lost',
    (holeMs) =>
      withSeed((seed) => {
        const lan = start(seed, { links: 2 });
        const { world, nodes } = lan;
        const [a, b] = nodes;
        for (const wire of [world.wire(a, b, 1), world.wire(b, a, 1)]) wire.hops = [delay(100 * MILLISECOND)];
        // The sender is more patient than the receiver: it hears of the hole and does not see it.
        lan.configureLink(a, b.id, 0, { holdUs: 300 * MILLISECOND });
        const stream = new Stream(world, a, b, 1000);
        world.run(500 * MILLISECOND);
        const heal = cut(world, 'black hole', a, b, 0);
        world.run(holeMs * MILLISECOND);
        heal();
        world.run(500 * MILLISECOND);
        stream.stop();
        world.run(300 * MILLISECOND);
        expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
      }),
  );

  it('all links cut for less than the resend age: what waited arrives when one returns', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, { links: 2 });
      const [a, b] = nodes;
      const stream = new Stream(world, a, b, 1000);
      world.run(100 * MILLISECOND);
      const heal = [0, 1].map((link) => cut(world, 'black hole', a, b, link));
      // Sent into the black hole before anybody could know.
      world.run(20 * MILLISECOND);
      stream.stop();
      world.run(500 * MILLISECOND);
      heal[1]();
      world.run(200 * MILLISECOND);
      expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
    }));

  it('frames sent while no link is usable wait for one, within the resend age', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, { links: 2 });
      const [a, b] = nodes;
      const stream = new Stream(world, a, b, 1000);
      world.run(100 * MILLISECOND);
      const heal = [0, 1].map((link) => cut(world, 'black hole', a, b, link));
      world.run(1000 * MILLISECOND);
      heal[1]();
      world.run(200 * MILLISECOND);
      stream.stop();
      world.run(50 * MILLISECOND);
      expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
    }));

  it('a flapping link moves traffic only as often as it flaps, and loses nothing', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, { links: 2 });
      const [a, b] = nodes;
      const stream = new Stream(world, a, b, 1000);
      const flaps = 20;
      for (let flap = 0; flap < flaps; flap++) {
        const heal = cut(world, 'black hole', a, b, 0);
        world.run(35 * MILLISECOND);
        heal();
        // Shorter than five good beats: the link must not be trusted in between.
        world.run(25 * MILLISECOND);
      }
      stream.stop();
      world.run(200 * MILLISECOND);
      expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
      // Down at the first flap, up after the last.
      expect(a.linkGauge(linkRow(1, 0), 'transitions')).toBeLessThanOrEqual(5);
      expect(a.linkGauge(linkRow(1, 0), 'state')).toBe(STATE.UP);
    }));
});

describe('default timers', () => {
  it('a black hole is left within hold time and a round trip, over paths with jitter', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, { intervalMs: 100, holdMs: 300 }, 20 * MILLISECOND);
      const [a, b] = nodes;
      const paths = [world.wire(a, b, 0), world.wire(b, a, 0), world.wire(a, b, 1), world.wire(b, a, 1)];
      for (const wire of paths) wire.hops = [delay(20 * MILLISECOND), jitter(5 * MILLISECOND, world.random)];
      world.run(1000 * MILLISECOND);
      const stream = new Stream(world, a, b, 1000);
      world.run(500 * MILLISECOND);
      cut(world, 'black hole', a, b, 0);
      world.run(1000 * MILLISECOND);
      stream.stop();
      world.run(500 * MILLISECOND);
      const report = stream.report();
      expect(report).toMatchObject({ lost: 0, duplicated: 0 });
      expect(report.longestGapUs).toBeLessThanOrEqual((300 + 2 * 25) * MILLISECOND + TICK_US);
    }));
});

describe('the price of losing nothing', () => {
  it('without failures next to nothing is sent twice', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed);
      const [a, b] = nodes;
      const stream = new Stream(world, a, b, 200);
      world.run(1000 * MILLISECOND);
      stream.stop();
      expect(a.counter('resentDatagrams')).toBe(0);
      expect(stream.report().sent).toBeGreaterThan(4900);
    }));

  it('after a cut only what may have been lost is sent again', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed);
      const [a, b] = nodes;
      const stream = new Stream(world, a, b, 100);
      world.run(1000 * MILLISECOND);
      cut(world, 'black hole', a, b, 0);
      world.run(100 * MILLISECOND);
      stream.stop();
      const unconfirmedUs = HOLD_US + INTERVAL_US + 4 * DELAY_US;
      expect(a.counter('resentDatagrams')).toBeLessThanOrEqual(unconfirmedUs / 100 + 10);
      expect(a.counter('resentDatagrams')).toBeGreaterThan(HOLD_US / 100 - 10);
    }));

  it('a ring of little memory loses the oldest only, and nothing is twice', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, {
        node: { arena: { sharedRingBytes: 1 << 19, ownRingBytes: 1 << 19 } },
      });
      const [a, b] = nodes;
      const stream = new Stream(world, a, b, 20, 1300);
      world.run(100 * MILLISECOND);
      cut(world, 'black hole', a, b, 0);
      world.run(100 * MILLISECOND);
      stream.stop();
      world.run(100 * MILLISECOND);
      const report = stream.report();
      const inRing = (1 << 19) / 1400;
      const inOutage = (HOLD_US + 2 * DELAY_US) / 20;
      expect(report.duplicated).toBe(0);
      expect(report.lost).toBeGreaterThan(0);
      expect(report.lost).toBeLessThanOrEqual(inOutage - inRing * 0.9);
      expect(b.drops()).not.toHaveProperty('forged');
    }));
});
