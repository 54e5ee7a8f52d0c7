/** Strangers on the underlay and wild frames on the TAP, against live daemons. */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Lab } from '../../scripts/lab/lab.js';
import { lanAddress } from '../../scripts/lab/mesh.js';
import { until } from '../../scripts/lab/run.js';
import type { PeerStatus } from '../../src/api/index.js';
import { ReceiverKeys, writeMac1 } from '../../src/crypto/cookie.js';
import {
  encodeInitiation,
  INITIATION_BYTES,
  MAC_BYTES,
  MESSAGE,
} from '../../src/crypto/handshake-messages.js';
import { parsePublicKey } from '../../src/crypto/keys.js';
import { sodiumPrimitives } from '../../src/crypto/sodium.js';
import { Flood } from './flood.js';
import { type Site, startSite, tellOnFailure } from './node.js';
import {
  BROADCAST,
  Capture,
  ethernet,
  type SeenFrame,
  sendDatagrams,
  sendFrames,
  sendSuperFrames,
  udpPayload,
} from './raw.js';
import { answered, labProblem, needsLab } from './support.js';

const ATTACKER = 3;
const PORT = 7700;
const ETHERTYPE = 0x88b5;
/** Failures are not the matter here: a busy machine shall not be taken for one. */
const TIMERS = { interval: 100, hold: 1000 };

let lab: Lab;
let site: Site | undefined;

/** Hosts 1 and 2 talk to each other; host 3 runs nothing and is no peer of theirs. Gives what host 1 saw of how they began. */
async function build(mtu = 1500): Promise<SeenFrame[]> {
  lab = await Lab.build({ hosts: 3, underlays: [{ family: 4 }] });
  const seen = await Capture.start(lab, 1, 'u1');
  const two = lab.hosts.slice(0, 2);
  site = await startSite(lab, () => ({ mtu, timers: TIMERS }), withoutAttacker, two);
  await site.nodes[0].waitPeer('h2');
  await site.nodes[1].waitPeer('h1');
  return seen.stop();
}

async function removeLab(): Promise<void> {
  site = undefined;
  await lab?.remove();
}

const withoutAttacker = (_: number, config: string): string =>
  config.replace(/^ peer h3\n[\s\S]*?\n exit\n/m, '');

beforeEach(needsLab);
afterEach((context) => tellOnFailure(context, site));

const isHandshake = (datagram: Buffer): boolean => datagram[0] !== MESSAGE.TRANSPORT;
const addressOf = (host: number): string => lab.attachment(host, 1).address;

/** Where an IPv4 frame of a capture goes. */
const target = (frame: Buffer): string => [...frame.subarray(30, 34)].join('.');

/** What went out in answer to a stranger, or as a handshake, which nobody had reason to begin. */
function answersAmong(frames: SeenFrame[]): string[] {
  return frames.flatMap(({ outgoing, bytes }) => {
    const payload = outgoing ? udpPayload(bytes) : null;
    if (payload === null || (!isHandshake(payload) && target(bytes) !== addressOf(ATTACKER))) return [];
    return [`to ${target(bytes)}: ${payload.toString('hex', 0, 8)}… (${payload.length} bytes)`];
  });
}

/** Datagrams that the kernel dropped because nobody took them in time. */
async function lostInKernel(): Promise<number> {
  const text = await lab.run(1, 'cat', ['/proc/net/snmp']);
  const [names, values] = text.split('\n').filter((line) => line.startsWith('Udp:'));
  return Number(values.split(' ')[names.split(' ').indexOf('RcvbufErrors')]);
}

