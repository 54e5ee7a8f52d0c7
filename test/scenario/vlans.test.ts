/** A server whose ports are in VLANs. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_GROUP, type VlanSettings } from '../../src/contract/port-settings.js';
import { NO_DUPLICATES } from '../../src/datapath/frames/duplicate.js';
import { VNET_HEADER } from '../../src/native/ops.js';
import { BROADCAST, EXPERIMENTAL, ethernet, stationOf, withVirtio } from '../sim/frames.js';
import { expected, type KernelFrame, kernelFrames } from '../sim/kernel-frames.js';
import { type Lan, PORT_SETTINGS } from '../sim/lan.js';
import { SETTINGS, SWITCH } from '../sim/node.js';
import { resegment } from '../sim/resegment.js';
import { SERVER, speak, star } from '../sim/star.js';
import { MILLISECOND } from '../sim/world.js';

const ACCESS_10 = { native: 10, tagged: [] };
const ACCESS_20 = { native: 20, tagged: [] };
const TRUNK: VlanSettings = { native: 20, tagged: [[10, 10]] };
/** What the server's port of each client carries: 1, 2 and 6 are in VLAN 10, 4 and 3 without a tag in VLAN 20. */
const CARRIES: (VlanSettings | null)[] = [null, ACCESS_10, ACCESS_10, TRUNK, ACCESS_20, null, ACCESS_10];
const HOSTS = CARRIES.length;
const PROVIDER_TAGS = [0x88a8, 0x9100, 0x9200];
const TAG_10 = [0x81, 0x00, 0, 10];

/** A server with those ports; `tap` is what its own TAP carries. */
function site(tap: VlanSettings | null, options: { mtu: number; offloads: boolean }): Lan {
  const { mtu, offloads } = options;
  const offloaded = offloads ? {} : { tapChecksum: false, tapTso: false, tapUso: false };
  const lan = star(1, {
    hosts: HOSTS,
    mtu,
    portOf: (host, peer) => (host === SERVER ? { splitHorizon: NO_GROUP, vlan: CARRIES[peer] } : {}),
    node: { settings: offloaded, gso: offloads, gro: offloads },
  });
  lan.nodes[SERVER].command({
    kind: 'settings',
    settings: { ...SETTINGS, ...offloaded, udpGso: offloads, switch: { ...SWITCH, vlan: tap } },
  });
  lan.world.run(100 * MILLISECOND);
  return lan;
}

function withTag(frame: Uint8Array): Uint8Array {
  return Uint8Array.of(...frame.subarray(0, 12), ...TAG_10, ...frame.subarray(12));
}

function typeOf({ record }: KernelFrame): number {
  return (record[VNET_HEADER + 12] << 8) | record[VNET_HEADER + 13];
}

/** Frames that begin without a tag, and leave room for one. */
const untagged = (most: number) =>
  kernelFrames(most).filter((frame) => {
    const isWhole = frame.gsoSize === 0;
    return (
      !PROVIDER_TAGS.includes(typeOf(frame)) && (!isWhole || frame.record.length <= VNET_HEADER + 65_531)
    );
  });

/** What arrives by ports with the tag: it takes room from the payload, unless the headers are too long for a SEGMENT with it. */
function tagged(frames: readonly KernelFrame[], mtu: number): Uint8Array[] {
  return frames
    .flatMap((frame) =>
      expected([frame], frame.headerLength + TAG_10.length > 255 ? mtu : mtu - TAG_10.length),
    )
    .map(withTag);
}

function same(actual: readonly Uint8Array[], wanted: readonly Uint8Array[]): void {
  expect(actual.map((frame) => frame.length)).toEqual(wanted.map((frame) => frame.length));
  expect(actual.findIndex((frame, index) => Buffer.compare(frame, wanted[index]) !== 0)).toBe(-1);
}

const OFFLOADS = [true, false];

