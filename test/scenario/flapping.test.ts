/** Links that go down again and again: traffic does not follow them, and nobody is left without a link. */
import { describe, expect, it } from 'vitest';
import { STATE } from '../../src/contract/link-states.js';
import type { DampingSettings } from '../../src/contract/settings.js';
import { CUT_KINDS, cut, isSeenAtOnce } from '../sim/cuts.js';
import { Lan, type LanOptions, linkRow } from '../sim/lan.js';
import { withSeed } from '../sim/random.js';
import { Stream } from '../sim/stream.js';
import { MILLISECOND, SECOND, World } from '../sim/world.js';

const DAMPING: DampingSettings = { halfLifeUs: 15 * SECOND, reuse: 1000, suppress: 2500, maxUs: 60 * SECOND };

function start(seed: number, options: Partial<LanOptions> = {}): Lan {
  const lan = new Lan(new World(seed), { hosts: 2, links: 2, ...options });
  for (const node of lan.nodes) {
    for (let id = 0; id < lan.options.links; id++) {
      lan.configureLink(node, 1 - node.id, id, { damping: DAMPING });
    }
  }
  lan.world.run(200 * MILLISECOND);
  return lan;
}

/** Half a second dead, half a second alive. */
function flap({ world, nodes: [a, b] }: Lan, link: number, times: number): void {
  for (let turn = 0; turn < times; turn++) {
    const heal = cut(world, 'black hole', a, b, link);
    world.run(500 * MILLISECOND);
    heal();
    world.run(500 * MILLISECOND);
  }
}

describe('a flapping link', () => {
  // Each end sees its own cable only, and may hold a link up that the other one does not trust yet or has just lost.
  describe.each([
    ['beside a good one', 2, [0]],
    ['that is the only one', 1, [0]],
    ['in turn with another', 2, [0, 1]],
  ])('%s', (_, links, flapping) => {
    it.each(CUT_KINDS.filter(isSeenAtOnce))(
      'ten times in two seconds (%s) costs neither direction a frame',
      (kind) =>
        withSeed((seed) => {
          const { world, nodes } = start(seed, { links, intervalMs: 100, holdMs: 300 });
          const [a, b] = nodes;
          world.run(2 * SECOND);
          const streams = [
            new Stream(world, a, b, 8 * MILLISECOND),
            new Stream(world, b, a, 8 * MILLISECOND),
          ];
          for (let turn = 0; turn < 10; turn++) {
            const heal = cut(world, kind, a, b, flapping[turn % flapping.length]);
            world.run(100 * MILLISECOND);
            heal();
            world.run(100 * MILLISECOND);
          }
          for (const stream of streams) stream.stop();
          world.run(SECOND);
          for (const stream of streams) expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
        }),
    );
  });

  it('at 1 Hz for ten minutes moves traffic a few times and no more, loses nothing, and is used again at last', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      const [a, b] = nodes;
      const stream = new Stream(world, a, b, 20 * MILLISECOND);
      const before = a.linkEvents().length;
      flap(lan, 0, 600);
      const ups = a
        .linkEvents()
        .slice(before)
        .filter(({ link, state }) => link === 0 && state === 'up');
      expect(ups.length).toBeLessThanOrEqual(2);
      expect(a.linkGauge(linkRow(1, 0), 'state')).toBe(STATE.DAMPED);
      const until = a.linkGauge(linkRow(1, 0), 'dampedUntilUs');
      const left = until - a.linkGauge(linkRow(1, 0), 'changedUs');
      expect(left).toBeGreaterThan(50 * SECOND);
      expect(left).toBeLessThanOrEqual(60 * SECOND);
      world.run(61 * SECOND);
      expect(a.linkGauge(linkRow(1, 0), 'state')).toBe(STATE.UP);
      expect(b.linkGauge(linkRow(0, 0), 'state')).toBe(STATE.UP);
      expect(a.linkEvents().at(-1)).toMatchObject({ state: 'up', cause: 'damping-over' });
      stream.stop();
      world.run(SECOND);
      expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
    }));

  it('is taken although it is held back when the last other one dies, and left when that returns', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      const [a, b] = nodes;
      flap(lan, 0, 5);
      expect(a.linkGauge(linkRow(1, 0), 'state')).toBe(STATE.DAMPED);
      const stream = new Stream(world, a, b, 1000);
      world.run(200 * MILLISECOND);
      const heal = cut(world, 'black hole', a, b, 1);
      world.run(SECOND);
      expect(a.activeLink(b.id)).toBe(0);
      expect(a.linkGauge(linkRow(1, 0), 'state')).toBe(STATE.DAMPED);
      heal();
      // One beat suffices: no other link is up.
      world.run(50 * MILLISECOND);
      expect(a.activeLink(b.id)).toBe(1);
      stream.stop();
      world.run(100 * MILLISECOND);
      const report = stream.report();
      expect(report).toMatchObject({ lost: 0, duplicated: 0 });
      expect(report.longestGapUs).toBeLessThanOrEqual(45 * MILLISECOND);
    }));

  it('that is the only one is never held back from traffic', () =>
    withSeed((seed) => {
      const lan = start(seed, { links: 1 });
      flap(lan, 0, 20);
      const { world, nodes } = lan;
      const stream = new Stream(world, nodes[0], nodes[1], MILLISECOND);
      world.run(200 * MILLISECOND);
      stream.stop();
      world.run(100 * MILLISECOND);
      expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
    }));

  it('that the operator shuts down and opens again is not damped', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      for (let turn = 0; turn < 10; turn++) {
        for (const shutdown of [true, false]) {
          lan.configureLink(nodes[0], 1, 0, { damping: DAMPING, shutdown });
          world.run(200 * MILLISECOND);
        }
      }
      expect(nodes[0].linkGauge(linkRow(1, 0), 'state')).toBe(STATE.UP);
    }));
});

