import { describe, expect, it } from 'vitest';
import { STATE } from '../../src/contract/link-states.js';
import { PATH } from '../../src/native/ops.js';
import { quickAead } from '../sim/aead.js';
import { cut } from '../sim/cuts.js';
import { addressOf, type Endpoint } from '../sim/endpoint.js';
import type { Datagram } from '../sim/hop.js';
import { delay } from '../sim/hops/delay.js';
import { eavesdrop } from '../sim/hops/eavesdrop.js';
import { loss } from '../sim/hops/loss.js';
import { Lan, type LanOptions, linkRow, ownAddress, pathTo } from '../sim/lan.js';
import type { SimNode } from '../sim/node.js';
import { withSeed } from '../sim/random.js';
import { Stream } from '../sim/stream.js';
import { MILLISECOND, World } from '../sim/world.js';

const NEW_PORT = 41_234;

function start(seed: number, options: Partial<LanOptions> = {}): Lan {
  const lan = new Lan(new World(seed), { hosts: 2, links: 1, ...options });
  lan.world.run(200 * MILLISECOND);
  return lan;
}

function roamed(node: SimNode): number[] {
  return node.events.flatMap((event) => (event.kind === 'roamed' ? [event.path.words[PATH.PORT]] : []));
}

/** A stranger's socket on the network, whose wire to everybody is `delayUs` long. */
function stranger(world: World, victim: SimNode, delayUs: number): Endpoint {
  const node = world.addNode(9, 1, { aead: quickAead });
  world.wire(node, victim, 0).hops = [delay(delayUs)];
  return node.sockets[0];
}

/** Sends everything that goes from one host to another a second time, from the stranger's address. */
function copyFrom(world: World, from: SimNode, to: SimNode, spy: Endpoint): void {
  const copy = (datagram: Datagram): void =>
    world.inject({ ...datagram, from: spy, source: { address: spy.address, port: spy.port } });
  const wire = world.wire(from, to, 0);
  wire.hops = [eavesdrop(copy), ...wire.hops];
}

