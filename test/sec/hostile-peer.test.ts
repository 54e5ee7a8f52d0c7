import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STATE } from '../../src/contract/link-states.js';
import { PIECE_HEADER } from '../../src/datapath/frames/pieces.js';
import { GSO } from '../../src/datapath/offload/virtio.js';
import { VNET_HEADER } from '../../src/native/ops.js';
import { ECHO } from '../../src/wire/echo.js';
import { KIND } from '../../src/wire/header.js';
import { HEARTBEAT } from '../../src/wire/heartbeat.js';
import { NOTICE, NOTICE_CODE } from '../../src/wire/notice.js';
import { PATH_CHECK } from '../../src/wire/path-check.js';
import { SEGMENT } from '../../src/wire/segment.js';
import { packets } from '../datapath/packets.js';
import { EXPERIMENTAL, ethernet, stationOf, withVirtio } from '../sim/frames.js';
import { deliver, impersonate, type Sealer } from '../sim/hostile.js';
import { superFrame } from '../sim/kernel-frames.js';
import { Lan, linkRow } from '../sim/lan.js';
import { type SimNode, SWITCH } from '../sim/node.js';
import { integer, randomBytes, withSeed } from '../sim/random.js';
import { Stream } from '../sim/stream.js';
import { MILLISECOND, World } from '../sim/world.js';

const LINKS = 2;

interface Attack {
  lan: Lan;
  victim: SimNode;
  attacker: SimNode;
  friend: SimNode;
  sealer: Sealer;
}

/** Three hosts; the second has turned against the first and still holds its keys. */
function prepare(seed: number, macLimit = 8192): Attack {
  const world = new World(seed);
  const lan = new Lan(world, {
    hosts: 3,
    links: LINKS,
    node: { settings: { switch: { ...SWITCH, macLimit } } },
  });
  world.run(200 * MILLISECOND);
  const [victim, attacker, friend] = lan.nodes;
  const sealer = impersonate(lan, attacker, victim);
  return { lan, victim, attacker, friend, sealer };
}

type Body = (random: () => number) => Uint8Array;

function filled(random: () => number, kind: number, length: number): Uint8Array {
  const bytes = randomBytes(random, Math.max(1, length));
  bytes[0] = kind;
  return bytes;
}

/** A value that is usually one of the edges of a field of that many bits. */
function edge(random: () => number, bits: number): number {
  const top = 2 ** bits - 1;
  return [0, 1, 2, 7, 8, top, top - 1, integer(random, 0, top)][integer(random, 0, 7)];
}

/** A super-frame's segment whose headers are those of a real packet, its facts anything. */
function segment(random: () => number): Uint8Array {
  const [packet] = fc.sample(packets(400), { numRuns: 1, seed: integer(random, 0, 2 ** 31) });
  const { record, headerLength } = superFrame(packet, 100);
  const frame = record.slice(VNET_HEADER);
  const body = new Uint8Array(SEGMENT.BYTES + frame.length);
  const view = new DataView(body.buffer);
  const types = [GSO.NONE, GSO.TCPV4, GSO.TCPV6, GSO.UDP_L4, GSO.TCPV4 | GSO.ECN, 3, 0x7f, 0xff];
  body[SEGMENT.KIND] = KIND.SEGMENT;
  body[SEGMENT.GSO_TYPE] = types[integer(random, 0, types.length - 1)];
  view.setUint16(SEGMENT.SUPER_ID, integer(random, 0, 3));
  view.setUint16(SEGMENT.INDEX, edge(random, 16));
  view.setUint16(SEGMENT.COUNT, edge(random, 16));
  view.setUint16(SEGMENT.GSO_SIZE, random() < 0.5 ? frame.length - headerLength : edge(random, 16));
  body[SEGMENT.HEADER_LENGTH] = random() < 0.7 ? headerLength : edge(random, 8);
  body.set(frame, SEGMENT.BYTES);
  for (let flips = integer(random, 0, 2); flips > 0; flips--) {
    body[integer(random, SEGMENT.BYTES, body.length - 1)] = random() * 256;
  }
  return body.subarray(0, random() < 0.2 ? integer(random, 1, body.length) : body.length);
}

function bundle(random: () => number): Uint8Array {
  const body = filled(random, KIND.BUNDLE, integer(random, 1, 400));
  const view = new DataView(body.buffer);
  let at = 1;
  while (at + 5 < body.length) {
    const length = random() < 0.9 ? integer(random, 14, 90) : edge(random, 16);
    view.setUint16(at, length);
    body[at + 2] = random() < 0.8 ? integer(random, 0, 3) : random() * 256;
    at += 5 + length;
  }
  return body;
}

