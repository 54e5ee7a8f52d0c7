/** What a host says of its links, against what the virtual wires did. */
import { describe, expect, it } from 'vitest';
import type { Policy } from '../../src/api/config.js';
import type { Hop } from '../sim/hop.js';
import { burstLoss, burstsOf } from '../sim/hops/burst-loss.js';
import { delay } from '../sim/hops/delay.js';
import { duplicate } from '../sim/hops/duplicate.js';
import { jitter } from '../sim/hops/jitter.js';
import { loss } from '../sim/hops/loss.js';
import { Meter } from '../sim/hops/meter.js';
import { rate } from '../sim/hops/rate.js';
import { reorder } from '../sim/hops/reorder.js';
import { Lan, linkRow } from '../sim/lan.js';
import type { SimNode } from '../sim/node.js';
import { withSeed } from '../sim/random.js';
import { Stream } from '../sim/stream.js';
import { MILLISECOND, SECOND, World } from '../sim/world.js';

type Random = () => number;

/** A wire in one direction: what went in, what came out. */
interface Measured {
  in: Meter;
  out: Meter;
}

interface Setting {
  world: World;
  a: SimNode;
  b: SimNode;
  /** From a to b, by link. */
  wires: Measured[];
}

/** Two hosts; `hops` describes each link's wire from a to b, all wires back are 10 ms long and clean. */
function start(seed: number, hops: ((random: Random) => Hop[])[], policy: Policy = 'passive'): Setting {
  const world = new World(seed, { delayUs: 10 * MILLISECOND });
  const timers = { intervalMs: 50, holdMs: 1000 };
  const lan = new Lan(world, { hosts: 2, links: hops.length, ...timers, policy, sessions: false });
  const [a, b] = lan.nodes;
  const wires = hops.map((describe, link) => {
    const measured = { in: new Meter(), out: new Meter() };
    world.wire(a, b, link).hops = [measured.in, ...describe(world.random), measured.out];
    return measured;
  });
  lan.rekey(a, b);
  world.run(SECOND);
  return { world, a, b, wires };
}

/** Runs `traffic` datagrams a second from a to b for `seconds`, then lets the wires run empty. */
function run({ world, a, b }: Setting, perSecond: number, seconds: number, bytes = 64): void {
  const stream = new Stream(world, a, b, SECOND / perSecond, bytes);
  world.run(seconds * SECOND);
  stream.stop();
  world.run(SECOND);
}

function lossOf(sent: number, arrived: number): number {
  return 1 - arrived / sent;
}

/** Loss of a link from a to b since it was configured, as each end tells it. */
function toldLoss({ a, b }: Setting, link: number): { bySender: number; byReceiver: number } {
  const [atA, atB] = [linkRow(b.id, link), linkRow(a.id, link)];
  return {
    bySender: lossOf(a.linkGauge(atA, 'dueOut'), a.linkGauge(atA, 'arrivedOut')),
    byReceiver: lossOf(b.linkGauge(atB, 'dueIn'), b.linkGauge(atB, 'arrivedIn')),
  };
}

function trueLoss({ wires }: Setting, link: number): number {
  return lossOf(wires[link].in.datagrams, wires[link].out.datagrams);
}

const LOSSY: [string, (random: Random) => Hop[]][] = [
  ['a clean wire', () => [delay(30 * MILLISECOND)]],
  ['2 % lost', (random) => [delay(30 * MILLISECOND), loss(0.02, random)]],
  ['30 % lost', (random) => [delay(5 * MILLISECOND), loss(0.3, random)]],
  ['bursts', (random) => [delay(5 * MILLISECOND), burstLoss(burstsOf(0.05, 20), random)]],
  ['loss after jitter', (random) => [jitter(20 * MILLISECOND, random), loss(0.05, random)]],
];

