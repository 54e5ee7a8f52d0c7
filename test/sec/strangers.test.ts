import { describe, expect, it } from 'vitest';
import { DROP } from '../../src/contract/drops.js';
import type { PathRef } from '../../src/contract/events.js';
import { openCookieReply, ReceiverKeys, writeMac1, writeMac2 } from '../../src/crypto/cookie.js';
import {
  COOKIE_REPLY_BYTES,
  encodeCookieReply,
  encodeInitiation,
  INITIATION_BYTES,
  MAC_BYTES,
  mac1Part,
  RESPONSE_BYTES,
} from '../../src/crypto/handshake-messages.js';
import { ATTEMPT_LIFETIME_US } from '../../src/crypto/limits.js';
import { generateKeyPair } from '../../src/crypto/primitives.js';
import { HandshakeScreen } from '../../src/crypto/screen.js';
import { sodiumPrimitives } from '../../src/crypto/sodium.js';
import { AEAD, PATH } from '../../src/native/ops.js';
import { HANDSHAKE_TAKEN } from '../../src/state/io.js';
import { sameRemote } from '../../src/state/remote-ends.js';
import { OUTER, TYPE } from '../../src/wire/header.js';
import { HandshakeGate } from '../../src/worker/handshake-gate.js';
import { quickAead, realAead } from '../sim/aead.js';
import type { Endpoint } from '../sim/endpoint.js';
import { EXPERIMENTAL, ethernet, stationOf, withVirtio } from '../sim/frames.js';
import type { Datagram } from '../sim/hop.js';
import { eavesdrop } from '../sim/hops/eavesdrop.js';
import { deliver, dropped, eventsOf } from '../sim/hostile.js';
import { Lan, pathTo } from '../sim/lan.js';
import { Network } from '../sim/network.js';
import type { SimNode } from '../sim/node.js';
import { integer, randomBytes, withSeed } from '../sim/random.js';
import { MILLISECOND, SECOND, World } from '../sim/world.js';

const RARELY_MS = 60_000;

interface Siege {
  lan: Lan;
  victim: SimNode;
  stranger: Endpoint;
  /** Valid datagrams seen on the wire, to the victim and from it. */
  toVictim: Datagram[];
  fromVictim: Datagram[];
}

/** Two hosts that have talked and then fall silent, and a stranger who has heard all of it. */
function besiege(seed: number, aead = quickAead): Siege {
  const world = new World(seed);
  // Beats so rare that none falls into the siege.
  const lan = new Lan(world, {
    hosts: 2,
    links: 1,
    intervalMs: RARELY_MS,
    holdMs: RARELY_MS * 3,
    node: { aead },
  });
  const [peer, victim] = lan.nodes;
  const toVictim: Datagram[] = [];
  const fromVictim: Datagram[] = [];
  world.wire(peer, victim, 0).hops.unshift(eavesdrop((datagram) => toVictim.push(datagram)));
  world.wire(victim, peer, 0).hops.unshift(eavesdrop((datagram) => fromVictim.push(datagram)));
  world.run(100 * MILLISECOND);
  for (let length = 0; length < 40; length++) {
    const payload = new Uint8Array(46 + length * 30);
    peer.fromKernel(withVirtio(ethernet(stationOf(1), stationOf(0), EXPERIMENTAL, payload)));
    victim.fromKernel(withVirtio(ethernet(stationOf(0), stationOf(1), EXPERIMENTAL, payload)));
    world.run(MILLISECOND);
  }
  world.run(10 * MILLISECOND);
  victim.tap.take();
  victim.command({ kind: 'clear-counters', id: 0, peer: null, from: 0, rows: 1 });
  const stranger = world.addNode(9, 1, { aead }).sockets[0];
  return { lan, victim, stranger, toVictim, fromVictim };
}

function expectUnmoved({ victim }: Siege, given: number, sentBefore: number, eventsBefore: number): void {
  const handed = victim.counter('handshakesGiven');
  expect(dropped(victim) + handed).toBe(given);
  expect(victim.counter('rxDatagrams')).toBe(given);
  expect(victim.tap.take()).toEqual([]);
  expect(victim.sentDatagrams).toBe(sentBefore);
  expect(victim.events.length - eventsBefore).toBe(handed);
  expect(eventsOf(victim, 'handshake')).toHaveLength(handed);
}