describe('roaming', () => {
  it('a new source port is checked, then taken; what went to the old one is sent again', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed);
      const [a, b] = nodes;
      const stream = new Stream(world, b, a, 1000);
      world.run(50 * MILLISECOND);
      world.remap(a.sockets[0], NEW_PORT);
      world.run(100 * MILLISECOND);
      stream.stop();
      world.run(50 * MILLISECOND);
      expect(roamed(b)).toEqual([NEW_PORT]);
      expect(b.linkGauge(linkRow(0, 0), 'state')).toBe(STATE.UP);
      // Two silent intervals, the check and its answer.
      const report = stream.report();
      expect(report).toMatchObject({ lost: 0, duplicated: 0 });
      expect(report.longestGapUs).toBeLessThanOrEqual(40 * MILLISECOND);
    }));

  it('with other links, a port that changes under traffic loses nothing on the way in', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, { links: 3 });
      const [a, b] = nodes;
      const stream = new Stream(world, a, b, 1000);
      for (let port = NEW_PORT; port < NEW_PORT + 5; port++) {
        world.remap(a.sockets[0], port);
        world.run(200 * MILLISECOND);
      }
      stream.stop();
      world.run(50 * MILLISECOND);
      expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
      expect(roamed(b).at(-1)).toBe(NEW_PORT + 4);
    }));

  it('copies by a link that moved confirm nothing that a dead one has lost meanwhile', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, { links: 2, policy: 'active', holdMs: 100 });
      const [a, b] = nodes;
      const stream = new Stream(world, a, b, 1000);
      world.run(100 * MILLISECOND);
      world.remap(b.sockets[1], NEW_PORT);
      cut(world, 'one-way', a, b, 0);
      world.run(200 * MILLISECOND);
      stream.stop();
      world.run(50 * MILLISECOND);
      expect(roamed(a)).toEqual([NEW_PORT]);
      expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
    }));

  it('copies from another address that come late do not move the link', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed);
      const [a, b] = nodes;
      const spy = stranger(world, b, 5 * MILLISECOND);
      copyFrom(world, a, b, spy);
      const before = b.linkEvents().length;
      const stream = new Stream(world, a, b, 1000);
      world.run(500 * MILLISECOND);
      stream.stop();
      world.run(50 * MILLISECOND);
      expect(roamed(b)).toEqual([]);
      expect(b.linkEvents()).toHaveLength(before);
      expect(b.drop('replayed-early')).toBeGreaterThan(400);
      expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
    }));

  it('copies that overtake the originals cannot draw traffic to somebody who cannot answer', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed);
      const [a, b] = nodes;
      const spy = stranger(world, b, 100);
      copyFrom(world, a, b, spy);
      const stream = new Stream(world, b, a, 1000);
      world.run(500 * MILLISECOND);
      stream.stop();
      expect(roamed(b)).toEqual([]);
      // Nothing but checks of the path went to the stranger: one in 20 ms at most.
      expect(spy.node.counter('rxDatagrams')).toBeLessThanOrEqual(500 / 20 + 1);
    }));

  it('`remote dynamic` learns where the peer is, and learns again', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      const [a, b] = nodes;
      lan.configureLink(b, 0, 0, { path: new Array<number>(PATH.WORDS).fill(0) });
      expect(b.linkGauge(linkRow(0, 0), 'state')).toBe(STATE.WAITING);
      world.run(200 * MILLISECOND);
      expect(b.linkGauge(linkRow(0, 0), 'state')).toBe(STATE.UP);
      world.remap(a.sockets[0], NEW_PORT);
      world.run(200 * MILLISECOND);
      expect(roamed(b)).toEqual([7700, NEW_PORT]);
      expect(b.linkGauge(linkRow(0, 0), 'state')).toBe(STATE.UP);
      expect(a.linkGauge(linkRow(1, 0), 'state')).toBe(STATE.UP);
    }));

  it('is looked for where it was found before a restart, and then where it is configured', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      const [a, b] = nodes;
      const wires = [world.wire(a, b, 0), world.wire(b, a, 0)];
      /** Neither end knows where the other one is, and nothing is under way. */
      const forget = () => {
        for (const wire of wires) wire.hops = [loss(1, world.random)];
        for (const [node, peer] of [
          [a, 1],
          [b, 0],
        ] as const)
          lan.configureLink(node, peer, 0, { path: new Array<number>(PATH.WORDS).fill(0) });
        world.run(200 * MILLISECOND);
        for (const wire of wires) wire.hops = [];
        world.run(200 * MILLISECOND);
      };
      forget();
      expect(b.linkGauge(linkRow(0, 0), 'state')).not.toBe(STATE.UP);
      b.command({ kind: 'found-before', row: linkRow(0, 0), words: pathTo(0, 0) });
      world.run(200 * MILLISECOND);
      expect(b.linkGauge(linkRow(0, 0), 'state')).toBe(STATE.UP);

      const gone = pathTo(0, 0);
      gone[PATH.PORT] = NEW_PORT;
      b.command({ kind: 'found-before', row: linkRow(0, 0), words: gone });
      expect(b.linkGauge(linkRow(0, 0), 'state'), 'a link in use is left where it is').toBe(STATE.UP);
      forget();
      lan.configureLink(b, 0, 0, {});
      b.command({ kind: 'found-before', row: linkRow(0, 0), words: gone });
      world.run(2000 * MILLISECOND);
      expect(b.linkGauge(linkRow(0, 0), 'state')).toBe(STATE.UP);
    }));

  it('who calls is found at once by the heartbeat that came before its session was in use', () =>
    withSeed((seed) => {
      const lan = start(seed, { intervalMs: 1000, holdMs: 3000 });
      const { world, nodes } = lan;
      const [, b] = nodes;
      lan.configureLink(b, 0, 0, { path: new Array<number>(PATH.WORDS).fill(0) });
      const slot = lan.slotOf(b, 0);
      b.command({ kind: 'session-stop', peer: 0 });
      world.run(990 * MILLISECOND);
      expect(roamed(b)).toEqual([]);
      b.command({ kind: 'session-send', peer: 0, slot });
      world.run(5 * MILLISECOND);
      expect(roamed(b)).toEqual([7700]);
    }));

  it('a link that roamed and died returns to its configured path', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, { links: 2 });
      const [a, b] = nodes;
      world.remap(a.sockets[0], NEW_PORT);
      world.run(200 * MILLISECOND);
      world.wire(a, b, 0).gate.isOpen = false;
      world.run(100 * MILLISECOND);
      expect(b.linkGauge(linkRow(0, 0), 'state')).not.toBe(STATE.UP);
      world.remap(a.sockets[0], 7700);
      world.wire(a, b, 0).gate.isOpen = true;
      world.run(300 * MILLISECOND);
      expect(b.linkGauge(linkRow(0, 0), 'state')).toBe(STATE.UP);
    }));
});

