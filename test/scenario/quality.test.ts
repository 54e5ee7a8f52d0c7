/** Links that answer and are no good, links that are measurably better, and what `explain` says of both. */
import { describe, expect, it } from 'vitest';
import type { PeerExplanation } from '../../src/contract/answers.js';
import type { QualitySettings } from '../../src/contract/settings.js';
import { PEER, PEER_WIDTH } from '../../src/contract/stats.js';
import { NO_DUPLICATES } from '../../src/datapath/frames/duplicate.js';
import { cut } from '../sim/cuts.js';
import type { Hop } from '../sim/hop.js';
import { delay } from '../sim/hops/delay.js';
import { jitter } from '../sim/hops/jitter.js';
import { loss } from '../sim/hops/loss.js';
import { Lan, type LanOptions, PORT_SETTINGS } from '../sim/lan.js';
import type { SimNode } from '../sim/node.js';
import { withSeed } from '../sim/random.js';
import { Stream } from '../sim/stream.js';
import { MILLISECOND, SECOND, World } from '../sim/world.js';

const QUALITY: QualitySettings = { lossPermille: 100, delayUs: 200 * MILLISECOND };
const USUAL_US = 10 * MILLISECOND;

interface Settings {
  quality?: QualitySettings | null;
  /** Of every link; absent: falling with the id. */
  priority?: number;
}

function start(seed: number, options: Partial<LanOptions> = {}, settings: Settings = {}): Lan {
  const world = new World(seed, { delayUs: USUAL_US });
  const lan = new Lan(world, { hosts: 2, links: 2, intervalMs: 100, holdMs: 3000, ...options });
  // With falling priorities first, so that link 0 is in use whatever they become.
  for (const given of [{}, settings]) {
    for (const node of lan.nodes) {
      for (let id = 0; id < lan.options.links; id++) {
        lan.configureLink(node, 1 - node.id, id, { quality: QUALITY, ...given });
      }
    }
    world.run(2 * SECOND);
  }
  return lan;
}

/** Makes both directions of a link such. */
function shape(lan: Lan, link: number, hops: () => Hop[]): void {
  const [a, b] = lan.nodes;
  for (const wire of [lan.world.wire(a, b, link), lan.world.wire(b, a, link)]) wire.hops = hops();
}

/** Lets time pass and returns which links the frames of `a` took, one after the other. */
function taken({ world, nodes: [a, b] }: Lan, us: number): number[] {
  const links = [a.activeLink(b.id)];
  for (const until = world.now + us; world.now < until; world.run(50 * MILLISECOND)) {
    if (a.activeLink(b.id) !== links.at(-1)) links.push(a.activeLink(b.id));
  }
  return links;
}

function explain(node: SimNode, peer: number): PeerExplanation {
  node.command({ kind: 'explain', id: 7, peer });
  const answer = node.events.findLast((event) => event.kind === 'answer');
  return (answer as { result: PeerExplanation }).result;
}