describe('strangers', () => {
  it('100,000 random, truncated, replayed, reflected and bit-flipped datagrams: each counted, none answered', () =>
    withSeed((seed) => {
      const siege = besiege(seed);
      const { lan, victim, stranger, toVictim, fromVictim } = siege;
      const { random } = lan.world;
      const pick = (datagrams: Datagram[]): Uint8Array =>
        datagrams[integer(random, 0, datagrams.length - 1)].bytes.slice();
      const kinds: (() => Uint8Array)[] = [
        () => randomBytes(random, integer(random, 1, 200)),
        () => {
          const bytes = randomBytes(random, integer(random, 1, 200));
          bytes[OUTER.TYPE] = TYPE.TRANSPORT;
          return bytes;
        },
        () => {
          // A header that is right in all but its key.
          const bytes = randomBytes(random, integer(random, 33, 200));
          bytes.set(pick(toVictim).subarray(0, OUTER.COUNTER));
          bytes.fill(0, OUTER.COUNTER, OUTER.COUNTER + 3);
          return bytes;
        },
        () => {
          const bytes = pick(toVictim);
          return bytes.subarray(0, integer(random, 1, bytes.length - 1));
        },
        () => pick(toVictim),
        () => pick(fromVictim),
        () => {
          const bytes = pick(toVictim);
          const bit = integer(random, 0, bytes.length * 8 - 1);
          bytes[bit >> 3] ^= 1 << (bit & 7);
          return bytes;
        },
      ];
      const sent = victim.sentDatagrams;
      const events = victim.events.length;
      const given = 100_000;
      for (let number = 0; number < given; number++) {
        const bytes = kinds[number % kinds.length]();
        const from = number % 2 === 0 ? stranger : toVictim[0].from;
        deliver(victim, from, bytes);
        if (number % 200 === 0) lan.world.run(10);
      }
      lan.world.run(MILLISECOND);
      expectUnmoved(siege, given, sent, events);
      expect(victim.drop('forged')).toBeGreaterThan(given / 10);
      expect(victim.drop('replayed-early')).toBeGreaterThan(given / 10);
    }));

  for (const [name, number] of Object.entries(AEAD)) {
    it(`${name}: with any bit flipped, a valid datagram is not accepted; untouched it is, once`, () =>
      withSeed((seed) => {
        const siege = besiege(seed, realAead(number));
        const { lan, victim } = siege;
        const [peer] = lan.nodes;
        // The datagram is taken off the wire, so that only its forgeries arrive.
        let captured: Datagram | undefined;
        lan.world.wire(peer, victim, 0).hops = [
          {
            pass(datagram) {
              captured = datagram;
            },
          },
        ];
        const frame = ethernet(stationOf(1), stationOf(0), EXPERIMENTAL, new Uint8Array(100));
        peer.fromKernel(withVirtio(frame));
        lan.world.run(MILLISECOND);
        const { bytes, from } = captured!;
        const sent = victim.sentDatagrams;
        const events = victim.events.length;
        for (let bit = 0; bit < bytes.length * 8; bit++) {
          const forged = bytes.slice();
          forged[bit >> 3] ^= 1 << (bit & 7);
          deliver(victim, from, forged);
        }
        lan.world.run(MILLISECOND);
        expectUnmoved(siege, bytes.length * 8, sent, events);
        deliver(victim, from, bytes);
        deliver(victim, from, bytes);
        lan.world.run(MILLISECOND);
        expect(victim.tap.take()).toEqual([withVirtio(frame)]);
      }));
  }
});