describe('messages by the wrong link', () => {
  it('a heartbeat of one link that comes by the path of another changes nothing', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, { links: 2, intervalMs: 10, holdMs: 100 });
      const [a, b] = nodes;
      const before = b.linkEvents().length;
      const wire = world.wire(a, b, 1);
      const onOtherPath = { source: a.sockets[0], target: b.sockets[0], from: a.sockets[0] };
      const direct = wire.hops;
      wire.hops = [{ pass: (datagram) => world.inject({ ...datagram, ...onOtherPath }) }];
      world.run(60 * MILLISECOND);
      wire.hops = direct;
      world.run(200 * MILLISECOND);
      expect(b.drop('link-mismatch')).toBeGreaterThanOrEqual(5);
      expect(b.linkEvents()).toHaveLength(before);
      expect(roamed(b)).toEqual([]);
    }));
});

describe('a link that has another id at each end', () => {
  it('is down at both, and each notes the id of the other', () =>
    withSeed((seed) => {
      const lan = start(seed, { intervalMs: 10, holdMs: 30 });
      const { world, nodes } = lan;
      const [a, b] = nodes;
      a.command({ kind: 'link-remove', peer: b.id, id: 0 });
      const local = { kind: 'address', address: ownAddress(a, 0), zone: null } as const;
      lan.configureLink(a, b.id, 3, { sockets: [0, 0], local, path: pathTo(b.id, 0) });
      world.run(200 * MILLISECOND);
      expect(a.linkGauge(linkRow(b.id, 3), 'state')).toBe(STATE.DOWN);
      expect(b.linkGauge(linkRow(a.id, 0), 'state')).toBe(STATE.DOWN);
      expect(a.linkGauge(linkRow(b.id, 3), 'otherId')).toBe(0);
      expect(b.linkGauge(linkRow(a.id, 0), 'otherId')).toBe(3);
      expect(b.linkGauge(linkRow(a.id, 0), 'hinderedUs')).toBeGreaterThan(world.now - 20 * MILLISECOND);
    }));
});

describe('marks of a link', () => {
  it('change under traffic without moving the link, and stay with one that roamed', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      const [a, b] = nodes;
      const before = [a, b].map((node) => node.linkEvents().length);
      const stream = new Stream(world, b, a, 1000);
      const marked = pathTo(0, 0);
      marked[PATH.DSCP] = 46;
      marked[PATH.MARK] = 7;
      lan.configureLink(b, 0, 0, { path: marked });
      world.run(50 * MILLISECOND);
      world.remap(a.sockets[0], NEW_PORT);
      world.run(100 * MILLISECOND);
      lan.configureLink(b, 0, 0, { path: pathTo(0, 0) });
      world.run(50 * MILLISECOND);
      stream.stop();
      world.run(50 * MILLISECOND);
      expect(roamed(b)).toEqual([NEW_PORT]);
      expect([a, b].map((node) => node.linkEvents().length)).toEqual(before);
      expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
    }));
});

