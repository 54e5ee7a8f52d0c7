/** Clients with direct links beside the way by their server: nothing is lost, doubled or led round in circles. */
import { describe, expect, it } from 'vitest';
import { ROLE } from '../../src/contract/directs.js';
import { NO_GROUP, type PortSettings } from '../../src/contract/port-settings.js';
import { RELAY_SOCKET } from '../../src/datapath/send/relay.js';
import { VNET_HEADER } from '../../src/native/ops.js';
import { cut } from '../sim/cuts.js';
import { BROADCAST, EXPERIMENTAL, ethernet, stationOf, withVirtio } from '../sim/frames.js';
import { type Lan, pathVia } from '../sim/lan.js';
import type { SimNode } from '../sim/node.js';
import { integer, withSeed } from '../sim/random.js';
import { SERVER, speak, star } from '../sim/star.js';
import { Stream } from '../sim/stream.js';
import { MILLISECOND, SECOND } from '../sim/world.js';

const [A, B, C] = [1, 2, 3];
const LINKS = 2;
const RELAYED = 7;

function isDirect(a: number, b: number): boolean {
  return a !== b && [a, b].every((host) => host === A || host === B);
}

function portOf(host: number, peer: number): Partial<PortSettings> {
  if (host === SERVER) return { splitHorizon: NO_GROUP, direct: { roles: ROLE.CLIENT, server: -1 } };
  if (peer === SERVER) return { direct: { roles: ROLE.SERVER, server: -1 } };
  // A follows a registry, too.
  const member = host === A ? ROLE.MEMBER : 0;
  return { direct: { roles: ROLE.DIRECT | member, server: SERVER } };
}

/** Three clients, of which A and B are direct peers, with a relayed link unless `relays` is false. */
function start(seed: number, relays = true): Lan {
  const lan = star(seed, {
    hosts: 4,
    links: LINKS,
    intervalMs: 10,
    holdMs: 30,
    arePeers: (a, b) => a === SERVER || b === SERVER || isDirect(a, b),
    portOf,
  });
  if (relays) {
    const settings = { sockets: [RELAY_SOCKET, RELAY_SOCKET] as const, local: null, priority: 0 };
    lan.configureLink(lan.nodes[A], B, RELAYED, { ...settings, path: pathVia(SERVER, B) });
    lan.configureLink(lan.nodes[B], A, RELAYED, { ...settings, path: pathVia(SERVER, A) });
  }
  return lan;
}

/** Cuts the direct links, or brings them back. */
function cutDirect(lan: Lan): () => void {
  const undo = [0, 1].map((link) => cut(lan.world, 'black hole', lan.nodes[A], lan.nodes[B], link));
  return () => {
    for (const back of undo) back();
  };
}

function killServer(lan: Lan): void {
  lan.nodes[SERVER].halt();
}

class Broadcasts {
  private number = 0;
  /** By number: the host that sent it. */
  readonly sent = new Map<number, number>();

  from(node: SimNode): void {
    const payload = new Uint8Array(46);
    payload[0] = this.number >> 8;
    payload[1] = this.number;
    this.sent.set(this.number++, node.id);
    node.fromKernel(withVirtio(ethernet(BROADCAST, stationOf(node.id), EXPERIMENTAL, payload)));
  }

  /** Numbers that came out of a TAP. */
  static at(node: SimNode): number[] {
    return node.tap
      .take()
      .map((record) => record.subarray(VNET_HEADER))
      .filter((frame) => frame[12] * 256 + frame[13] === EXPERIMENTAL)
      .map((frame) => frame[14] * 256 + frame[15]);
  }
}

