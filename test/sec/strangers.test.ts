import { describe, expect, it } from 'vitest';
import { AEAD } from '../../src/native/ops.js';
import { OUTER, TYPE } from '../../src/wire/header.js';
import { quickAead, realAead } from '../sim/aead.js';
import type { Endpoint } from '../sim/endpoint.js';
import { EXPERIMENTAL, ethernet, stationOf, withVirtio } from '../sim/frames.js';
import type { Datagram } from '../sim/hop.js';
import { eavesdrop } from '../sim/hops/eavesdrop.js';
import { deliver, dropped, eventsOf } from '../sim/hostile.js';
import { Lan } from '../sim/lan.js';
import type { SimNode } from '../sim/node.js';
import { integer, randomBytes, withSeed } from '../sim/random.js';
import { MILLISECOND, World } from '../sim/world.js';

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
  victim.command({ kind: 'clear-counters' });
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

  it('handshake messages wait for the control thread up to a limit, then are dropped', () =>
    withSeed((seed) => {
      const siege = besiege(seed);
      const { lan, victim, stranger } = siege;
      for (let number = 0; number < 1000; number++) {
        const bytes = randomBytes(lan.world.random, 148);
        bytes[0] = TYPE.INITIATION;
        deliver(victim, stranger, bytes);
      }
      lan.world.run(MILLISECOND);
      expect(eventsOf(victim, 'handshake')).toHaveLength(256);
      expect(victim.drop('handshake-queue-full')).toBe(744);
    }));
});
