/** Messages about links whose fields are at their edges, by the thousand, against a host with state of every kind behind them. */
import { describe, expect, it } from 'vitest';
import { STATE } from '../../src/contract/link-states.js';
import { PARITY_AUTO } from '../../src/datapath/send/parity.js';
import { KIND, LANE_STREAM, STREAMS, TYPE } from '../../src/wire/header.js';
import {
  DRAINS,
  HEARS_YOU,
  HEARTBEAT,
  SENDS_NOTHING,
  STANDBY,
  WANTS_REPORTS,
} from '../../src/wire/heartbeat.js';
import { MTU_PROBE } from '../../src/wire/mtu-probe.js';
import { GAP, MAX_GAPS, NACK } from '../../src/wire/nack.js';
import { NOTICE, NOTICE_CODE } from '../../src/wire/notice.js';
import { OWN_ADDRESS } from '../../src/wire/own-address.js';
import { PARITY } from '../../src/wire/parity.js';
import { PATH_CHECK } from '../../src/wire/path-check.js';
import { RELAY } from '../../src/wire/relay.js';
import { REPORT } from '../../src/wire/report.js';
import { deliver, impersonate, type Sealer } from '../sim/hostile.js';
import { Lan, linkRow, relayName } from '../sim/lan.js';
import type { SimNode } from '../sim/node.js';
import { integer, withSeed } from '../sim/random.js';
import { Stream } from '../sim/stream.js';
import { MILLISECOND, SECOND, World } from '../sim/world.js';

const LINKS = 2;
const MESSAGES = 20_000;
const EDGES_64 = [
  0n,
  1n,
  100_000n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 48n,
  2n ** 52n,
  2n ** 53n + 1n,
  2n ** 64n - 1n,
];

type Random = () => number;

function one<T>(random: Random, list: readonly T[]): T {
  return list[integer(random, 0, list.length - 1)];
}

function edge32(random: Random): number {
  return one(random, [0, 1, 255, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, integer(random, 0, 2 ** 32 - 1)]);
}

/** A link that there is, mostly, so that the message gets past the first check. */
function anyLink(random: Random): number {
  return one(random, [0, 0, 0, 1, 1, 1, 7, 8, 255]);
}

function heartbeat(random: Random): Uint8Array {
  const body = new Uint8Array(HEARTBEAT.BYTES);
  const view = new DataView(body.buffer);
  const flags = [
    HEARS_YOU,
    HEARS_YOU,
    HEARS_YOU | WANTS_REPORTS,
    0,
    HEARS_YOU | DRAINS,
    HEARS_YOU | STANDBY,
    SENDS_NOTHING,
    0xff,
  ];
  body[0] = KIND.HEARTBEAT;
  body[HEARTBEAT.LINK] = anyLink(random);
  body[HEARTBEAT.FLAGS] = one(random, flags);
  body[HEARTBEAT.LANE_LINKS] = one(random, [0, 1, 3, 255]);
  view.setUint16(HEARTBEAT.INTERVAL_MS, one(random, [0, 1, 10, 65_535]));
  view.setUint16(HEARTBEAT.HOLD_MS, one(random, [0, 1, 30, 65_535]));
  for (const field of ['SENT_AT', 'ECHO', 'ECHO_DELAY', 'SENT', 'ARRIVED', 'ECHO_SENT', 'COPIES'] as const)
    view.setUint32(HEARTBEAT[field], edge32(random));
  view.setBigUint64(HEARTBEAT.ACKNOWLEDGED, one(random, EDGES_64));
  view.setBigUint64(HEARTBEAT.DELIVERED, one(random, EDGES_64));
  view.setUint16(HEARTBEAT.LARGEST, one(random, [0, 1, 1500, 65_535]));
  view.setUint16(HEARTBEAT.TAP_MTU, one(random, [0, 1, 1500, 65_535]));
  return body;
}

function report(random: Random): Uint8Array {
  const body = new Uint8Array(REPORT.BYTES);
  const view = new DataView(body.buffer);
  body[0] = KIND.REPORT;
  body[REPORT.LINK] = anyLink(random);
  view.setUint32(REPORT.DATAGRAMS, edge32(random));
  view.setUint32(REPORT.RECEIVED_AT, edge32(random));
  for (const field of ['RECEIVED', 'ACKNOWLEDGED', 'LANE'] as const)
    view.setBigUint64(REPORT[field], one(random, EDGES_64));
  return body;
}