describe('direct links between two clients of a server', () => {
  it('take over what both say to each other, without a frame lost or doubled', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      const mend = cutDirect(lan);
      world.run(300 * MILLISECOND);
      for (const node of nodes) speak(node, stationOf(node.id));
      const streams = [
        new Stream(world, nodes[A], nodes[B], 500, 1000),
        new Stream(world, nodes[B], nodes[A], 700, 300),
      ];
      world.run(100 * MILLISECOND);
      mend();
      world.run(200 * MILLISECOND);
      const before = nodes[SERVER].counter('forwardedFrames');
      world.run(90 * MILLISECOND);
      expect(nodes[SERVER].counter('forwardedFrames')).toBe(before);
      for (const stream of streams) stream.stop();
      world.run(50 * MILLISECOND);
      for (const stream of streams) expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
    }));

  for (const how of ['relayed', 'switched'] as const) {
    it(`are left for the way by the server when they are cut, ${how}`, () =>
      withSeed((seed) => {
        const lan = start(seed, how === 'relayed');
        const { world, nodes } = lan;
        world.run(300 * MILLISECOND);
        for (const node of nodes) speak(node, stationOf(node.id));
        world.run(20 * MILLISECOND);
        const streams = [
          new Stream(world, nodes[A], nodes[B], 500, 1000),
          new Stream(world, nodes[B], nodes[A], 700, 300),
        ];
        world.run(100 * MILLISECOND);
        const mend = cutDirect(lan);
        world.run(300 * MILLISECOND);
        const atServer = how === 'relayed' ? 'relayedDatagrams' : 'forwardedFrames';
        const before = nodes[SERVER].counter(atServer);
        world.run(100 * MILLISECOND);
        expect(nodes[SERVER].counter(atServer) - before).toBeGreaterThan(300);
        mend();
        world.run(200 * MILLISECOND);
        const after = nodes[SERVER].counter('forwardedFrames');
        world.run(100 * MILLISECOND);
        expect(nodes[SERVER].counter('forwardedFrames') - after).toBeLessThan(10);
        for (const stream of streams) stream.stop();
        world.run(50 * MILLISECOND);
        for (const stream of streams) expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
      }));
  }

  it('carry no broadcast while the server does: each host gets each one exactly once, whatever dies', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      world.run(300 * MILLISECOND);
      for (const node of nodes) node.tap.take();
      const broadcasts = new Broadcasts();
      let mend: (() => void) | null = null;
      for (let step = 0; step < 200; step++) {
        if (integer(world.random, 0, 9) === 0) {
          if (mend === null) mend = cutDirect(lan);
          else mend();
          if (integer(world.random, 0, 1) === 0) mend = null;
        }
        broadcasts.from(nodes[integer(world.random, 0, 3)]);
        world.run(integer(world.random, 1, 20) * MILLISECOND);
      }
      world.run(50 * MILLISECOND);
      for (const node of nodes) {
        const wanted = [...broadcasts.sent].filter(([, from]) => from !== node.id).map(([number]) => number);
        expect(Broadcasts.at(node).sort((a, b) => a - b)).toEqual(wanted);
      }
    }));

  it('carry broadcasts when the server has died', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      world.run(300 * MILLISECOND);
      killServer(lan);
      world.run(300 * MILLISECOND);
      for (const node of nodes) node.tap.take();
      const broadcasts = new Broadcasts();
      for (const host of [A, B]) broadcasts.from(nodes[host]);
      world.run(50 * MILLISECOND);
      expect(Broadcasts.at(nodes[A])).toEqual([1]);
      expect(Broadcasts.at(nodes[B])).toEqual([0]);
    }));

  it('are not used for a station that has moved to another client', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      world.run(300 * MILLISECOND);
      const roamer = stationOf(9);
      const ask = () => {
        for (const node of nodes) node.tap.take();
        nodes[A].fromKernel(withVirtio(ethernet(roamer, stationOf(A), EXPERIMENTAL, new Uint8Array(46))));
        world.run(20 * MILLISECOND);
        return nodes.map((node) => Broadcasts.at(node).length);
      };
      speak(nodes[B], roamer);
      nodes[B].fromKernel(withVirtio(ethernet(stationOf(A), roamer, EXPERIMENTAL, new Uint8Array(46))));
      speak(nodes[A], stationOf(A));
      world.run(20 * MILLISECOND);
      expect(ask()).toEqual([0, 0, 1, 0]);
      speak(nodes[C], roamer);
      world.run(20 * MILLISECOND);
      expect(ask()).toEqual([0, 0, 0, 1]);
    }));

  it('are no way round a server that isolates or a loop: nothing passes between server and direct peer', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      world.run(300 * MILLISECOND);
      for (const node of nodes) speak(node, stationOf(node.id));
      world.run(20 * MILLISECOND);
      for (const node of nodes) node.tap.take();
      // B believes that C's station is at A.
      speak(nodes[A], stationOf(C));
      world.run(20 * MILLISECOND);
      const before = nodes[SERVER].counter('forwardedFrames');
      nodes[B].fromKernel(withVirtio(ethernet(stationOf(C), stationOf(B), EXPERIMENTAL, new Uint8Array(46))));
      world.run(50 * MILLISECOND);
      expect(nodes[SERVER].counter('forwardedFrames') - before).toBeLessThan(3);
    }));
});

describe('a server with clients that it may introduce', () => {
  it('tells of a pair that talks, now and then, and of nobody else', () =>
    withSeed((seed) => {
      const lan = star(seed, { hosts: 4, portOf: (host) => (host === SERVER ? portOf(host, 0) : {}) });
      const { world, nodes } = lan;
      world.run(300 * MILLISECOND);
      for (const node of nodes) speak(node, stationOf(node.id));
      world.run(20 * MILLISECOND);
      const stream = new Stream(world, nodes[A], nodes[B], 10 * MILLISECOND, 200);
      nodes[C].fromKernel(withVirtio(ethernet(stationOf(A), stationOf(C), EXPERIMENTAL, new Uint8Array(46))));
      world.run(10 * SECOND);
      stream.stop();
      const talks = nodes[SERVER].events.filter(({ kind }) => kind === 'talk');
      expect(talks.length).toBeGreaterThanOrEqual(3);
      expect(talks.length).toBeLessThanOrEqual(4);
      for (const talk of talks) expect(talk).toEqual({ kind: 'talk', peers: [A, B] });
    }));

  it('takes messages about members from those that may send any', () =>
    withSeed((seed) => {
      const lan = start(seed);
      const { world, nodes } = lan;
      world.run(300 * MILLISECOND);
      const bytes = Uint8Array.of(1, 2, 3, 4);
      nodes[A].command({ kind: 'member', peer: SERVER, bytes });
      nodes[A].command({ kind: 'member', peer: B, bytes });
      nodes[B].command({ kind: 'member', peer: A, bytes });
      world.run(20 * MILLISECOND);
      expect(nodes[SERVER].events.filter(({ kind }) => kind === 'member')).toEqual([
        { kind: 'member', peer: A, bytes },
      ]);
      expect(nodes[A].events.filter(({ kind }) => kind === 'member')).toEqual([
        { kind: 'member', peer: B, bytes },
      ]);
      expect(nodes[B].events.filter(({ kind }) => kind === 'member')).toEqual([]);
      expect(nodes[B].drop('member-unasked')).toBe(1);
    }));
});