/** A small generator with a seed, so that a failure can be run again. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe('strangers on the underlay', () => {
  let opening: SeenFrame[];

  beforeAll(async () => {
    if (!labProblem) opening = await build();
  });
  afterAll(removeLab);

  describe('a hundred thousand datagrams of a stranger', () => {
    const COUNT = 100_000;

    it('get no answer, harm nothing, and are counted one by one', async () => {
      const seen = await Capture.start(lab, 1, 'u1');
      const [victim] = site!.nodes;
      const flood = await Flood.start(lab, 2, lanAddress(1), 20);
      await flood.more(50);
      const caught = [...opening, ...seen.frames()];
      const towards = (host: number): Buffer[] =>
        caught
          .filter(({ bytes }) => bytes.length > 42 && target(bytes) === addressOf(host))
          .map(({ bytes }) => udpPayload(bytes))
          .filter((found) => found !== null);
      const [given, taken] = [towards(2), towards(1)];
      const transports = taken.filter((datagram) => !isHandshake(datagram));
      expect(taken.some(isHandshake) && given.some(isHandshake) && transports.length > 50).toBe(true);

      const seed = Date.now() % 1_000_000;
      console.log(`seed ${seed}`);
      const below = generator(seed);
      const one = (from: Buffer[]): Buffer => from[below(from.length)];
      const noise = randomBytes(4096);
      const makers: (() => Buffer)[] = [
        () => Buffer.from(noise.subarray(below(2048)).subarray(0, below(300))),
        // Random bytes after a header that looks right.
        () =>
          Buffer.concat([
            one(taken).subarray(0, below(17)),
            noise.subarray(below(2048)).subarray(0, below(300)),
          ]),
        // Cut short.
        () => {
          const whole = one(taken);
          return whole.subarray(0, below(whole.length));
        },
        // A bit flipped; in a handshake not within MAC2, which is not looked at while there is no load.
        () => {
          const copy = Buffer.from(one(taken));
          const bits = (copy.length - (isHandshake(copy) ? MAC_BYTES : 0)) * 8;
          const bit = below(bits);
          copy[bit >> 3] ^= 1 << (bit & 7);
          return copy;
        },
        // Replayed, and reflected to where it came from.
        () => one(transports),
        () => one(given),
      ];
      const hostile = Array.from({ length: COUNT }, () => makers[below(makers.length)]());

      await victim.call('clear.counters', {});
      const before = { lost: await lostInKernel(), seen: seen.frames().length };
      const [session] = await victim.json<PeerStatus[]>('show peers');
      // Half claim to be the peer itself, by its own address and port.
      const rate = { to: addressOf(1), toPort: PORT, perSecond: 25_000 };
      const halves = [hostile.slice(0, COUNT / 2), hostile.slice(COUNT / 2)];
      await sendDatagrams(lab, ATTACKER, { ...rate, from: addressOf(ATTACKER), fromPort: 9 }, halves[0]);
      await sendDatagrams(lab, ATTACKER, { ...rate, from: addressOf(2), fromPort: PORT }, halves[1]);

      const lost = (await lostInKernel()) - before.lost;
      const counted = async () => (await victim.drops()) + lost;
      await until('every datagram to be counted', async () => (await counted()) >= COUNT, 10_000);
      expect(await counted()).toBe(COUNT);

      const since = (await seen.stop()).slice(before.seen);
      expect(answersAmong(since)).toEqual([]);

      const [now] = await victim.json<PeerStatus[]>('show peers');
      expect(now.session?.establishedSecondsAgo).toBeGreaterThanOrEqual(
        session.session!.establishedSecondsAgo,
      );
      expect(now.links[0]).toMatchObject({ state: 'up', remote: `${addressOf(2)}:${PORT}`, transitions: 0 });
      expect(victim.log()).not.toMatch(/"level":[56]0/);
      expect(await flood.end()).toMatchObject({ lost: 0, duplicated: 0 });
    });

    it('that replay whole handshakes get no answer either', async () => {
      const [victim] = site!.nodes;
      const handshakes = opening
        .filter(({ outgoing, bytes }) => !outgoing && bytes.length > 42)
        .map(({ bytes }) => udpPayload(bytes))
        .filter((found): found is Buffer => found !== null && isHandshake(found));
      expect(handshakes.length).toBeGreaterThan(0);
      const replays = Array.from({ length: 100 }, (_, index) => handshakes[index % handshakes.length]);
      const wire = await Capture.start(lab, 1, 'u1');
      await victim.call('clear.counters', {});
      for (const [from, fromPort] of [
        [addressOf(ATTACKER), 9],
        [addressOf(2), PORT],
      ] as const) {
        await sendDatagrams(
          lab,
          ATTACKER,
          { from, fromPort, to: addressOf(1), toPort: PORT, perSecond: 100 },
          replays,
        );
      }
      await until('every replay to be counted', async () => (await victim.drops()) >= 200, 10_000);
      expect(await victim.drops()).toBe(200);
      expect(answersAmong(await wire.stop())).toEqual([]);
      expect((await victim.json<PeerStatus[]>('show peers'))[0].state).toBe('up');
    });
  });

  describe('a flood of initiations from everywhere', () => {
    const PER_SECOND = 5_000;

    /** Initiations that are rightly addressed, as anybody can make who knows the public key. */
    function initiations(publicKey: string, count: number): Buffer[] {
      const keys = new ReceiverKeys(sodiumPrimitives, parsePublicKey(publicKey));
      return Array.from({ length: count }, (_, index) => {
        const message = encodeInitiation(index, randomBytes(INITIATION_BYTES - 8 - 2 * MAC_BYTES));
        writeMac1(sodiumPrimitives, keys, message);
        return Buffer.from(message);
      });
    }

    it('delays no frame, and keeps no peer from coming in', async () => {
      const [victim, peer] = site!.nodes;
      const { publicKey } = site!.keys[0];
      const route = { from: 'any', fromPort: 0, to: addressOf(1), toPort: PORT, perSecond: PER_SECOND };
      const flood = await Flood.start(lab, 2, lanAddress(1));
      await sendDatagrams(lab, ATTACKER, route, initiations(publicKey, 2 * PER_SECOND));
      expect(await flood.end()).toMatchObject({ lost: 0, duplicated: 0 });
      expect(await victim.drops('handshake/cookie-demanded')).toBeGreaterThan(0);

      const storm = sendDatagrams(lab, ATTACKER, route, initiations(publicKey, 3 * PER_SECOND));
      await until(
        'the storm to rise',
        async () => (await victim.drops('handshake/cookie-demanded')) > 0,
        10_000,
      );
      await peer.cli('clear peer h1');
      await peer.waitPeer('h1');
      await victim.waitPeer('h2');
      await storm;
      expect(await answered(lab.hosts[1].namespace, lanAddress(1))).toBe(3);
    });
  });

  describe('a flood of handshakes to both ends', () => {
    const PER_SECOND = 2_500;
    const SECONDS = 6;

    it.each(['of four bytes', 'of whole initiations to nobody'])(
      '%s keeps no session from being made',
      async (kind) => {
        const [one, other] = site!.nodes;
        for (const node of site!.nodes) await node.call('clear.counters', {});
        const message = () => {
          const bytes = randomBytes(kind === 'of four bytes' ? 4 : INITIATION_BYTES);
          bytes.set([MESSAGE.INITIATION, 0, 0, 0]);
          return bytes;
        };
        const storms = [1, 2].map((host) =>
          sendDatagrams(
            lab,
            ATTACKER,
            { from: 'any', fromPort: 0, to: addressOf(host), toPort: PORT, perSecond: PER_SECOND },
            Array.from({ length: SECONDS * PER_SECOND }, message),
          ),
        );
        const risen = async () => {
          const counts = await Promise.all(site!.nodes.map((node) => node.drops()));
          return counts.every((count) => count > PER_SECOND / 2);
        };
        await until('the storm to rise', risen, 10_000);
        await one.cli('clear peer h2');
        await one.waitPeer('h2');
        await other.waitPeer('h1');
        expect(await answered(lab.hosts[1].namespace, lanAddress(1))).toBe(3);
        expect(await one.drops('handshake-queue-full')).toBe(0);
        await Promise.all(storms);
      },
    );
  });
});