function notice(random: Random): Uint8Array {
  const body = new Uint8Array(NOTICE.BYTES);
  const view = new DataView(body.buffer);
  body[0] = KIND.NOTICE;
  body[NOTICE.CODE] = one(random, [
    NOTICE_CODE.LINK_DOWN,
    NOTICE_CODE.LINK_DOWN,
    NOTICE_CODE.GOODBYE,
    0,
    255,
  ]);
  body[NOTICE.LINK] = anyLink(random);
  view.setBigUint64(NOTICE.ACKNOWLEDGED, one(random, EDGES_64));
  view.setBigUint64(NOTICE.LANE, one(random, EDGES_64));
  return body;
}

/** Near the counters that this sender uses, so that it names what was kept. */
function parity(random: Random, counter: number): Uint8Array {
  const body = new Uint8Array(PARITY.BYTES + one(random, [0, 1, 16, 17, 20, 54, 86, 1400]));
  const view = new DataView(body.buffer);
  body[PARITY.KIND] = KIND.PARITY;
  body[PARITY.STREAM] = one(random, [0, 0, 1, LANE_STREAM, STREAMS, 255]);
  view.setUint16(PARITY.LENGTHS, one(random, [0, 52, 70, 86, 65_535]));
  view.setUint32(PARITY.MASK, one(random, [0, 1, 2, 3, 7, 0xff, 0xffff_ffff, edge32(random)]));
  const near = BigInt(counter - integer(random, 0, 8));
  view.setBigUint64(PARITY.FIRST, random() < 0.8 ? near : one(random, EDGES_64));
  return body;
}

function probe(random: Random): Uint8Array {
  const body = new Uint8Array(one(random, [MTU_PROBE.BYTES, MTU_PROBE.BYTES, 7, 1252, 1452, 1500]));
  body[0] = KIND.MTU_PROBE;
  body[MTU_PROBE.LINK] = anyLink(random);
  body[MTU_PROBE.REPLY] = one(random, [0, 1, 1, 255]);
  if (body.length < MTU_PROBE.BYTES) return body;
  const view = new DataView(body.buffer);
  view.setUint16(MTU_PROBE.ID, one(random, [0, 1, 2, 3, 4, 5, 8, 65_535]));
  view.setUint16(MTU_PROBE.SIZE, one(random, [0, 1, 1280, 1500, 9000, 65_535]));
  return body;
}

function pathCheck(random: Random): Uint8Array {
  const body = new Uint8Array(one(random, [PATH_CHECK.BYTES, PATH_CHECK.BYTES, 3, 11, 13, 200]));
  for (let at = 0; at < body.length; at++) body[at] = random() * 256;
  body[0] = one(random, [KIND.PATH_CHECK, KIND.PATH_ANSWER]);
  body[PATH_CHECK.LINK] = anyLink(random);
  return body;
}

function ownAddress(random: Random): Uint8Array {
  const body = new Uint8Array(one(random, [OWN_ADDRESS.BYTES, OWN_ADDRESS.BYTES, 4, 19, 21, 200]));
  for (let at = 0; at < body.length; at++) body[at] = random() * 256;
  body[0] = KIND.OWN_ADDRESS;
  body[OWN_ADDRESS.LINK] = anyLink(random);
  body[OWN_ADDRESS.FAMILY] = one(random, [4, 6, 4, 6, 0, 5, 255]);
  return body;
}

/** Handed on to others, to nobody and to ourselves; what is inside is a datagram of any type, or a relayed one again. */
function relayed(random: Random): Uint8Array {
  const body = new Uint8Array(RELAY.BYTES + one(random, [0, 1, 4, 32, 33, 148, 400, 1400]));
  for (let at = 0; at < body.length; at++) body[at] = random() * 256;
  body[RELAY.KIND] = one(random, [KIND.RELAY, KIND.RELAYED]);
  const view = new DataView(body.buffer);
  const name = relayName(integer(random, 0, 3));
  view.setUint16(RELAY.NAME, Math.floor(name / 2 ** 32));
  view.setUint32(RELAY.NAME + 2, name % 2 ** 32);
  if (body.length > RELAY.BYTES)
    body[RELAY.BYTES] = one(random, [...Object.values(TYPE), KIND.RELAY, 0, 0xff]);
  return body;
}