describe('a grey link of the highest priority', () => {
  it('that loses 30 % is left for a clean one, and tried again when it has been clean for ten seconds', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      const [a, b] = nodes;
      shape(lan, 0, () => [delay(USUAL_US), loss(0.3, world.random)]);
      expect(taken(lan, 10 * SECOND).at(-1)).toBe(1);
      expect(explain(a, b.id)).toMatchObject({ link: 1, rule: 'standing' });
      const stream = new Stream(world, a, b, 5 * MILLISECOND);
      world.run(5 * SECOND);
      stream.stop();
      world.run(SECOND);
      expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
      const shaped = world.now;
      shape(lan, 0, () => [delay(USUAL_US)]);
      while (a.activeLink(b.id) !== 0 && world.now < shaped + 60 * SECOND) world.run(100 * MILLISECOND);
      expect(world.now - shaped).toBeGreaterThan(10 * SECOND);
      expect(world.now - shaped).toBeLessThan(30 * SECOND);
    }));

  it('that was dead for a while is not grey for what it lost then', () =>
    withSeed((seed) => {
      const lan = start(seed, { holdMs: 300 });
      const { world, nodes } = lan;
      const [a, b] = nodes;
      for (let turn = 0; turn < 3; turn++) {
        const heal = cut(world, turn === 1 ? 'one-way' : 'black hole', a, b, 0);
        world.run(10 * SECOND);
        expect([a.activeLink(b.id), b.activeLink(a.id)]).toEqual([1, 1]);
        heal();
        world.run(3 * SECOND);
        expect([a.activeLink(b.id), b.activeLink(a.id)]).toEqual([0, 0]);
      }
    }));

  it('that has become 300 ms slower is left, and nothing is lost or doubled by that', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      const stream = new Stream(world, nodes[0], nodes[1], MILLISECOND);
      world.run(SECOND);
      shape(lan, 0, () => [delay(USUAL_US + 150 * MILLISECOND)]);
      expect(taken(lan, 4 * SECOND)).toEqual([0, 1]);
      const event = nodes[0].linkEvents().at(-1);
      expect(event).toMatchObject({ link: 0, state: 'up', cause: 'too-slow' });
      stream.stop();
      world.run(SECOND);
      expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
    }));

  it('that loses a lot in one direction is left by the end that sends there, and by no other', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      const [a, b] = nodes;
      world.wire(a, b, 0).hops = [delay(USUAL_US), loss(0.3, world.random)];
      world.run(10 * SECOND);
      expect([a.activeLink(b.id), b.activeLink(a.id)]).toEqual([1, 0]);
    }));

  it('is kept with `no quality`, and when there is no other', () =>
    withSeed((seed) => {
      const kept = start(seed, {}, { quality: null });
      const alone = start(seed, { links: 1 });
      for (const lan of [kept, alone]) {
        shape(lan, 0, () => [delay(USUAL_US), loss(0.2, lan.world.random)]);
        expect(taken(lan, 20 * SECOND)).toEqual([0]);
      }
    }));

  it('is kept or left by measurement when all are grey', () =>
    withSeed((seed) => {
      const lan = start(seed);
      shape(lan, 0, () => [delay(USUAL_US), loss(0.45, lan.world.random)]);
      shape(lan, 1, () => [delay(USUAL_US), loss(0.15, lan.world.random)]);
      lan.world.run(60 * SECOND);
      expect(lan.nodes[0].activeLink(1)).toBe(1);
    }));

  it('that is bad only when it carries the traffic is tried ever more rarely', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      const [a, b] = nodes;
      const whenUsed = loss(0.4, world.random);
      shape(lan, 0, () => [
        delay(USUAL_US),
        {
          pass: (datagram, now, next) =>
            a.activeLink(b.id) === 0 ? whenUsed.pass(datagram, now, next) : next(datagram, 0),
        },
      ]);
      const moves = taken(lan, 1800 * SECOND).length - 1;
      expect(moves).toBeGreaterThan(2);
      // Away and back at intervals of 10, 20, 40, 80, 160, 300, 300 s and so on, and the time to notice.
      expect(moves).toBeLessThanOrEqual(2 * 10);
    }));
});

describe('links of one priority', () => {
  it('traffic moves once to the one that is clearly better, not at once, and says why', () =>
    withSeed((seed) => {
      const lan = start(seed, {}, { priority: 5 });
      const { world, nodes } = lan;
      const [a, b] = nodes;
      expect(taken(lan, 10 * SECOND)).toEqual([0]);
      shape(lan, 1, () => [delay(USUAL_US / 2)]);
      expect(taken(lan, 2 * SECOND)).toEqual([0]);
      const stream = new Stream(world, a, b, MILLISECOND);
      expect(taken(lan, 60 * SECOND)).toEqual([0, 1]);
      stream.stop();
      world.run(SECOND);
      expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
      const told = explain(a, b.id);
      expect(told.links.map(({ carries }) => carries)).toEqual([false, true]);
      expect(told.links[0].because).toMatch(
        /^stands by: not clearly better, cost 2\d\.\d ms .* against cost 1\d\.\d ms/,
      );
    }));

  it('a difference that is small, or short, moves nothing', () =>
    withSeed((seed) => {
      const lan = start(seed, {}, { priority: 5 });
      shape(lan, 1, () => [delay(USUAL_US * 0.97)]);
      expect(taken(lan, 30 * SECOND)).toEqual([0]);
      for (let turn = 0; turn < 5; turn++) {
        shape(lan, 0, () => [delay(5 * USUAL_US)]);
        expect(taken(lan, SECOND)).toEqual([0]);
        shape(lan, 0, () => [delay(USUAL_US)]);
        expect(taken(lan, 10 * SECOND)).toEqual([0]);
      }
    }));

  it.each([
    ['that wobble alike', (lan: Lan) => [delay(USUAL_US), jitter(20 * MILLISECOND, lan.world.random)]],
    ['that lose alike', (lan: Lan) => [delay(USUAL_US), loss(0.05, lan.world.random)]],
  ])('links %s do not pass the traffic to and fro', (_, hops) =>
    withSeed((seed) => {
      const lan = start(seed, { intervalMs: 50 }, { priority: 5 });
      for (const link of [0, 1]) shape(lan, link, () => hops(lan));
      expect(taken(lan, 600 * SECOND).length - 1).toBeLessThanOrEqual(6);
    }),
  );

  it('links that are slower while they carry the traffic do not pass it to and fro', () =>
    withSeed((seed) => {
      const lan = start(seed, {}, { priority: 5 });
      const [a, b] = lan.nodes;
      const loaded = (link: number): Hop => ({
        pass: (datagram, _now, next) => next(datagram, a.activeLink(b.id) === link ? 4 * USUAL_US : USUAL_US),
      });
      for (const link of [0, 1]) shape(lan, link, () => [loaded(link)]);
      const moves = taken(lan, 1800 * SECOND).length - 1;
      expect(moves).toBeGreaterThan(0);
      // Rests of 10, 20, 40, 80, 160 and then 300 s.
      expect(moves).toBeLessThanOrEqual(5 + 5 + 1);
    }));
});