function piece(random: () => number): Uint8Array {
  const size = integer(random, 0, 300);
  const body = filled(random, KIND.PIECE, PIECE_HEADER + size);
  const count = edge(random, 4);
  body[1] = integer(random, 0, 3);
  body[2] = 0;
  body[3] = integer(random, 0, 20);
  body[4] = random() < 0.8 ? integer(random, 0, count) : random() * 256;
  body[5] = count;
  new DataView(body.buffer).setUint16(6, random() < 0.8 ? size * count : edge(random, 16));
  return body;
}

const BODIES: Body[] = [
  (random) => filled(random, integer(random, 0, 255), integer(random, 1, 200)),
  (random) => Uint8Array.of(integer(random, 0, 12)),
  segment,
  bundle,
  piece,
  (random) => filled(random, KIND.HEARTBEAT, integer(random, 1, HEARTBEAT.BYTES + 8)),
  (random) => {
    const body = filled(random, KIND.HEARTBEAT, HEARTBEAT.BYTES);
    body[HEARTBEAT.LINK] = edge(random, 8);
    return body;
  },
  (random) => {
    const body = filled(random, KIND.NOTICE, NOTICE.BYTES);
    body[NOTICE.CODE] = integer(random, 0, 4);
    body[NOTICE.LINK] = edge(random, 8);
    return body;
  },
  (random) => {
    const body = filled(random, random() < 0.5 ? KIND.PATH_CHECK : KIND.PATH_ANSWER, PATH_CHECK.BYTES);
    body[PATH_CHECK.LINK] = edge(random, 8);
    return body;
  },
  (random) => {
    const body = filled(random, KIND.ECHO, integer(random, 1, ECHO.BYTES + 1200));
    if (body.length > 1) body[ECHO.REPLY] = edge(random, 8);
    return body;
  },
];

