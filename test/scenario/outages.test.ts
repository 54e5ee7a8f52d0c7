import { describe, expect, it } from 'vitest';
import type { Policy } from '../../src/api/config.js';
import { STATE } from '../../src/contract/link-states.js';
import { CUT_KINDS, type CutKind, cut } from '../sim/cuts.js';
import { Backlog } from '../sim/hops/backlog.js';
import { delay } from '../sim/hops/delay.js';
import { mtu } from '../sim/hops/mtu.js';
import { Lan, type LanOptions, linkRow } from '../sim/lan.js';
import { withSeed } from '../sim/random.js';
import { Stream } from '../sim/stream.js';
import { MILLISECOND, SECOND, World } from '../sim/world.js';

const PERIOD_US = MILLISECOND;
const HOLD_US = 30 * MILLISECOND;
/** Frames that wait longer than this for a link are given up. */
const RESEND_AGE_US = 2 * SECOND;

function start(seed: number, options: Partial<LanOptions> = {}): Lan {
  const lan = new Lan(new World(seed), { hosts: 2, links: 2, ...options });
  lan.world.run(200 * MILLISECOND);
  return lan;
}

/** Cuts all links for `us` under a stream, and ends the stream a while after their return. */
function outage(lan: Lan, kind: CutKind, us: number, periodUs = PERIOD_US): Stream {
  const { world, nodes } = lan;
  const [a, b] = nodes;
  const stream = new Stream(world, a, b, periodUs);
  world.run(100 * MILLISECOND);
  const heal = a.sockets.map(({ row }) => cut(world, kind, a, b, row));
  world.run(us);
  for (const undo of heal) undo();
  world.run(300 * MILLISECOND);
  stream.stop();
  world.run(100 * MILLISECOND);
  return stream;
}

describe('an outage of all links', () => {
  for (const policy of ['passive', 'active', 'round-robin', 'adaptive'] as const satisfies Policy[]) {
    it(`${policy}: more frames may wait than a replay window has places`, () =>
      withSeed((seed) => {
        const lan = start(seed, { policy });
        const stream = outage(lan, 'black hole', SECOND, 50);
        expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
        expect(lan.nodes[0].counter('resentDatagrams')).toBeGreaterThan(15_000);
      }));
  }

  for (const policy of ['passive', 'active', 'round-robin'] as const satisfies Policy[]) {
    for (const links of [1, 2, 3]) {
      for (const kind of CUT_KINDS) {
        it(`${kind} of ${links}, ${policy}: what was under way and what waited is sent when one returns`, () =>
          withSeed((seed) => {
            const lan = start(seed, { links, policy });
            const stream = outage(lan, kind, 200 * MILLISECOND);
            expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
          }));
      }
    }
  }

  it('links that take turns in dying confirm nothing that they lost', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, { links: 3, policy: 'round-robin' });
      const [a, b] = nodes;
      const stream = new Stream(world, a, b, PERIOD_US);
      for (let turn = 0; turn < 5; turn++) {
        const heal = [2, 0, 1].map((link) => {
          const undo = cut(world, 'black hole', a, b, link);
          world.run(20 * MILLISECOND);
          return undo;
        });
        for (const undo of heal) {
          world.run(20 * MILLISECOND);
          undo();
        }
        world.run(200 * MILLISECOND);
      }
      stream.stop();
      world.run(100 * MILLISECOND);
      expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
    }));

  it('longer than the resend age costs the older frames only', () =>
    withSeed((seed) => {
      const outageUs = 3 * SECOND;
      const report = outage(start(seed), 'black hole', outageUs).report();
      expect(report.duplicated).toBe(0);
      const beyond = (outageUs - RESEND_AGE_US) / PERIOD_US;
      expect(report.lost).toBeGreaterThan(beyond - 20);
      expect(report.lost).toBeLessThan(beyond + 20);
    }));
});

describe('a link that is shut down or removed', () => {
  for (const how of ['shut down', 'removed'] as const) {
    it(`${how} after it died unnoticed, it takes nothing with it`, () =>
      withSeed((seed) => {
        const lan = start(seed);
        const { world, nodes } = lan;
        const [a, b] = nodes;
        const stream = new Stream(world, a, b, PERIOD_US);
        world.run(50 * MILLISECOND);
        cut(world, 'black hole', a, b, 0);
        world.run(HOLD_US / 2);
        if (how === 'shut down') lan.configureLink(a, b.id, 0, { shutdown: true });
        else a.command({ kind: 'link-remove', peer: b.id, id: 0 });
        world.run(100 * MILLISECOND);
        stream.stop();
        world.run(50 * MILLISECOND);
        expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
      }));
  }

  for (const kind of ['carrier near', 'address removed'] as const satisfies CutKind[]) {
    it(`learns meanwhile that what it lacked is back (${kind})`, () =>
      withSeed((seed) => {
        const lan = start(seed);
        const { world, nodes } = lan;
        const [a, b] = nodes;
        const heal = cut(world, kind, a, b, 0);
        lan.configureLink(a, b.id, 0, { shutdown: true });
        heal();
        lan.configureLink(a, b.id, 0, {});
        world.run(500 * MILLISECOND);
        expect(a.linkGauge(linkRow(b.id, 0), 'state')).toBe(STATE.UP);
      }));
  }
});

