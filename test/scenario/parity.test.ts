import { describe, expect, it } from 'vitest';
import { PARITY_AUTO, PARITY_OFF } from '../../src/datapath/send/parity.js';
import { KIND, STREAMS } from '../../src/wire/header.js';
import { cut } from '../sim/cuts.js';
import { delay } from '../sim/hops/delay.js';
import { loss } from '../sim/hops/loss.js';
import { reorder } from '../sim/hops/reorder.js';
import { deliver, impersonate } from '../sim/hostile.js';
import { Lan, linkRow } from '../sim/lan.js';
import { withSeed } from '../sim/random.js';
import { Stream, type StreamReport } from '../sim/stream.js';
import { MILLISECOND, SECOND, World } from '../sim/world.js';

const PERIOD_US = 500;

function start(seed: number, parity: number, lossShare: number, links = 1): Lan {
  const lan = new Lan(new World(seed), { hosts: 2, links });
  const { world, nodes } = lan;
  const [a, b] = nodes;
  lan.configureLink(a, 1, 0, { parity, holdUs: SECOND });
  lan.configureLink(b, 0, 0, { parity, holdUs: SECOND });
  world.wire(a, b, 0).hops = [loss(lossShare, world.random), delay(5 * MILLISECOND)];
  world.wire(b, a, 0).hops = [loss(lossShare, world.random), delay(5 * MILLISECOND)];
  world.run(2 * SECOND);
  return lan;
}

function streamOf(lan: Lan, payloadBytes = 300): StreamReport {
  const { world, nodes } = lan;
  const stream = new Stream(world, nodes[0], nodes[1], PERIOD_US, payloadBytes);
  world.run(4 * SECOND);
  stream.stop();
  world.run(100 * MILLISECOND);
  return stream.report();
}

function lostShare({ lost, sent }: StreamReport): number {
  return lost / sent;
}

/** What is left when of a group and its parity two or more are lost, of which the group's own count. */
function expectedShare(group: number, p: number): number {
  // A datagram stays lost when it and at least one other of group and parity are.
  return p * (1 - (1 - p) ** group);
}

describe('forward error correction', () => {
  for (const [group, p] of [
    [2, 0.1],
    [5, 0.03],
    [10, 0.01],
    [20, 0.01],
  ]) {
    it(`groups of ${group} at ${p * 100} % loss: as little is left as arithmetic says, nothing twice`, () =>
      withSeed((seed) => {
        const lan = start(seed, group, p);
        const report = streamOf(lan);
        expect(report.duplicated).toBe(0);
        expect(lostShare(report)).toBeLessThan(expectedShare(group, p) * 1.6 + 0.002);
        expect(lan.nodes[1].counter('repairedDatagrams')).toBeGreaterThan(0);
        expect(lan.nodes[1].drops()).not.toHaveProperty('forged');
      }));
  }

  it('without it the loss is the path’s', () =>
    withSeed((seed) => {
      const lan = start(seed, PARITY_OFF, 0.03);
      expect(lostShare(streamOf(lan))).toBeGreaterThan(0.02);
      expect(lan.nodes[0].counter('parityDatagrams')).toBe(0);
    }));

  it('`auto` sends nothing more over a clean path, and keeps most of what a lossy one would lose', () =>
    withSeed((seed) => {
      const clean = start(seed, PARITY_AUTO, 0);
      streamOf(clean);
      expect(clean.nodes[0].counter('parityDatagrams')).toBe(0);
      const lossy = start(seed, PARITY_AUTO, 0.02);
      expect(lostShare(streamOf(lossy))).toBeLessThan(0.006);
      const perDatagram = lossy.nodes[0].counter('parityDatagrams') / (4 * SECOND) / (1 / PERIOD_US);
      expect(perDatagram).toBeLessThan(0.5);
    }));

  it('parity of the largest datagrams fits the path', () =>
    withSeed((seed) => {
      const lan = start(seed, 4, 0.03);
      expect(lostShare(streamOf(lan, 1380))).toBeLessThan(expectedShare(4, 0.03) * 1.6 + 0.002);
      expect(lan.nodes[0].drops()).not.toHaveProperty('tx-too-big');
    }));

  it('does not hide the loss from measurement', () =>
    withSeed((seed) => {
      const lan = start(seed, 4, 0.05);
      streamOf(lan);
      expect(lan.nodes[0].linkGauge(linkRow(1, 0), 'lossOutPermille')).toBeGreaterThan(20);
    }));

  it('on a path that overtakes, nothing comes twice or wrong', () =>
    withSeed((seed) => {
      const lan = start(seed, 4, 0.05);
      const { world, nodes } = lan;
      world.wire(nodes[0], nodes[1], 0).hops.push(reorder(0.2, 3 * MILLISECOND, world.random));
      const report = streamOf(lan);
      expect(report.duplicated).toBe(0);
      // A parity that comes before one of its group finds two missing: less is kept, but something is.
      expect(lostShare(report)).toBeLessThan(0.04);
      expect(nodes[1].drops()).not.toHaveProperty('forged');
    }));

  it('new sessions, a cut and a link taken away in the middle lose nothing more', () =>
    withSeed((seed) => {
      const lan = start(seed, 3, 0, 2);
      const { world, nodes } = lan;
      const [a, b] = nodes;
      const stream = new Stream(world, a, b, PERIOD_US, 300);
      for (let round = 0; round < 5; round++) {
        world.run(100 * MILLISECOND);
        lan.rekey(a, b);
      }
      cut(world, 'carrier near', a, b, 0);
      world.run(100 * MILLISECOND);
      a.command({ kind: 'link-remove', peer: 1, id: 0 });
      world.run(100 * MILLISECOND);
      stream.stop();
      world.run(100 * MILLISECOND);
      expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
    }));
});

describe('parity from a hostile peer', () => {
  it('of any content brings nothing false back and breaks nothing', () =>
    withSeed((seed) => {
      const lan = start(seed, 4, 0.05);
      const { world, nodes } = lan;
      const [a, b] = nodes;
      const sealer = impersonate(lan, a, b);
      const socket = a.sockets[0];
      streamOf(lan);
      const written = b.tap.refused.length;
      const random = (below: number): number => Math.floor(world.random() * below);
      for (let round = 0; round < 2000; round++) {
        const body = Uint8Array.from({ length: 1 + random(300) }, () => random(256));
        body[0] = KIND.PARITY;
        if (body.length > 16) {
          body[1] = random(STREAMS);
          // Counters that the memory knows, so that something is made of them.
          new DataView(body.buffer).setUint32(8, 0);
          new DataView(body.buffer).setUint32(12, 8000 + random(200));
        }
        deliver(b, socket, sealer.seal(0, body));
        world.run(100);
      }
      expect(b.drops().malformed).toBeGreaterThan(0);
      expect(b.tap.refused).toHaveLength(written);
      expect(streamOf(lan).duplicated).toBe(0);
    }));
});