describe('an authentic peer that keeps no rule', () => {
  it('50,000 messages of every kind: no crash, no bad frame for the kernel, others undisturbed', () =>
    withSeed((seed) => {
      const { lan, victim, attacker, friend, sealer } = prepare(seed);
      const { world } = lan;
      const { random } = world;
      const streams = [new Stream(world, friend, victim, 500)];
      const records: Uint8Array[] = [];
      const count = streams[0];
      const listener = victim.tap.listener;
      victim.tap.listener = (record, now) => {
        records.push(record);
        listener(record, now);
      };
      world.run(50 * MILLISECOND);
      const friendEvents = (): number => victim.linkEvents().filter(({ peer }) => peer === friend.id).length;
      const before = friendEvents();
      for (let number = 0; number < 50_000; number++) {
        const body = BODIES[number % BODIES.length](random);
        const network = integer(random, 0, LINKS - 1);
        deliver(victim, attacker.sockets[network], sealer.seal(integer(random, 0, 7), body), network);
        // Slow enough that little of it is over the share of its sender.
        if (number % 64 === 0) world.run(MILLISECOND);
      }
      count.stop();
      world.run(50 * MILLISECOND);
      expect(records.length).toBeGreaterThan(1000);
      expect(victim.tap.refused).toEqual([]);
      expect(count.report()).toMatchObject({ lost: 0, duplicated: 0 });
      expect(friendEvents()).toBe(before);
      for (let link = 0; link < LINKS; link++) {
        expect(victim.linkGauge(linkRow(friend.id, link), 'state')).toBe(STATE.UP);
      }
      for (const reason of [
        'unknown-kind',
        'malformed',
        'bad-offload',
        'link-mismatch',
        'piece-malformed',
      ] as const) {
        expect(victim.drop(reason), reason).toBeGreaterThan(0);
      }
    }));

  it('a message of every kind at every length from nothing to a full datagram', () =>
    withSeed((seed) => {
      const { lan, victim, attacker, sealer } = prepare(seed);
      for (let kind = 0; kind < 12; kind++) {
        for (let length = 1; length < 1400; length += length < 80 ? 1 : 61) {
          for (const fill of [0x00, 0xff]) {
            const body = new Uint8Array(length).fill(fill);
            body[0] = kind;
            deliver(victim, attacker.sockets[0], sealer.seal(0, body));
          }
        }
        lan.world.run(MILLISECOND);
      }
      expect(victim.tap.refused).toEqual([]);
    }));

  it('counters that jump to the end close the stream for its own sender alone', () =>
    withSeed((seed) => {
      const { lan, victim, attacker, friend, sealer } = prepare(seed);
      const frame = ethernet(stationOf(0), stationOf(1), EXPERIMENTAL, new Uint8Array(46));
      const bundled = Uint8Array.of(KIND.BUNDLE, 0, frame.length, 0, 0, 0, ...frame);
      const accepted = (counter: number): boolean => {
        victim.tap.take();
        deliver(victim, attacker.sockets[0], sealer.seal(5, bundled, counter));
        lan.world.run(100);
        return victim.tap.take().length === 1;
      };
      expect(accepted(2 ** 40)).toBe(true);
      expect(accepted(2 ** 40)).toBe(false);
      expect(accepted(2 ** 40 - 1)).toBe(true);
      expect(accepted(1)).toBe(false);
      expect(accepted(2 ** 52 - 1)).toBe(true);
      expect(accepted(2 ** 52)).toBe(false);
      expect(accepted(2 ** 53)).toBe(false);
      const stream = new Stream(lan.world, friend, victim, 1000);
      lan.world.run(50 * MILLISECOND);
      stream.stop();
      lan.world.run(10 * MILLISECOND);
      expect(stream.report()).toMatchObject({ lost: 0 });
    }));

  it('a flood of source addresses takes no station of another peer out of the table', () =>
    withSeed((seed) => {
      const { lan, victim, attacker, friend, sealer } = prepare(seed, 1024);
      const { world } = lan;
      for (let number = 0; number < 50; number++) {
        const hello = ethernet(stationOf(0), stationOf(friend.id, number), EXPERIMENTAL, new Uint8Array(46));
        friend.fromKernel(withVirtio(hello));
      }
      world.run(10 * MILLISECOND);
      for (let number = 0; number < 20_000; number++) {
        const frame = ethernet(stationOf(0), stationOf(attacker.id, number), EXPERIMENTAL, new Uint8Array(0));
        const body = Uint8Array.of(KIND.BUNDLE, 0, frame.length, 0, 0, 0, ...frame);
        deliver(victim, attacker.sockets[0], sealer.seal(0, body));
        if (number % 64 === 0) world.run(10);
      }
      world.run(10 * MILLISECOND);
      attacker.tap.take();
      friend.tap.take();
      for (let number = 0; number < 50; number++) {
        const reply = ethernet(stationOf(friend.id, number), stationOf(0), EXPERIMENTAL, new Uint8Array(46));
        victim.fromKernel(withVirtio(reply));
      }
      world.run(10 * MILLISECOND);
      // Known at the friend, so none of them is flooded to the attacker.
      expect(friend.tap.take()).toHaveLength(50);
      expect(attacker.tap.take()).toEqual([]);
    }));

  it('answers and goodbyes bother the control thread 2,000 times a second at most, the rest is counted', () =>
    withSeed((seed) => {
      const { lan, victim, attacker, sealer } = prepare(seed);
      const told = (): number =>
        victim.events.filter(({ kind }) => kind === 'echo' || kind === 'goodbye').length;
      const answer = new Uint8Array(ECHO.BYTES);
      answer[0] = KIND.ECHO;
      answer[ECHO.REPLY] = 1;
      const goodbye = new Uint8Array(NOTICE.BYTES);
      goodbye[0] = KIND.NOTICE;
      goodbye[NOTICE.CODE] = NOTICE_CODE.GOODBYE;
      for (let second = 1; second <= 2; second++) {
        for (let number = 0; number < 3000; number++) {
          deliver(victim, attacker.sockets[0], sealer.seal(0, number % 2 === 0 ? answer : goodbye));
          if (number % 30 === 0) lan.world.run(MILLISECOND);
        }
        lan.world.run(1000 * MILLISECOND);
        expect(told()).toBe(2000 * second);
        expect(victim.drop('event-limit')).toBe(1000 * second);
      }
    }));

  it('an echo is answered with no more bytes than it had, an answer never', () =>
    withSeed((seed) => {
      const { lan, victim, attacker, sealer } = prepare(seed);
      const sentTo = (): number => victim.linkGauge(linkRow(attacker.id, 0), 'txBytes');
      for (const reply of [0, 1]) {
        for (const length of [ECHO.BYTES, 500, 1300]) {
          const body = new Uint8Array(length);
          body[0] = KIND.ECHO;
          body[ECHO.REPLY] = reply;
          const datagram = sealer.seal(0, body);
          const before = sentTo();
          deliver(victim, attacker.sockets[0], datagram);
          lan.world.run(1);
          expect(sentTo() - before).toBe(reply === 0 ? datagram.length : 0);
        }
      }
    }));
});