describe('saying goodbye', () => {
  it('takes all links down at once, and says why', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, { links: 4, intervalMs: 100, holdMs: 300 });
      const [a, b] = nodes;
      const before = b.linkEvents().length;
      a.command({ kind: 'goodbye' });
      world.run(2 * MILLISECOND);
      const after = b.linkEvents().slice(before);
      expect(after).toHaveLength(4);
      expect(after.every(({ state, cause }) => state === 'down' && cause === 'peer-said-goodbye')).toBe(true);
      expect(b.events.filter((event) => event.kind === 'goodbye')).not.toHaveLength(0);
    }));
});

describe('both ends of a link with other addresses at once', () => {
  /** Other addresses than `addressOf` gives. */
  const OTHERS = 100;

  function move(lan: Lan, node: SimNode, network: number): void {
    const endpoint = node.sockets[network];
    const index = endpoint.ifindex;
    const fact = (isPresent: boolean) =>
      ({
        what: 'address',
        index,
        address: ownAddress(node, network),
        isPresent,
        isDuplicate: false,
      }) as const;
    const gone = fact(false);
    lan.world.readdress(endpoint, addressOf(network, node.id + OTHERS).address);
    node.command({ kind: 'kernel', facts: [gone, fact(true)] });
  }

  for (const network of [0, 1]) {
    it(`find each other by what they say by another link, on network ${network}`, () =>
      withSeed((seed) => {
        const lan = new Lan(new World(seed), { hosts: 2, links: 3 });
        const { world, nodes } = lan;
        for (const node of nodes)
          lan.configureLink(node, 1 - node.id, network, {
            local: { kind: 'interface', name: `u${network}` },
          });
        world.run(1000 * MILLISECOND);
        for (const node of nodes) move(lan, node, network);
        world.run(5000 * MILLISECOND);
        for (const node of nodes)
          expect(node.linkGauge(linkRow(1 - node.id, network), 'state')).toBe(STATE.UP);
      }));
  }
});

describe('late wake-ups', () => {
  it('a host that slept 200 ms of a 300 ms hold time changes no link, nor does its peer', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, { links: 4, intervalMs: 100, holdMs: 300 });
      world.run(1000 * MILLISECOND);
      const before = nodes.map((node) => node.linkEvents().length);
      for (let turn = 0; turn < 5; turn++) {
        nodes[0].stall(200 * MILLISECOND);
        world.run((500 + world.random() * 200) * MILLISECOND);
      }
      expect(nodes.map((node) => node.linkEvents().length)).toEqual(before);
    }));

  it('a machine that was suspended as a whole, far beyond the hold time, changes no link', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, { links: 4 });
      const before = nodes.map((node) => node.linkEvents().length);
      for (let turn = 0; turn < 5; turn++) {
        for (const node of nodes) node.stall(200 * MILLISECOND + world.random() * 3 * MILLISECOND);
        world.run((300 + world.random() * 100) * MILLISECOND);
      }
      expect(nodes.map((node) => node.linkEvents().length)).toEqual(before);
    }));

  it('what waited for the sleeper makes no round trip longer, at either end', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, { links: 2, intervalMs: 10, holdMs: 3000 });
      const [a, b] = nodes;
      world.run(1000 * MILLISECOND);
      const largest = (): number[] =>
        [0, 1].flatMap((link) => [
          a.linkGauge(linkRow(1, link), 'rttSmoothedUs'),
          b.linkGauge(linkRow(0, link), 'rttSmoothedUs'),
        ]);
      const before = Math.max(...largest());
      for (const stallUs of [50, 200, 1000, 2500].map((time) => time * MILLISECOND)) {
        a.stall(stallUs);
        world.run(stallUs + 5 * MILLISECOND);
        expect(Math.max(...largest())).toBeLessThanOrEqual(2 * before);
        world.run(100 * MILLISECOND);
        expect(Math.max(...largest())).toBeLessThanOrEqual(2 * before);
      }
    }));

  it('commands that waited for the sleeper do not make it judge its links before it has listened', () =>
    withSeed((seed) => {
      const lan = start(seed, { links: 4, intervalMs: 100, holdMs: 300 });
      const { world, nodes } = lan;
      const [a, b] = nodes;
      world.run(1000 * MILLISECOND);
      const before = a.linkEvents().length;
      a.stall(2000 * MILLISECOND);
      world.run(1999 * MILLISECOND);
      lan.rekey(a, b);
      world.run(1 * MILLISECOND);
      const causes = a.linkEvents().slice(before);
      expect(causes.filter(({ cause }) => cause === 'hold-time-expired')).toEqual([]);
    }));

  it('the sleeper never blames its links, and all are up again soon', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, { links: 4 });
      const [a] = nodes;
      const before = a.linkEvents().length;
      a.stall(200 * MILLISECOND);
      world.run(500 * MILLISECOND);
      const after = a.linkEvents().slice(before);
      expect(after.filter(({ cause }) => cause === 'hold-time-expired')).toEqual([]);
      for (let id = 0; id < 4; id++) expect(a.linkGauge(linkRow(1, id), 'state')).toBe(STATE.UP);
    }));
});

