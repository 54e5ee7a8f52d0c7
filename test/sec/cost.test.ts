/** What an authentic peer that keeps no rule can cost the host that it attacks, and the host's other peers. */
import { describe, expect, it } from 'vitest';
import { bundle, heartbeat, linkDown, parity } from '../../bench/hostile/wire.js';
import { PEER, PEER_WIDTH } from '../../src/contract/stats.js';
import { WORK } from '../../src/datapath/frames/shares.js';
import { EXPERIMENTAL, ethernet, stationOf, withVirtio } from '../sim/frames.js';
import type { Hop } from '../sim/hop.js';
import { deliver, impersonate, type Sealer } from '../sim/hostile.js';
import { Lan } from '../sim/lan.js';
import type { SimNode } from '../sim/node.js';
import { withSeed } from '../sim/random.js';
import { Stream } from '../sim/stream.js';
import { MILLISECOND, SECOND, World } from '../sim/world.js';

const LINKS = 2;

interface Attack {
  world: World;
  lan: Lan;
  victim: SimNode;
  attacker: SimNode;
  sealer: Sealer;
}

/** The second host has turned against the first: its own daemon says no more, its keys speak for it. */
function prepare(seed: number, hosts: number): Attack {
  const world = new World(seed);
  const lan = new Lan(world, { hosts, links: LINKS });
  world.run(200 * MILLISECOND);
  const [victim, attacker] = lan.nodes;
  attacker.fromKernel(
    withVirtio(ethernet(stationOf(0), stationOf(attacker.id), EXPERIMENTAL, new Uint8Array(46))),
  );
  const sealer = impersonate(lan, attacker, victim);
  attacker.halt();
  return { world, lan, victim, attacker, sealer };
}

describe('what a peer makes us send', () => {
  const FRAME_BYTES = 1300;

  type Say = (link: number, body: Uint8Array) => void;
  /** How a peer lets a link die, and brings the other one back; said once for each death. */
  type Way = (say: Say, link: number) => void;

  /**
   * Three seconds of frames for the attacker, who takes its links down in turn so often a second. `beatsOf` says by which
   * links it beats while `dead` is the last one taken down, -1 for none. Returns bytes sent.
   */
  function run(
    attack: Attack,
    flipsPerSecond: number,
    way: Way,
    beatsOf = (_link: number, _dead: number) => true,
  ) {
    const { world, victim, attacker, sealer } = attack;
    const frame = withVirtio(
      ethernet(stationOf(attacker.id), stationOf(0), EXPERIMENTAL, new Uint8Array(FRAME_BYTES)),
    );
    const say: Say = (link, body) => deliver(victim, attacker.sockets[link], sealer.seal(link, body), link);
    let flips = 0;
    let dead = -1;
    let bytes = 0;
    const count: Hop = {
      pass(datagram) {
        bytes += datagram.bytes.length;
      },
    };
    for (let link = 0; link < LINKS; link++) world.wire(victim, attacker, link).hops = [count];
    for (let ms = 0; ms < 3000; ms++) {
      victim.fromKernel(frame, frame);
      if (ms % 5 === 0)
        for (let link = 0; link < LINKS; link++)
          if (beatsOf(link, dead)) say(link, heartbeat(link, true, 10));
      if ((ms * flipsPerSecond) / 1000 > flips) {
        dead = flips++ % LINKS;
        way(say, dead);
      }
      world.run(MILLISECOND);
    }
    return bytes;
  }

  const nothing: Way = () => {};
  const again: Way = (say, link) => {
    for (let beats = 0; beats < 6; beats++) say(link, heartbeat(link));
  };
  const report: Way = (say, link) => {
    say(1 - link, linkDown(link));
    again(say, link);
  };
  const ownReport: Way = (say, link) => {
    say(link, linkDown(link));
    again(say, link);
  };
  const deafness: Way = (say, link) => {
    say(link, heartbeat(link, false));
    again(say, link);
  };

  function expectBounded(seed: number, what: string, attacked: (attack: Attack) => number, most = 2): void {
    const asked = run(prepare(seed, 2), 0, nothing);
    const attack = prepare(seed, 2);
    const sent = attacked(attack);
    console.log(`${what}: ${(sent / asked).toFixed(2)} times of what was asked for`);
    expect(attack.victim.counter('resentDatagrams')).toBeGreaterThan(1000);
    expect(attack.victim.drop('resend-refused')).toBeGreaterThan(1000);
    // Heartbeats, notices and the grant of a trickle come on top.
    expect(sent / asked).toBeLessThan(1.1 * most);
  }

  for (const flips of [10, 40, 200]) {
    it(`by taking its links down ${flips} times a second is no more than as much again`, () =>
      withSeed((seed) => expectBounded(seed, `${flips} reports/s`, (attack) => run(attack, flips, report))));

    it(`by saying ${flips} times a second of a link that it had been down is no more either`, () =>
      withSeed((seed) => expectBounded(seed, `${flips} own/s`, (attack) => run(attack, flips, ownReport))));

    it(`by saying ${flips} times a second that it does not hear us is no more either`, () =>
      withSeed((seed) => expectBounded(seed, `${flips} deaf/s`, (attack) => run(attack, flips, deafness))));
  }

  it('by falling silent on one link after the other is no more than three times as much again', () =>
    withSeed((seed) => {
      const silence = (attack: Attack) => run(attack, 10, nothing, (link, dead) => link !== dead);
      expectBounded(seed, 'silence', silence, 4);
    }));
});