/** Gaps anywhere; sometimes fewer of them than it says. */
function nack(random: Random): Uint8Array {
  const gaps = integer(random, 0, MAX_GAPS + 1);
  const body = new Uint8Array(NACK.BYTES + GAP.BYTES * integer(random, Math.max(0, gaps - 1), gaps));
  const view = new DataView(body.buffer);
  body[0] = KIND.NACK;
  body[NACK.GAPS] = gaps;
  view.setBigUint64(NACK.FROM, one(random, [0n, 0n, 1n, ...EDGES_64]));
  for (let at = NACK.BYTES; at < body.length; at += GAP.BYTES) {
    view.setUint16(at + GAP.AFTER, one(random, [0, 0, 1, 65_535]));
    view.setUint16(at + GAP.DATAGRAMS, one(random, [0, 1, 8192, 65_535]));
  }
  return body;
}

interface Attack {
  lan: Lan;
  victim: SimNode;
  attacker: SimNode;
  friend: SimNode;
  sealer: Sealer;
}

/** A victim that stripes, sends parity and wants reports; the attacker's own daemon goes on, so that there is state to spoil. */
function prepare(seed: number): Attack {
  const world = new World(seed);
  const lan = new Lan(world, { hosts: 3, links: LINKS, policy: 'adaptive' });
  const [victim, attacker, friend] = lan.nodes;
  for (let link = 0; link < LINKS; link++) {
    lan.configureLink(victim, attacker.id, link, { parity: PARITY_AUTO });
    lan.configureLink(attacker, victim.id, link, { parity: 4 });
  }
  world.run(200 * MILLISECOND);
  return { lan, victim, attacker, friend, sealer: impersonate(lan, attacker, victim) };
}

const MAKERS: Record<string, (random: Random, counter: number) => Uint8Array> = {
  REPORT: report,
  PARITY: parity,
  NOTICE: notice,
  HEARTBEAT: heartbeat,
  MTU_PROBE: probe,
  'PATH_CHECK and PATH_ANSWER': pathCheck,
  OWN_ADDRESS: ownAddress,
  'RELAY and RELAYED': relayed,
  NACK: nack,
  'all of them': (random, counter) =>
    one(random, [report, parity, notice, heartbeat, probe, pathCheck, ownAddress, relayed, nack])(
      random,
      counter,
    ),
};

describe(`${MESSAGES} messages with fields at their edges`, () => {
  for (const [name, make] of Object.entries(MAKERS)) {
    it(`${name}: no crash, no frame that a kernel refuses, nothing lost between others, and an end to it`, () =>
      withSeed((seed) => {
        const { lan, victim, attacker, friend, sealer } = prepare(seed);
        const { world } = lan;
        const { random } = world;
        const between = new Stream(world, friend, victim, 500);
        const towards = new Stream(world, victim, attacker, 700);
        world.run(20 * MILLISECOND);
        for (let number = 0; number < MESSAGES; number++) {
          const network = integer(random, 0, LINKS - 1);
          // The lane is for frames; a message that comes by it is of no known kind.
          const stream = random() < 0.95 ? network : integer(random, 0, STREAMS - 1);
          const datagram = sealer.seal(stream, make(random, 100_000 + Math.floor(number / LINKS)));
          deliver(victim, attacker.sockets[network], datagram, network);
          if (number % 32 === 0) world.run(300);
        }
        between.stop();
        towards.stop();
        world.run(50 * MILLISECOND);
        expect(victim.tap.refused).toEqual([]);
        expect(between.report()).toMatchObject({ lost: 0, duplicated: 0 });
        for (let link = 0; link < LINKS; link++)
          expect(victim.linkGauge(linkRow(friend.id, link), 'state')).toBe(STATE.UP);
        const gauges = [...victim.engine.stats.interface, ...victim.engine.stats.links];
        expect(gauges.filter((value) => Number.isNaN(value))).toEqual([]);

        // A new session, as after a restart of the attacker: what it had said binds nobody.
        lan.rekey(victim, attacker);
        world.run(2 * SECOND);
        const again = new Stream(world, attacker, victim, 500);
        world.run(100 * MILLISECOND);
        again.stop();
        world.run(400 * MILLISECOND);
        expect(again.report()).toMatchObject({ lost: 0, duplicated: 0 });
      }));
  }
});