describe('late wake-ups and dead links', () => {
  const intervalUs = 10 * MILLISECOND;
  const holdUs = 30 * MILLISECOND;

  it('a thread that is always late still finds a black hole, only as much later as it is late', () =>
    withSeed((seed) => {
      const { world, nodes } = start(seed, { links: 2 });
      const [a, b] = nodes;
      const lateUs = 6 * MILLISECOND;
      for (const node of nodes) node.wakesLateUs = lateUs;
      world.run(1000 * MILLISECOND);
      const before = a.linkEvents().length;
      cut(world, 'black hole', a, b, 0);
      // Of the time from one beat to the next, all but the lateness counts as silence.
      const stretch = (intervalUs + lateUs) / intervalUs;
      world.run(holdUs * stretch + 2 * (intervalUs + lateUs));
      const [first] = a.linkEvents().slice(before);
      expect(first).toMatchObject({ link: 0, state: 'down' });
      expect(a.linkGauge(linkRow(1, 1), 'state')).toBe(STATE.UP);
    }));

  for (const [when, deadUs] of [
    ['meanwhile', 0],
    ['right after it', 5 * MILLISECOND],
  ] as const) {
    it(`ten minutes of suspension take no link down, and one that died ${when} is soon found`, () =>
      withSeed((seed) => {
        const { world, nodes } = start(seed, { links: 2 });
        const [a, b] = nodes;
        const before = a.linkEvents().length;
        const suspendedUs = 600_000 * MILLISECOND;
        for (const node of nodes) node.stall(suspendedUs);
        if (deadUs === 0) cut(world, 'black hole', a, b, 0);
        world.run(suspendedUs + deadUs);
        expect(a.linkEvents()).toHaveLength(before);
        cut(world, 'black hole', a, b, 0);
        world.run(holdUs + 2 * intervalUs);
        const changes = a.linkEvents().slice(before);
        expect(changes.map(({ link, state }) => ({ link, state }))).toEqual([{ link: 0, state: 'down' }]);
        world.run(1000 * MILLISECOND);
        expect(a.linkGauge(linkRow(1, 1), 'state')).toBe(STATE.UP);
      }));
  }
});

describe('a local address', () => {
  it('takes the links that name it down at once when it is removed, and no other', () =>
    withSeed((seed) => {
      const lan = start(seed, { links: 3, intervalMs: 100, holdMs: 300 });
      const { world, nodes } = lan;
      const [a] = nodes;
      world.run(2000 * MILLISECOND);
      const before = a.linkEvents().length;
      const removed = (words: readonly number[]): void => {
        const address = { family: 4, words } as const;
        const fact = { what: 'address', index: 10, address, isPresent: false, isDuplicate: false } as const;
        a.command({ kind: 'kernel', facts: [fact] });
      };
      removed(addressOf(6, 0).address);
      expect(a.linkEvents()).toHaveLength(before);
      removed(a.sockets[0].address);
      const changes = a.linkEvents().slice(before);
      expect(changes).toMatchObject([{ link: 0, state: 'down', cause: 'address-removed' }]);
    }));
});
