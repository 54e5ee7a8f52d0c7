import { describe, expect, it } from 'vitest';
import { VNET_HEADER } from '../../src/native/ops.js';
import { stationOf, withVirtio } from '../sim/frames.js';
import { advertisement, arp, solicitation } from '../sim/neighbours.js';
import { SETTINGS, SWITCH } from '../sim/node.js';
import { withSeed } from '../sim/random.js';
import { SERVER, star } from '../sim/star.js';
import { MILLISECOND } from '../sim/world.js';

const ipOf = (host: number): number[] => [10, 0, 0, host];
const ip6Of = (host: number): number[] => [0x20, 1, 0xd, 0xb8, ...new Array(11).fill(0), host];

describe('a server with arp-suppression', () => {
  it('answers its clients for each other and for what is behind its TAP, and floods nothing that it can answer', () =>
    withSeed((seed) => {
      const { world, nodes } = star(seed, { hosts: 4 });
      const settings = { ...SETTINGS, switch: { ...SWITCH, arpSuppression: true } };
      nodes[SERVER].command({ kind: 'settings', settings });
      world.run(100 * MILLISECOND);
      for (const node of nodes) {
        const [mac, id] = [stationOf(node.id), node.id];
        node.fromKernel(withVirtio(arp(mac, ipOf(id), ipOf(id))));
        node.fromKernel(withVirtio(advertisement(mac, ip6Of(id), 0x20)));
        world.run(MILLISECOND);
      }
      world.run(20 * MILLISECOND);
      const taken = (): Uint8Array[][] =>
        nodes.map((node) => node.tap.take().map((record) => record.subarray(VNET_HEADER)));
      taken();
      const suppressed = (): number => nodes[SERVER].drop('arp-suppressed');
      const before = suppressed();
      nodes[1].fromKernel(withVirtio(arp(stationOf(1), ipOf(1), ipOf(2))));
      nodes[1].fromKernel(withVirtio(solicitation(stationOf(1), ip6Of(1), ip6Of(SERVER))));
      world.run(20 * MILLISECOND);
      const [atServer, atFirst, ...others] = taken();
      expect(atServer).toEqual([]);
      expect(others).toEqual([[], []]);
      expect(atFirst.map((frame) => [...frame.subarray(0, 12)])).toEqual([
        [...stationOf(1), ...stationOf(2)],
        [...stationOf(1), ...stationOf(SERVER)],
      ]);
      expect(suppressed() - before).toBe(2);
      nodes[1].fromKernel(withVirtio(arp(stationOf(1), ipOf(1), ipOf(77))));
      world.run(20 * MILLISECOND);
      expect(taken().map((frames) => frames.length)).toEqual([1, 0, 1, 1]);
    }));
});
