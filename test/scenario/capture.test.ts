/** Captures in simulated time: what is seen at each point, and that seeing changes nothing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CAPTURE_POINTS, type CapturePoint, SEALED_POINTS } from '../../src/api/index.js';
import {
  CaptureRing,
  type CaptureSettings,
  PACKET,
  type Packet,
  POINT,
  VERDICT,
} from '../../src/contract/capture.js';
import { DROP } from '../../src/contract/drops.js';
import { compileFilter } from '../../src/daemon/observe/capture-filter.js';
import { framesOf } from '../../src/daemon/observe/packet-forms.js';
import { VNET_HEADER } from '../../src/native/ops.js';
import { OUTER } from '../../src/wire/header.js';
import { ethernet, stationOf, withVirtio } from '../sim/frames.js';
import { deliver } from '../sim/hostile.js';
import { kernelFrames } from '../sim/kernel-frames.js';
import { Lan } from '../sim/lan.js';
import type { SimNode } from '../sim/node.js';
import { resegment } from '../sim/resegment.js';
import { MILLISECOND, World } from '../sim/world.js';

const SNAP = 262_144;
const TO_ALL = ethernet(stationOf(1), stationOf(0), 0x88b5, new Uint8Array(60).fill(9));

function start(): Lan {
  const lan = new Lan(new World(1), { hosts: 2, links: 1, intervalMs: 1000, holdMs: 3000 });
  lan.world.run(100 * MILLISECOND);
  return lan;
}

let lastId = 0;

function capture(node: SimNode, points: CapturePoint[], wish: Partial<CaptureSettings> = {}) {
  const ring = CaptureRing.make(1 << 20);
  const set = points.reduce((sum, name) => sum | (1 << POINT[name]), 0);
  const settings = { points: set, peer: -1, link: -1, filter: null, snap: SNAP, whole: false, ...wish };
  node.command({ kind: 'capture', id: ++lastId, ring: ring.buffer, ...settings });
  return {
    missed: (point: CapturePoint) => ring.takeMissed(POINT[point]),
    take(): Packet[] {
      const packets: Packet[] = [];
      for (let next = ring.read(); next !== undefined; next = ring.read()) packets.push(next);
      return packets;
    },
  };
}

const at = (packets: Packet[], point: CapturePoint) => packets.filter((one) => one.point === POINT[point]);
/** Bytes as text, which is compared faster. */
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const cut = (packets: Packet[]) =>
  packets.flatMap((packet) => framesOf(packet, false, SNAP).map(({ bytes }) => text(bytes)));