describe('what a peer makes us compute', () => {
  const MEMBERS = 31;
  const STREAM = 5;

  /** Parity of a group of which all but the last are kept, each of so many bytes. */
  function keepGroup({ world, victim, attacker, sealer }: Attack, first: number, bytes: number): void {
    deliver(victim, attacker.sockets[0], sealer.seal(0, parity(STREAM, first - 64, 0)));
    world.run(MILLISECOND);
    const body = new Uint8Array(bytes);
    body[0] = 200;
    for (let index = 0; index < MEMBERS; index++)
      deliver(victim, attacker.sockets[0], sealer.seal(STREAM, body, first + index));
  }

  it('small parities never name large datagrams', () =>
    withSeed((seed) => {
      const attack = prepare(seed, 2);
      const { world, victim, attacker, sealer } = attack;
      keepGroup(attack, 200_000, 1300);
      world.run(MILLISECOND);
      const before = victim.drop('malformed');
      for (let number = 0; number < 1000; number++)
        deliver(victim, attacker.sockets[0], sealer.seal(0, parity(STREAM, 200_000, 20)));
      world.run(MILLISECOND);
      const malformed = victim.drop('malformed') - before;
      expect(malformed).toBeGreaterThan(0);
      // The parities themselves are kept as well, in place of what they name.
      expect(malformed + victim.counter('parityInVain')).toBeGreaterThanOrEqual(1000);
      expect(victim.drop('forged')).toBe(0);
    }));

  it('a datagram helps to rebuild once, however many parities name it', () =>
    withSeed((seed) => {
      const attack = prepare(seed, 2);
      const { world, victim, attacker, sealer } = attack;
      keepGroup(attack, 200_000, 100);
      world.run(MILLISECOND);
      // An odd number of members of 116 bytes: the length that is left for the missing one is 96.
      for (let number = 0; number < 1000; number++)
        deliver(victim, attacker.sockets[0], sealer.seal(0, parity(STREAM, 200_000, 116 ^ 96, 116)));
      world.run(MILLISECOND);
      expect(victim.drop('forged')).toBe(1);
      expect(victim.counter('parityInVain')).toBeGreaterThanOrEqual(999);
    }));
});

describe('what a peer takes from others', () => {
  const FRAMES = 70;
  const SECONDS = 2;
  const BUNDLES_PER_MS = 10;

  /** Bundles of small frames, far more than a worker can take; the frames that came through. */
  function flood({ world, victim, attacker, sealer }: Attack): number {
    const body = bundle(FRAMES);
    const frames = (): number => victim.engine.stats.peers[attacker.id * PEER_WIDTH + PEER.rxFrames];
    const before = frames();
    for (let ms = 0; ms < SECONDS * 1000; ms++) {
      for (let count = 0; count < BUNDLES_PER_MS; count++)
        deliver(victim, attacker.sockets[0], sealer.seal(0, body));
      world.run(MILLISECOND);
    }
    return frames() - before;
  }

  const sentFrames = SECONDS * 1000 * BUNDLES_PER_MS * FRAMES;

  it('of a worker that is never idle is a small share, and other peers lose nothing', () =>
    withSeed((seed) => {
      const attack = prepare(seed, 3);
      const { world, lan, victim } = attack;
      victim.neverIdle = true;
      const stream = new Stream(world, lan.nodes[2], victim, 500);
      const came = flood(attack);
      stream.stop();
      world.run(50 * MILLISECOND);
      console.log(`seed ${seed}: ${came} of ${sentFrames} frames`);
      expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
      expect(victim.drop('over-share')).toBeGreaterThan(0);
      // A fifth of a unit each busy µs for the two of them, four for each frame.
      expect(came * WORK.FRAME).toBeLessThan(0.11 * SECONDS * SECOND);
      expect(came * WORK.FRAME).toBeGreaterThan(0.04 * SECONDS * SECOND);
    }));

  const BEATS = 20_000;
  const BEATS_PER_MS = 40;

  /** Heartbeats by one link, each of which claims to hear us or not; those that were taken. */
  function beat({ world, victim, attacker, sealer }: Attack, hears: (beat: number) => boolean): number {
    const before = victim.counter('heartbeatsReceived');
    for (let beat = 0; beat < BEATS; beat++) {
      deliver(victim, attacker.sockets[0], sealer.seal(0, heartbeat(0, hears(beat))));
      if (beat % BEATS_PER_MS === 0) world.run(MILLISECOND);
    }
    return victim.counter('heartbeatsReceived') - before;
  }

  it('by heartbeats that change their mind is far less than by those that say the same again', () =>
    withSeed((seed) => {
      const takenOf = (hears: (beat: number) => boolean): number => {
        const attack = prepare(seed, 3);
        attack.victim.neverIdle = true;
        return beat(attack, hears);
      };
      const fickle = takenOf((beat) => beat % 2 === 0);
      const steady = takenOf(() => true);
      console.log(`seed ${seed}: ${fickle} and ${steady} of ${BEATS} heartbeats`);
      expect(steady).toBeGreaterThan(10 * fickle);
    }));

  it('is nothing while the worker is idle: all of it is taken', () =>
    withSeed((seed) => {
      const attack = prepare(seed, 3);
      const stream = new Stream(attack.world, attack.lan.nodes[2], attack.victim, 500);
      const { attacker, sealer, victim, world } = attack;
      const body = bundle(FRAMES);
      for (let ms = 0; ms < 1000; ms++) {
        deliver(victim, attacker.sockets[0], sealer.seal(0, body));
        world.run(MILLISECOND);
      }
      stream.stop();
      world.run(50 * MILLISECOND);
      expect(stream.report()).toMatchObject({ lost: 0 });
      expect(victim.drop('over-share')).toBe(0);
    }));

  it('is all of the worker when there is no other', () =>
    withSeed((seed) => {
      const attack = prepare(seed, 2);
      attack.victim.neverIdle = true;
      expect(flood(attack)).toBe(sentFrames);
      expect(attack.victim.drop('over-share')).toBe(0);
    }));
});