describe('strangers at the gate', () => {
  const PER_SECOND = 100_000;
  const SOURCES = 60_000;
  const EVERY_US = 100;

  /** Messages that strangers can make, who may know the public key but have no key of a peer. */
  function messagesOf(kind: string, random: () => number, publicKey: Uint8Array): () => Uint8Array {
    const keys = new ReceiverKeys(sodiumPrimitives, publicKey);
    const of = (type: number, length: number) => {
      const bytes = randomBytes(random, length);
      bytes.set([type, 0, 0, 0]);
      return bytes;
    };
    const makers: Record<string, () => Uint8Array> = {
      'of four bytes': () => Uint8Array.of(TYPE.INITIATION, 0, 0, 0),
      'that are initiations addressed to nobody': () => of(TYPE.INITIATION, INITIATION_BYTES),
      'that are responses and cookie replies': () =>
        random() < 0.5 ? of(TYPE.RESPONSE, RESPONSE_BYTES) : of(TYPE.COOKIE, COOKIE_REPLY_BYTES),
      'that are initiations addressed to us': () => {
        const bytes = of(TYPE.INITIATION, INITIATION_BYTES);
        bytes.fill(0, INITIATION_BYTES - MAC_BYTES);
        writeMac1(sodiumPrimitives, keys, bytes);
        return bytes;
      },
      'that pretend to have a cookie': () => {
        const bytes = of(TYPE.INITIATION, INITIATION_BYTES);
        writeMac1(sodiumPrimitives, keys, bytes);
        return bytes;
      },
    };
    // Some hundreds, over and over: what matters is where they come from.
    const some = Array.from({ length: 300 }, makers[kind]);
    return () => some[Math.floor(random() * some.length)];
  }

  /** From now until `untilUs`, strangers of `SOURCES` addresses send to a host `PER_SECOND` messages. */
  function flood(network: Network, victim: SimNode, kind: string, untilUs: number): void {
    const { world } = network.lan;
    const { random } = world;
    const message = messagesOf(kind, random, network.keys[victim.id].publicKey);
    const from = victim.sockets[0];
    const turn = (): void => {
      for (let n = 0; n < (PER_SECOND * EVERY_US) / SECOND; n++) {
        const source = integer(random, 0, SOURCES - 1);
        const address = [10 | (91 << 8) | ((source & 0xff) << 16) | ((source >> 8) << 24), 0, 0, 0];
        const stranger = { address, port: 1024 + (source % 50_000) };
        const target = victim.sockets[0];
        victim.arrive(target, { bytes: message(), from, source: stranger, target });
      }
      if (world.now < untilUs) world.at(world.now + EVERY_US, turn);
    };
    turn();
  }

  it.each([
    'of four bytes',
    'that are initiations addressed to nobody',
    'that are responses and cookie replies',
    'that are initiations addressed to us',
    'that pretend to have a cookie',
  ])('100,000 messages a second from 60,000 sources %s, to both ends, keep no peer out', (kind) =>
    withSeed((seed) => {
      const network = new Network(seed, { links: 1 }, undefined, 300);
      const { world, nodes } = network.lan;
      for (const node of nodes) flood(network, node, kind, 1.5 * SECOND);
      world.run(SECOND / 2);
      network.startAll();
      world.run(SECOND / 2);
      expect(network.linksUp(), JSON.stringify(nodes.map((node) => node.drops()))).toBe(2);
      network.planes[0].restart(1);
      world.run(SECOND / 2);
      expect(network.linksUp()).toBe(2);
      expect(network.planes.map(({ installed }) => installed >= 2)).toEqual([true, true]);
    }),
  );

  it('fill no place of friends: each lane has its own, and what is taken frees its place', () => {
    const publicKey = generateKeyPair(sodiumPrimitives).publicKey;
    const keys = new ReceiverKeys(sodiumPrimitives, publicKey);
    let taken = 0;
    const handed: Uint8Array[] = [];
    const replies: Uint8Array[] = [];
    const misaddressed: PathRef[] = [];
    const gate = new HandshakeGate(new HandshakeScreen(sodiumPrimitives, publicKey), {
      taken: () => taken,
      isKnown: ({ words, at }) => sameRemote(words, at, Int32Array.from(pathTo(200, 0)), 0),
      handOn: (bytes) => handed.push(bytes),
      reply: (bytes) => replies.push(bytes),
      misaddressed: (path) => misaddressed.push(path),
    });
    const from = (host: number) => ({ socket: 0, words: Int32Array.from(pathTo(host, 0)), at: 0 });
    const initiation = (index: number) => {
      const message = encodeInitiation(index, new Uint8Array(INITIATION_BYTES - 8 - 2 * MAC_BYTES));
      writeMac1(sodiumPrimitives, keys, message);
      return message;
    };
    // Strangers fill their own lane before there is load, then are asked for cookies.
    for (let index = 0; index < 1000; index++) gate.take(initiation(index), from(index % 50), 0);
    const strangers = handed.length;
    expect(strangers).toBeGreaterThan(0);
    expect(replies.length).toBe(1000 - strangers);
    // One who receives at its address gets in beside them.
    const friend = initiation(7);
    expect(gate.take(friend, from(99), 1)).toBe(DROP['handshake/cookie-demanded']);
    const cookie = openCookieReply(sodiumPrimitives, keys, replies[replies.length - 1], mac1Part(friend).mac);
    writeMac2(sodiumPrimitives, cookie!, friend);
    expect(gate.take(friend, from(98), 2)).toBe(DROP['handshake/cookie-demanded']);
    expect(gate.take(friend, from(99), 3)).toBe(HANDSHAKE_TAKEN);
    // Its next call waits for nothing while the first one still does.
    const impatient = initiation(9);
    writeMac2(sodiumPrimitives, cookie!, impatient);
    expect(gate.take(impatient, from(99), 3)).toBe(DROP['handshake/waits-already']);
    // So does one at the remote end of a link, without a cookie: it has not sent much.
    expect(gate.take(initiation(8), from(200), 3)).toBe(HANDSHAKE_TAKEN);
    // What is not addressed to us is told of, of strangers twice a second.
    const other = encodeInitiation(9, new Uint8Array(INITIATION_BYTES - 8 - 2 * MAC_BYTES));
    for (const host of [1, 2, 3, 200]) {
      expect(gate.take(other, from(host), 3)).toBe(DROP['handshake/mac1-wrong']);
    }
    expect(misaddressed.map(({ words }) => words)).toEqual([1, 2, 200].map((host) => pathTo(host, 0)));
    // Answers come in only if they were asked for, up to a limit of their own.
    const answer = (index: number) => encodeCookieReply(index, new Uint8Array(24), new Uint8Array(32));
    expect(gate.take(answer(5), from(99), 4)).toBe(DROP['handshake/not-asked-for']);
    gate.sending(initiation(5), 4);
    expect(gate.take(answer(5), from(99), 5)).toBe(HANDSHAKE_TAKEN);
    for (let n = 0; n < 1000; n++) gate.take(answer(5), from(99), 6);
    const full = handed.length;
    expect(full - strangers - 2).toBeLessThan(200);
    expect(gate.take(answer(5), from(99), 7)).toBe(DROP['handshake-queue-full']);
    taken = full;
    expect(gate.take(answer(5), from(99), 8)).toBe(HANDSHAKE_TAKEN);
    expect(gate.take(impatient, from(99), 9)).toBe(HANDSHAKE_TAKEN);
    expect(gate.take(answer(5), from(99), 4 + ATTEMPT_LIFETIME_US)).toBe(DROP['handshake/not-asked-for']);
  });

  it.each([
    { perSecond: 240, least: 200, most: 300 },
    { perSecond: 2000, least: 1500, most: 2048 },
  ])('have no part in the places of friends: of $perSecond taken in a second, so many', (expected) => {
    const publicKey = generateKeyPair(sodiumPrimitives).publicKey;
    const keys = new ReceiverKeys(sodiumPrimitives, publicKey);
    let taken = 0;
    const replies: Uint8Array[] = [];
    const gate = new HandshakeGate(new HandshakeScreen(sodiumPrimitives, publicKey), {
      taken: () => taken,
      isKnown: () => false,
      misaddressed: () => undefined,
      handOn: () => {},
      reply: (bytes) => replies.push(bytes),
    });
    const from = (host: number) => {
      const words = Int32Array.from(pathTo(1, 0));
      words[PATH.ADDR] = host;
      return { socket: 0, words, at: 0 };
    };
    /** Calls of `count` hosts that prove their addresses; returns how many may wait. */
    const call = (first: number, count: number, now: number): number => {
      let waiting = 0;
      for (let host = first; host < first + count; host++) {
        const message = encodeInitiation(host, new Uint8Array(INITIATION_BYTES - 8 - 2 * MAC_BYTES));
        writeMac1(sodiumPrimitives, keys, message);
        if (gate.take(message, from(host), now) !== DROP['handshake/cookie-demanded']) continue;
        const cookie = openCookieReply(sodiumPrimitives, keys, replies.at(-1)!, mac1Part(message).mac);
        writeMac2(sodiumPrimitives, cookie!, message);
        if (gate.take(message, from(host), now) === HANDSHAKE_TAKEN) waiting++;
      }
      return waiting;
    };
    call(0, 100, 0);
    expect(call(1000, 1000, SECOND / 2)).toBeLessThan(300);
    const { perSecond, least, most } = expected;
    let now = SECOND / 2;
    for (let round = 1; round <= 8; round++) {
      now += SECOND / 8;
      taken += perSecond / 8;
      call(2000 + 1000 * round, 1000, now);
    }
    taken += most;
    now += (most / perSecond) * SECOND;
    call(10_000, 1, now);
    const waiting = call(20_000, 2100, now);
    expect(waiting).toBeGreaterThan(least);
    expect(waiting).toBeLessThanOrEqual(most);
  });
});