describe('frames of every size on the TAP', () => {
  const HEADER = 14;
  afterEach(removeLab);

  it('arrive as they were, up to 65,535 bytes over a path of 1,500', async () => {
    await build(65_521);
    const seen = await Capture.start(lab, 2, 'octo0');
    const below = generator(1);
    const sizes = Array.from({ length: 100 }, (_, size) => size);
    for (let size = 100; size < 65_535; size += 100 + below(300)) sizes.push(size);
    sizes.push(1499, 1500, 1501, 1514, 1515, 9014, 32_767, 32_768, 65_534, 65_535);
    const noise = randomBytes(1 << 17);
    const frames = sizes.map((size) => {
      const header = ethernet(BROADCAST, '02:00:00:00:00:09', ETHERTYPE, Buffer.alloc(0));
      return Buffer.concat([header, noise.subarray(below(65_536)).subarray(0, size)]).subarray(0, size);
    });
    const whole = frames.filter((frame) => frame.length >= HEADER);
    for (let at = 0; at < frames.length; at += 40) {
      const some = frames.slice(at, at + 40);
      const expected = some.filter((frame) => frame.length >= HEADER);
      // The kernel itself refuses what is shorter than a header.
      expect(await sendFrames(lab, 1, 'octo0', some)).toBe(expected.length);
      const goal = frames.slice(0, at + 40).filter((frame) => frame.length >= HEADER).length;
      await seen.until(`${goal} frames to arrive`, goal, ours);
    }
    const got = (await seen.stop()).filter(ours).map(({ bytes }) => bytes);
    expect(got.length).toBe(whole.length);
    const arrived = new Set(got.map((bytes) => bytes.toString('latin1')));
    expect(
      whole.filter((frame) => !arrived.has(frame.toString('latin1'))).map(({ length }) => length),
    ).toEqual([]);
  });

  function ours({ outgoing, bytes }: { outgoing: boolean; bytes: Buffer }): boolean {
    return !outgoing && bytes.readUInt16BE(12) === ETHERTYPE;
  }

  it('with any virtio header that the kernel lets through do no harm', async () => {
    await build(9000);
    const below = generator(2);
    const noise = randomBytes(1 << 16);
    const frames = Array.from({ length: 3000 }, () => {
      const header = Buffer.alloc(10);
      header[0] = below(2); // checksum to be completed
      header[1] = [0, 1, 3, 4, 5, 0x81][below(6)]; // kind of segmentation
      header.writeUInt16LE(below(200), 2);
      header.writeUInt16LE(below(3000), 4);
      header.writeUInt16LE(below(200), 6);
      header.writeUInt16LE(below(30), 8);
      const ip = Buffer.from(
        `45000${below(4096).toString(16).padStart(3, '0')}0000400040${['06', '11', '01'][below(3)]}`,
        'hex',
      );
      const body = noise.subarray(below(32_768)).subarray(0, 60 + below(8000));
      return Buffer.concat([
        header,
        ethernet(BROADCAST, '02:00:00:00:00:09', 0x0800, Buffer.concat([ip, body])),
      ]);
    });
    expect(await sendSuperFrames(lab, 1, 'octo0', frames)).toBeGreaterThan(100);
    expect(await answered(lab.hosts[0].namespace, lanAddress(2), 20)).toBe(20);
    for (const node of site!.nodes) {
      expect(node.daemon.running).toBe(true);
      expect(node.log()).not.toMatch(/"level":[56]0/);
      expect((await node.call('show.interfaces', {}))[0].workerAlive).toBe(true);
    }
  });
});