describe('a capture', () => {
  it('sees a frame at every point that it passes, and a datagram at each end of the link', () => {
    const lan = start();
    const [from, to] = lan.nodes;
    const sent = capture(from, [...CAPTURE_POINTS]);
    const received = capture(to, [...CAPTURE_POINTS]);
    from.fromKernel(withVirtio(TO_ALL));
    lan.world.run(10 * MILLISECOND);
    const out = sent.take();
    expect(out.map(({ point }) => CAPTURE_POINTS[point])).toEqual([
      'tap-in',
      'switch',
      'peer-out',
      'link-out',
    ]);
    const incoming = received.take();
    expect(incoming.map(({ point }) => CAPTURE_POINTS[point])).toEqual([
      'link-in',
      'peer-in',
      'switch',
      'tap-out',
    ]);
    for (const packet of [...out.slice(0, 3), ...incoming.slice(1)]) expect(packet.bytes).toEqual(TO_ALL);
    expect(out[1]).toMatchObject({ verdict: VERDICT.FLOOD, isOut: true });
    expect(out[2]).toMatchObject({ peer: 1, link: 0, isOut: true });
    expect(incoming[2]).toMatchObject({ peer: 0, verdict: VERDICT.TAP, isOut: false });
    expect(out[3]).toMatchObject({ packet: PACKET.SEALED, peer: 1, link: 0, localPort: 7700 });
    // The same sealed bytes at both ends.
    expect(out[3].bytes).toEqual(incoming[0].bytes);
    expect(Buffer.from(out[3].bytes).includes(Buffer.from(TO_ALL.subarray(14)))).toBe(false);
    expect(incoming[0].place[1]).toBe(from.sockets[0].port);
  });

  it('cuts super-frames into the frames that the other side is given', () => {
    const lan = start();
    const [from, to] = lan.nodes;
    const sent = capture(from, ['tap-in', 'peer-out']);
    const received = capture(to, ['peer-in', 'tap-out']);
    fc.assert(
      fc.property(fc.array(kernelFrames(20_000), { minLength: 1, maxLength: 4 }), (frames) => {
        to.tap.take();
        from.fromKernel(...frames.map(({ record }) => record));
        lan.world.run(10 * MILLISECOND);
        const arrived = to.tap.take().flatMap(resegment).map(text);
        const out = sent.take();
        const incoming = received.take();
        expect(cut(at(out, 'peer-out'))).toEqual(arrived);
        expect(cut(at(incoming, 'peer-in'))).toEqual(arrived);
        expect(cut(at(incoming, 'tap-out'))).toEqual(arrived);
        expect(at(out, 'tap-in')).toHaveLength(frames.length);
      }),
      { numRuns: 40 },
    );
  });

  it('keeps whole super-frames to the length that was asked for', () => {
    const lan = start();
    const [packet] = fc.sample(kernelFrames(20_000), { numRuns: 50, seed: 3 }).filter((f) => f.gsoSize > 0);
    const seen = capture(lan.nodes[0], ['tap-in'], { snap: 100, whole: true });
    lan.nodes[0].fromKernel(packet.record);
    lan.world.run(MILLISECOND);
    const [found] = seen.take();
    expect(found.bytes).toHaveLength(100);
    expect(found.length).toBe(packet.record.length - VNET_HEADER);
  });

  it('sees what is dropped, and why', () => {
    const lan = start();
    const [from, to] = lan.nodes;
    const seen = capture(to, ['drops', 'link-in']);
    deliver(to, from.sockets[0], Uint8Array.of(0x77, 1, 2, 3));
    to.fromKernel(withVirtio(new Uint8Array(5)));
    lan.world.run(MILLISECOND);
    const packets = seen.take();
    expect(packets.map(({ point, value }) => [CAPTURE_POINTS[point], value]).sort()).toEqual(
      [
        ['drops', DROP['tap-runt']],
        ['drops', DROP['unknown-version']],
        ['link-in', DROP['unknown-version']],
      ].sort(),
    );
    expect(packets.every(({ verdict }) => verdict === VERDICT.DROP)).toBe(true);
  });

  it('shows nothing of a forged datagram but its outer header', () => {
    const lan = start();
    const [from, to] = lan.nodes;
    const wire = capture(from, ['link-out']);
    from.fromKernel(withVirtio(TO_ALL));
    lan.world.run(10 * MILLISECOND);
    const [datagram] = wire.take();
    const forged = datagram.bytes.slice();
    forged[OUTER.COUNTER + 6]++;
    const seen = capture(to, ['drops']);
    deliver(to, from.sockets[0], forged);
    lan.world.run(MILLISECOND);
    expect(seen.take()).toMatchObject([
      { value: DROP.forged, packet: PACKET.SEALED, bytes: forged.slice(0, OUTER.BYTES) },
    ]);
  });

  it('is limited to a peer, a link and what a filter lets through', () => {
    const lan = new Lan(new World(1), { hosts: 3, links: 2, intervalMs: 1000, holdMs: 3000 });
    lan.world.run(100 * MILLISECOND);
    const [node] = lan.nodes;
    const ofPeer = capture(node, ['peer-out'], { peer: 2 });
    node.fromKernel(withVirtio(TO_ALL));
    lan.world.run(MILLISECOND);
    expect(ofPeer.take().map(({ peer }) => peer)).toEqual([2]);
    const ofLinks = [0, 1].map((link) => capture(node, ['peer-out'], { link }));
    const filtered = capture(node, ['peer-out'], { filter: compileFilter('ethertype 0x88b6') });
    node.fromKernel(withVirtio(TO_ALL));
    lan.world.run(MILLISECOND);
    const byLink = ofLinks.map((seen) => seen.take().map(({ link }) => link));
    expect(byLink[0].every((link) => link === 0) && byLink[1].every((link) => link === 1)).toBe(true);
    expect(byLink.flat()).toHaveLength(2);
    expect(filtered.take()).toEqual([]);
    node.fromKernel(withVirtio(ethernet(stationOf(1), stationOf(0), 0x88b6, new Uint8Array(60))));
    lan.world.run(MILLISECOND);
    expect(filtered.take()).toHaveLength(2);
  });

  it('lets what matches through at every point where there are frames, and nothing else', () => {
    const lan = start();
    const [from, to] = lan.nodes;
    const points = CAPTURE_POINTS.filter((point) => !SEALED_POINTS.has(point) && point !== 'drops');
    const filter = compileFilter('ethertype 0x88b5');
    const seen = [capture(from, points, { filter }), capture(to, points, { filter })];
    const others = compileFilter('not ethertype 0x88b5');
    const unseen = [capture(from, points, { filter: others }), capture(to, points, { filter: others })];
    from.fromKernel(withVirtio(TO_ALL));
    lan.world.run(10 * MILLISECOND);
    const found = seen.flatMap((one) => one.take());
    expect(found.map(({ point }) => CAPTURE_POINTS[point])).toEqual([
      'tap-in',
      'switch',
      'peer-out',
      'peer-in',
      'switch',
      'tap-out',
    ]);
    for (const { bytes } of found) expect(bytes).toEqual(TO_ALL);
    expect(unseen.flatMap((one) => one.take())).toEqual([]);
  });

  it('that nobody reads loses packets of its own and none of the network', () => {
    const lan = start();
    const [from, to] = lan.nodes;
    const unread = capture(from, ['tap-in', 'link-out']);
    const frame = withVirtio(ethernet(stationOf(1), stationOf(0), 0x88b5, new Uint8Array(1400)));
    let arrived = 0;
    for (let turn = 0; turn < 40; turn++) {
      from.fromKernel(...new Array<Uint8Array>(32).fill(frame));
      lan.world.run(MILLISECOND);
      arrived += to.tap.take().length;
    }
    lan.world.run(10 * MILLISECOND);
    arrived += to.tap.take().length;
    expect(arrived).toBe(40 * 32);
    const kept = unread.take();
    expect(at(kept, 'tap-in').length + unread.missed('tap-in')).toBe(40 * 32);
    expect(unread.missed('link-out')).toBeGreaterThan(0);
  });

  it('ends when it is told to, and with the peer that it is limited to', () => {
    const lan = start();
    const [from] = lan.nodes;
    const seen = capture(from, ['tap-in']);
    from.command({ kind: 'capture-end', id: lastId });
    const ofPeer = capture(from, ['peer-out'], { peer: 1 });
    from.command({ kind: 'peer-remove', row: 1 });
    lan.addPeer(from, 1);
    lan.rekey(from, lan.nodes[1]);
    lan.world.run(3000 * MILLISECOND);
    from.fromKernel(withVirtio(TO_ALL));
    lan.world.run(MILLISECOND);
    expect(seen.take()).toEqual([]);
    expect(ofPeer.take()).toEqual([]);
  });
});