describe('loss', () => {
  it.each(LOSSY)('of the traffic is reported by both ends as it was: %s', (_name, hops) =>
    withSeed((seed) => {
      const setting = start(seed, [hops]);
      run(setting, 500, 20);
      const truth = trueLoss(setting, 0);
      const told = toldLoss(setting, 0);
      // Both count from their first beat on and up to the last: a few datagrams of 10,000 at either end.
      expect(told.byReceiver).toBeCloseTo(truth, 2);
      expect(told.bySender).toBeCloseTo(truth, 2);
    }),
  );

  it('is seen soon, and forgotten soon', () =>
    withSeed((seed) => {
      const setting = start(seed, [() => []]);
      const { world, a, b } = setting;
      const row = linkRow(b.id, 0);
      const wire = world.wire(a, b, 0);
      const clean = wire.hops;
      const stream = new Stream(world, a, b, 2 * MILLISECOND);
      wire.hops = [loss(0.5, world.random), ...clean];
      world.run(10 * SECOND);
      expect(a.linkGauge(row, 'lossOutPermille')).toBeGreaterThan(400);
      expect(a.linkGauge(row, 'lossOutPermille')).toBeLessThan(600);
      expect(a.linkGauge(row, 'lossInPermille')).toBeCloseTo(0, 6);
      wire.hops = clean;
      world.run(20 * SECOND);
      stream.stop();
      expect(a.linkGauge(row, 'lossOutPermille')).toBeLessThan(10);
    }));

  it('of a burst of heartbeats is one event, of single ones each', () =>
    withSeed((seed) => {
      for (const [lostInARow, events] of [
        [6, 1],
        [1, 6],
      ]) {
        const setting = start(seed, [() => []]);
        const { world, a, b } = setting;
        const row = linkRow(b.id, 0);
        const wire = world.wire(a, b, 0);
        const clean = wire.hops;
        let passed = 0;
        const lost = (at: number) => at % 10 < lostInARow && at < 10 * events;
        wire.hops = [
          { pass: (datagram, _now, forward) => (lost(passed++) ? undefined : forward(datagram, 0)) },
          ...clean,
        ];
        world.run(10 * SECOND);
        expect(a.linkGauge(row, 'dueOut') - a.linkGauge(row, 'arrivedOut')).toBe(6);
        expect(a.linkGauge(row, 'lossEventsOut')).toBe(events);
      }
    }));

  it('is not made up by datagrams that overtake each other', () =>
    withSeed((seed) => {
      const setting = start(seed, [(random) => [reorder(0.2, 30 * MILLISECOND, random)]]);
      run(setting, 500, 20);
      expect(trueLoss(setting, 0)).toBeCloseTo(0, 3);
      const { byReceiver, bySender } = toldLoss(setting, 0);
      expect(Math.abs(byReceiver)).toBeLessThan(0.005);
      expect(Math.abs(bySender)).toBeLessThan(0.005);
    }));

  it('of each link is true under `active`, whichever copy comes first', () =>
    withSeed((seed) => {
      const setting = start(
        seed,
        [
          (random) => [delay(5 * MILLISECOND), loss(0.1, random)],
          (random) => [delay(25 * MILLISECOND), loss(0.2, random)],
          (random) => [jitter(30 * MILLISECOND, random)],
        ],
        'active',
      );
      run(setting, 500, 20);
      for (const link of [0, 1, 2]) {
        const truth = trueLoss(setting, link);
        const { byReceiver, bySender } = toldLoss(setting, link);
        expect(byReceiver, `link ${link}`).toBeCloseTo(truth, 2);
        expect(bySender, `link ${link}`).toBeCloseTo(truth, 2);
      }
      expect(setting.b.linkGauge(linkRow(setting.a.id, 1), 'rxCopies')).toBeGreaterThan(5000);
    }));

  it('cannot be hidden by replaying what did come', () =>
    withSeed((seed) => {
      const setting = start(seed, [
        (random) => [delay(5 * MILLISECOND), loss(0.3, random), duplicate(0.5, MILLISECOND, random)],
      ]);
      const { wires, a } = setting;
      run(setting, 500, 20);
      // The meter after the wire counts replays, too.
      expect(trueLoss(setting, 0)).toBeLessThan(0);
      expect(wires[0].in.datagrams).toBeGreaterThan(10_000);
      const { byReceiver, bySender } = toldLoss(setting, 0);
      expect(byReceiver).toBeGreaterThan(0.27);
      expect(bySender).toBeGreaterThan(0.27);
      expect(setting.b.linkGauge(linkRow(a.id, 0), 'rxCopies')).toBeGreaterThan(3000);
    }));
});