describe('a link that only the far end has up', () => {
  it.each(['the operator shuts it down', 'it loses its carrier'])(
    'keeps nobody waiting for its hold time when %s',
    (what) =>
      withSeed((seed) => {
        const lan = start(seed, { intervalMs: 100, holdMs: 300 });
        const { world, nodes } = lan;
        const [a, b] = nodes;
        lan.configureLink(a, b.id, 0, { upAfter: 200 });
        const heal = cut(world, 'carrier near', a, b, 0);
        world.run(100 * MILLISECOND);
        heal();
        world.run(2 * SECOND);
        expect(a.linkGauge(linkRow(b.id, 0), 'state')).toBe(STATE.DOWN);
        expect(b.activeLink(a.id)).toBe(0);
        const stream = new Stream(world, b, a, 8 * MILLISECOND);
        world.run(200 * MILLISECOND);
        if (what.startsWith('the operator')) lan.configureLink(a, b.id, 0, { shutdown: true });
        else cut(world, 'carrier near', a, b, 0);
        world.run(SECOND);
        stream.stop();
        world.run(SECOND);
        expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
        expect(stream.report().longestGapUs).toBeLessThan(50 * MILLISECOND);
      }),
  );
});

describe('good beats before up', () => {
  it('as many as configured while another link is up, none when nothing else is', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      const [a, b] = nodes;
      for (const node of nodes) lan.configureLink(node, 1 - node.id, 0, { upAfter: 40 });
      const heal = cut(world, 'black hole', a, b, 0);
      world.run(100 * MILLISECOND);
      heal();
      world.run(380 * MILLISECOND);
      expect(a.linkGauge(linkRow(1, 0), 'state')).not.toBe(STATE.UP);
      world.run(60 * MILLISECOND);
      expect(a.linkGauge(linkRow(1, 0), 'state')).toBe(STATE.UP);
      expect(a.linkEvents().at(-1)?.facts.beatsHeard).toBeGreaterThanOrEqual(40);

      const healBoth = [0, 1].map((link) => cut(world, 'black hole', a, b, link));
      world.run(100 * MILLISECOND);
      for (const one of healBoth) one();
      world.run(25 * MILLISECOND);
      expect(a.activeLink(b.id)).toBeGreaterThanOrEqual(0);
    }));
});

describe('what an event tells', () => {
  it('a black hole: beats missed, silence, and that the peer heard us', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed);
      const [a, b] = nodes;
      cut(world, 'black hole', a, b, 0);
      world.run(200 * MILLISECOND);
      const down = [...a.linkEvents(), ...b.linkEvents()].find(({ cause }) => cause === 'hold-time-expired');
      expect(down?.facts).toMatchObject({
        beatsMissed: 3,
        peerHearsUs: true,
        holdUs: 30 * MILLISECOND,
        ownStallUs: 0,
      });
      expect(down?.facts.heardUsAgo).toBeGreaterThanOrEqual(30 * MILLISECOND);
      expect(down?.facts.heardUsAgo).toBeLessThanOrEqual(32 * MILLISECOND);
      expect(down?.facts.rttUs).toBeGreaterThan(0);
    }));
});