describe('policy active with a number of copies', () => {
  it('sends by the best links only, and goes on without loss when they die', () =>
    withSeed((seed) => {
      const lan = start(seed, { links: 4, intervalMs: 10, holdMs: 30 });
      const { world, nodes } = lan;
      const [a, b] = nodes;
      for (const node of nodes) {
        node.command({
          kind: 'peer',
          row: 1 - node.id,
          policy: 'active',
          copies: 2,
          duplicate: NO_DUPLICATES,
          uplink: null,
          name: 1 + node.id,
          port: PORT_SETTINGS,
        });
      }
      world.run(100 * MILLISECOND);
      expect(explain(a, b.id).links.map(({ carries }) => carries)).toEqual([true, true, false, false]);
      const stream = new Stream(world, a, b, 500);
      world.run(300 * MILLISECOND);
      for (const link of [1, 0, 2]) {
        cut(world, 'black hole', a, b, link);
        world.run(200 * MILLISECOND);
      }
      expect(explain(a, b.id).links.map(({ carries }) => carries)).toEqual([false, false, false, true]);
      stream.stop();
      world.run(200 * MILLISECOND);
      expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
    }));
});

describe('explain', () => {
  it('names the rule, and of every link what would make it be taken', () =>
    withSeed((seed) => {
      const lan = start(seed, { links: 3, holdMs: 500 });
      const { world, nodes } = lan;
      const [a, b] = nodes;
      expect(explain(a, b.id)).toMatchObject({
        policy: 'passive',
        link: 0,
        rule: 'priority',
        because: 'link 0 has the highest priority, 3',
        links: [
          { link: 0, standing: 'clean', carries: true, because: 'taken' },
          { link: 1, standing: 'clean', carries: false, because: 'stands by: priority 2 is below 3' },
          { link: 2, standing: 'clean', carries: false, because: 'stands by: priority 1 is below 3' },
        ],
      });
      cut(world, 'black hole', a, b, 0);
      world.run(SECOND);
      expect(explain(a, b.id)).toMatchObject({
        link: 1,
        links: [{ standing: 'unusable', because: 'down; taken as soon as it is up' }, {}, {}],
      });
      for (const link of [1, 2]) cut(world, 'black hole', a, b, link);
      world.run(2 * SECOND);
      expect(explain(a, b.id)).toMatchObject({ link: null, rule: 'none', sinceUs: null });
    }));

  it.each([
    ['active', 100, /^every frame goes by links 0, 1 and 2;/, /^carries a copy of every frame$/],
    ['round-robin', 33, /^frames take turns on links 0, 1 and 2$/, /^carries one frame in 3$/],
    [
      'adaptive',
      null,
      /^each flow .* over links 0, 1 and 2$/,
      /^carries the flows that it serves earliest, /,
    ],
  ] as const)(
    'under %s says of every link that carries that it does, and its share',
    (policy, share, why, of) =>
      withSeed((seed) => {
        const lan = start(seed, { links: 3, holdMs: 500, policy });
        const { world, nodes } = lan;
        const [a, b] = nodes;
        const told = explain(a, b.id);
        expect(told.because).toMatch(why);
        for (const link of told.links) {
          expect(link).toMatchObject({ carries: true, sharePercent: share });
          expect(link.because).toMatch(of);
        }
        const usable = (): number => a.engine.stats.peers[b.id * PEER_WIDTH + PEER.usableLinks];
        expect(usable()).toBe(0b111);
        cut(world, 'black hole', a, b, 1);
        world.run(SECOND);
        const [, lost] = explain(a, b.id).links;
        expect(lost).toMatchObject({ carries: false, sharePercent: 0 });
        expect(lost.because).toMatch(/^(down|one-way)/);
        expect(usable()).toBe(0b101);
      }),
  );
});