describe('round-trip time', () => {
  it('of a steady wire is exact in every figure', () =>
    withSeed((seed) => {
      const setting = start(seed, [() => [delay(30 * MILLISECOND)]]);
      setting.world.run(10 * SECOND);
      const gauge = (name: Parameters<SimNode['linkGauge']>[1]) =>
        setting.a.linkGauge(linkRow(setting.b.id, 0), name);
      for (const name of ['rttLastUs', 'rttMinUs', 'rttP50Us', 'rttP95Us', 'rttP99Us'] as const) {
        expect(gauge(name), name).toBe(40 * MILLISECOND);
      }
      expect(gauge('rttSumUs') / gauge('rttSamples')).toBeCloseTo(40 * MILLISECOND, 6);
      expect(gauge('jitterUs')).toBeLessThan(100);
    }));

  it('percentiles tell how often the wire is slow, and forget it within a minute', () =>
    withSeed((seed) => {
      // One beat in ten is held back by 30 ms.
      const setting = start(seed, [
        (random) => [delay(10 * MILLISECOND), reorder(0.1, 30 * MILLISECOND, random)],
      ]);
      const { world, a, b } = setting;
      const gauge = (name: Parameters<SimNode['linkGauge']>[1]) => a.linkGauge(linkRow(b.id, 0), name);
      world.run(60 * SECOND);
      const bucket = 1 / 8;
      expect(gauge('rttP50Us')).toBeGreaterThanOrEqual(20 * MILLISECOND);
      expect(gauge('rttP50Us')).toBeLessThanOrEqual(20 * MILLISECOND * (1 + bucket));
      expect(gauge('rttP95Us')).toBeGreaterThanOrEqual(50 * MILLISECOND * (1 - bucket));
      expect(gauge('rttP99Us')).toBeLessThanOrEqual(50 * MILLISECOND * (1 + bucket));
      expect(gauge('rttMinUs')).toBe(20 * MILLISECOND);
      world.wire(a, b, 0).hops = [delay(10 * MILLISECOND)];
      world.run(62 * SECOND);
      expect(gauge('rttP99Us')).toBe(20 * MILLISECOND);
    }));

  it('jitter follows the spread of a queue', () =>
    withSeed((seed) => {
      const setting = start(seed, [(random) => [jitter(40 * MILLISECOND, random)]]);
      const { world, a, b } = setting;
      const means: number[] = [];
      for (let second = 0; second < 60; second++) {
        world.run(SECOND);
        means.push(a.linkGauge(linkRow(b.id, 0), 'jitterUs'));
      }
      // Uniform over 40 ms: the mean distance from its mean is a quarter of that.
      const mean = means.reduce((sum, value) => sum + value, 0) / means.length;
      expect(mean).toBeGreaterThan(8 * MILLISECOND);
      expect(mean).toBeLessThan(13 * MILLISECOND);
    }));
});