describe('fail-over to a path that takes less', () => {
  /** Frames that fill one datagram of the first link and not of the second. */
  const cases = [
    ['from IPv4 to IPv6', 1500, 1415],
    ['from an MTU of 9000 to one of 1500', 9000, 8900],
  ] as const;
  for (const policy of ['passive', 'active'] as const satisfies Policy[]) {
    for (const [name, firstMtu, payload] of cases) {
      it(`${name}, ${policy}: full-size frames under way are sent again`, () =>
        withSeed((seed) => {
          const lan = new Lan(new World(seed), { hosts: 2, links: 2, policy });
          const { world, nodes } = lan;
          const [a, b] = nodes;
          nodes.forEach((node) => {
            lan.configureLink(node, 1 - node.id, 0, { mtu: firstMtu });
            node.sockets[1].mtu = 1500;
            world.wire(node, nodes[1 - node.id], 1).hops.push(mtu(1500));
          });
          world.run(200 * MILLISECOND);
          const stream = new Stream(world, a, b, PERIOD_US, payload);
          world.run(50 * MILLISECOND);
          cut(world, 'black hole', a, b, 0);
          world.run(100 * MILLISECOND);
          stream.stop();
          world.run(50 * MILLISECOND);
          expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
          expect(a.drop('tx-too-big')).toBe(0);
        }));
    }
  }
});

describe('a session in a slot used before', () => {
  it('inherits no acknowledgement: what a link loses at once is sent again', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      const [a, b] = nodes;
      const first = new Stream(world, a, b, PERIOD_US);
      world.run(500 * MILLISECOND);
      first.stop();
      world.run(20 * MILLISECOND);
      cut(world, 'black hole', a, b, 0);
      const slot = lan.slotOf(a, b.id);
      do lan.rekey(a, b);
      while (lan.slotOf(a, b.id) !== slot);
      const second = new Stream(world, a, b, PERIOD_US);
      world.run(200 * MILLISECOND);
      second.stop();
      world.run(100 * MILLISECOND);
      expect(second.report()).toMatchObject({ lost: 0, duplicated: 0 });
    }));
});

describe('hold time', () => {
  it('lowered from a minute, it holds at once for a link that is up', () =>
    withSeed((seed) => {
      const lan = start(seed, { links: 1, holdMs: 60_000 });
      const { world, nodes } = lan;
      const [a, b] = nodes;
      world.run(SECOND);
      lan.configureLink(a, b.id, 0, { holdUs: HOLD_US });
      world.run(SECOND);
      expect(a.linkGauge(linkRow(b.id, 0), 'state')).toBe(STATE.UP);
      cut(world, 'black hole', a, b, 0);
      world.run(HOLD_US + 20 * MILLISECOND);
      expect(a.linkGauge(linkRow(b.id, 0), 'state')).toBe(STATE.DOWN);
    }));

  it('shrinks with the interval that the peer announces', () =>
    withSeed((seed) => {
      const lan = start(seed, { links: 1 });
      const { world, nodes } = lan;
      const [a, b] = nodes;
      lan.configureLink(b, a.id, 0, { intervalUs: 20 * SECOND });
      world.run(SECOND);
      lan.configureLink(b, a.id, 0, { intervalUs: 10 * MILLISECOND });
      world.run(SECOND);
      expect(a.linkGauge(linkRow(b.id, 0), 'state')).toBe(STATE.UP);
      cut(world, 'black hole', a, b, 0);
      world.run(HOLD_US + 20 * MILLISECOND);
      expect(a.linkGauge(linkRow(b.id, 0), 'state')).toBe(STATE.DOWN);
    }));
});

describe('loss as measured', () => {
  it('copies that come second, over the longer path, are no loss', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, { policy: 'active', holdMs: 100 });
      const [a, b] = nodes;
      for (const [link, ms] of [2, 15].entries()) {
        world.wire(a, b, link).hops = [delay(ms * MILLISECOND)];
        world.wire(b, a, link).hops = [delay(ms * MILLISECOND)];
      }
      const stream = new Stream(world, a, b, PERIOD_US);
      world.run(3 * SECOND);
      stream.stop();
      for (const link of [0, 1]) {
        expect(a.linkGauge(linkRow(b.id, link), 'lossOutPermille')).toBeLessThan(30);
        expect(b.linkGauge(linkRow(a.id, link), 'lossInPermille')).toBeLessThan(30);
      }
      expect(stream.report().sent).toBeGreaterThan(2900);
    }));
});

describe('links that come back together', () => {
  /** Heartbeats for which a Linux kernel has room while it looks for one neighbour. */
  const ROOM = 277;

  it('with all heartbeats that had waited for them: no frame is lost for their sake', () =>
    withSeed((seed) => {
      const lan = start(seed, { hosts: 3, links: 8 });
      const { world, nodes } = lan;
      const [a, b] = nodes;
      // As under load, so that no idle time makes up for the work.
      for (const node of nodes) node.neverIdle = true;
      const streams = [new Stream(world, a, b, 500), new Stream(world, b, a, 500)];
      const backlogs = [a, b].flatMap((from, side) =>
        a.sockets.slice(1).map(({ row }) => {
          const backlog = new Backlog(ROOM);
          world.wire(from, [b, a][side], row).hops = [backlog];
          return backlog;
        }),
      );
      world.run(100 * MILLISECOND);
      for (const backlog of backlogs) backlog.hold();
      world.run(3 * SECOND);
      for (const backlog of backlogs) backlog.release();
      world.run(500 * MILLISECOND);
      for (const stream of streams) stream.stop();
      world.run(100 * MILLISECOND);
      for (const stream of streams) expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
      for (const node of [a, b]) expect(node.drop('over-share')).toBe(0);
    }));
});