describe('ports in VLANs', () => {
  for (const offloads of OFFLOADS) {
    it(`carry floods of their VLAN to its other ports, tagged or not, offloads ${offloads ? 'on' : 'off'}`, () => {
      const mtu = 1400;
      const lan = site(ACCESS_10, { mtu, offloads });
      const floodable = untagged(20_000).filter(({ gsoSize }) => gsoSize === 0 || gsoSize >= 200);
      fc.assert(
        fc.property(fc.array(floodable, { minLength: 1, maxLength: 3 }), (frames) => {
          lan.nodes[1].fromKernel(...frames.map(({ record }) => record));
          lan.world.run(20 * MILLISECOND);
          const wanted = expected(frames, mtu);
          const [server, , two, trunk, four, transparent, six] = lan.nodes.map((node) =>
            node.tap.take().flatMap(resegment),
          );
          for (const frames of [server, two, six]) same(frames, wanted);
          for (const frames of [trunk, transparent]) same(frames, wanted.map(withTag));
          expect(four).toEqual([]);
        }),
        { numRuns: 60 },
      );
      expect(lan.nodes.map((node) => node.drops())).toEqual(lan.nodes.map(() => ({})));
      expect(lan.nodes.flatMap((node) => node.tap.refused)).toEqual([]);
    });

    for (const mtu of [1280, 9000]) {
      it(`and frames for one station, over paths of ${mtu}, offloads ${offloads ? 'on' : 'off'}`, () => {
        const lan = site(TRUNK, { mtu, offloads });
        // Those that the frames are for are behind each of these in turn.
        for (const [host, vlan] of [
          [2, 0],
          [3, 10],
        ]) {
          for (const station of [stationOf(0, 1), stationOf(1)]) speak(lan.nodes[host], station, vlan);
          lan.world.run(20 * MILLISECOND);
          for (const node of lan.nodes) node.tap.take();
          fc.assert(
            fc.property(fc.array(untagged(20_000), { minLength: 1, maxLength: 3 }), (frames) => {
              // A tag leaves less room, so TCP is cut anew: as far as one batch reaches, which each frame has for itself then.
              for (const group of host === 2 ? [frames] : frames.map((frame) => [frame])) {
                lan.nodes[1].fromKernel(...group.map(({ record }) => record));
                lan.world.run(20 * MILLISECOND);
              }
              const came = lan.nodes.map((node) => node.tap.take().flatMap(resegment));
              const wanted = host === 2 ? expected(frames, mtu) : tagged(frames, mtu);
              same(came[host], wanted);
              expect(came.flat()).toHaveLength(wanted.length);
            }),
            { numRuns: 40 },
          );
        }
        expect(lan.nodes.map((node) => node.drops())).toEqual(lan.nodes.map(() => ({})));
      });
    }
  }

  it('learn a station in each VLAN for itself, and keep VLANs apart', () => {
    const lan = site(null, { mtu: 1500, offloads: true });
    const [server, one, two, trunk, four] = lan.nodes;
    const station = stationOf(9);
    const tell = (node: typeof one, vlan = 0): number[] => {
      speak(node, station, vlan);
      lan.world.run(10 * MILLISECOND);
      return lan.nodes.flatMap(({ id, tap }) => (tap.take().length > 0 ? [id] : []));
    };
    expect(tell(one)).toEqual([SERVER, 2, 3, 5, 6]);
    expect(tell(four)).toEqual([SERVER, 3, 5]);
    // The same address in both VLANs: nobody has moved.
    const to = (node: typeof one): number[] => {
      node.fromKernel(withVirtio(ethernet(station, stationOf(8), EXPERIMENTAL, new Uint8Array(46))));
      lan.world.run(10 * MILLISECOND);
      return lan.nodes.flatMap(({ id, tap }) => (tap.take().length > 0 ? [id] : []));
    };
    expect(to(two)).toEqual([1]);
    expect(to(trunk)).toEqual([4]);
    expect(server.drops()).toEqual({});
    // A VLAN that a port does not carry, and what a client may not send at all.
    expect(tell(one, 10)).toEqual([]);
    expect(tell(trunk, 30)).toEqual([]);
    expect(server.drop('vlan-ingress')).toBe(2);
    // Without a tag from a transparent port: in no VLAN.
    server.fromKernel(withVirtio(ethernet(BROADCAST, stationOf(7), EXPERIMENTAL, new Uint8Array(46))));
    lan.world.run(10 * MILLISECOND);
    expect(lan.nodes.flatMap(({ id, tap }) => (tap.take().length > 0 ? [id] : []))).toEqual([5]);
  });

  it('forget what was learned there when their VLANs change', () => {
    const lan = site(null, { mtu: 1500, offloads: true });
    const [server, one, two] = lan.nodes;
    speak(two, stationOf(2));
    lan.world.run(10 * MILLISECOND);
    for (const node of lan.nodes) node.tap.take();
    one.fromKernel(withVirtio(ethernet(stationOf(2), stationOf(1), EXPERIMENTAL, new Uint8Array(46))));
    lan.world.run(10 * MILLISECOND);
    expect(lan.nodes.flatMap(({ id, tap }) => (tap.take().length > 0 ? [id] : []))).toEqual([2]);
    server.command({
      kind: 'peer',
      row: two.id,
      policy: 'passive',
      copies: 0,
      name: 0,
      uplink: null,
      duplicate: NO_DUPLICATES,
      port: { ...PORT_SETTINGS, splitHorizon: NO_GROUP, vlan: ACCESS_20 },
    });
    one.fromKernel(withVirtio(ethernet(stationOf(2), stationOf(1), EXPERIMENTAL, new Uint8Array(46))));
    lan.world.run(10 * MILLISECOND);
    expect(lan.nodes.flatMap(({ id, tap }) => (tap.take().length > 0 ? [id] : []))).toEqual([
      SERVER,
      3,
      5,
      6,
    ]);
  });
});