describe('delivered rate', () => {
  it('is what a bottleneck lets through, not what is sent into it', () =>
    withSeed((seed) => {
      const setting = start(seed, [() => [delay(10 * MILLISECOND), rate(250_000, { ms: 100 })]]);
      const { world, a, b, wires } = setting;
      const stream = new Stream(world, a, b, 2 * MILLISECOND, 1000);
      world.run(3 * SECOND);
      const before = { in: wires[0].in.bytes, out: wires[0].out.bytes };
      world.run(3 * SECOND);
      const truth = (wires[0].out.bytes - before.out) / 3;
      const offered = (wires[0].in.bytes - before.in) / 3;
      const told = a.linkGauge(linkRow(b.id, 0), 'deliveredOutBps');
      stream.stop();
      expect(offered).toBeGreaterThan(1.8 * truth);
      expect(told / truth).toBeGreaterThan(0.98);
      expect(told / truth).toBeLessThan(1.02);
    }));

  it('counts copies that came second, so that `active` shows what each link carries', () =>
    withSeed((seed) => {
      const setting = start(seed, [() => [], () => [delay(20 * MILLISECOND)]], 'active');
      const { world, a, b, wires } = setting;
      const stream = new Stream(world, a, b, 2 * MILLISECOND, 1000);
      world.run(5 * SECOND);
      const before = wires.map(({ out }) => out.bytes);
      world.run(3 * SECOND);
      for (const link of [0, 1]) {
        const truth = (wires[link].out.bytes - before[link]) / 3;
        const told = a.linkGauge(linkRow(b.id, link), 'deliveredOutBps');
        expect(told / truth, `link ${link}`).toBeGreaterThan(0.97);
        expect(told / truth, `link ${link}`).toBeLessThan(1.03);
      }
      stream.stop();
    }));

  it('in bytes adds up to what came out of the wire', () =>
    withSeed((seed) => {
      const setting = start(seed, [(random) => [loss(0.1, random)]]);
      run(setting, 500, 10, 500);
      const told = setting.a.linkGauge(linkRow(setting.b.id, 0), 'deliveredOutBytes');
      const truth = setting.wires[0].out.bytes;
      expect(told / truth).toBeGreaterThan(0.995);
      expect(told).toBeLessThanOrEqual(truth);
    }));
});

describe('capacity and queue', () => {
  it('of a full bottleneck are what it carries and how long it takes to drain, in bytes a second and µs', () =>
    withSeed((seed) => {
      const narrow = () => [delay(10 * MILLISECOND), rate(250_000, { ms: 100 })];
      const setting = start(seed, [narrow, narrow], 'adaptive');
      const { world, a, b, wires } = setting;
      // A queue counts from the least delay that a report saw: what fills it from the first datagram on would hide a part.
      const gentle = new Stream(world, a, b, 3 * MILLISECOND, 1000);
      world.run(SECOND);
      gentle.stop();
      const stream = new Stream(world, a, b, MILLISECOND, 1000);
      world.run(5 * SECOND);
      const before = wires.map(({ out }) => out.bytes);
      world.run(2 * SECOND);
      for (const [link, { out }] of wires.entries()) {
        const truth = (out.bytes - before[link]) / 2;
        const row = linkRow(b.id, link);
        expect(truth).toBeGreaterThan(200_000);
        expect(a.linkGauge(row, 'capacityOutBps') / truth, `link ${link}`).toBeGreaterThan(0.85);
        expect(a.linkGauge(row, 'capacityOutBps') / truth, `link ${link}`).toBeLessThan(1.2);
        expect(a.linkGauge(row, 'deliveredOutBps') / truth, `link ${link}`).toBeGreaterThan(0.95);
        expect(a.linkGauge(row, 'deliveredOutBps') / truth, `link ${link}`).toBeLessThan(1.05);
        expect(a.linkGauge(row, 'queueOutUs')).toBeGreaterThan(90 * MILLISECOND);
        expect(a.linkGauge(row, 'queueOutUs')).toBeLessThan(110 * MILLISECOND);
      }
      stream.stop();
    }));
});

describe('a peer that restarts', () => {
  it('makes nobody believe in loss', () =>
    withSeed((seed) => {
      const world = new World(seed);
      const lan = new Lan(world, { hosts: 2, links: 1, intervalMs: 20, holdMs: 100 });
      const traffic = (): void => {
        const stream = new Stream(world, lan.nodes[0], lan.nodes[1], MILLISECOND);
        world.run(5 * SECOND);
        stream.stop();
        // Younger ones would be sent again under the session that the newcomer does not know.
        world.run(3 * SECOND);
      };
      traffic();
      const b = lan.boot(1);
      lan.addPeer(b, 0);
      lan.rekey(lan.nodes[0], b);
      world.run(SECOND);
      traffic();
      for (const [node, peer] of [
        [lan.nodes[0], 1],
        [b, 0],
      ] as const) {
        expect(node.linkGauge(linkRow(peer, 0), 'lossOutPermille')).toBeLessThan(1);
        expect(node.linkGauge(linkRow(peer, 0), 'lossInPermille')).toBeLessThan(1);
      }
    }));
});
