/** A server and its clients: host 0 switches between the others, which know only it. */
import { NO_GROUP } from '../../src/contract/port-settings.js';
import { EXPERIMENTAL_2, ethernet, withVirtio } from './frames.js';
import { Lan, type LanOptions } from './lan.js';
import type { SimNode } from './node.js';
import { World } from './world.js';

export const SERVER = 0;

/** Builds it; the server's ports are in no split-horizon group unless `options` say otherwise. */
export function star(seed: number, options: Partial<LanOptions> & { hosts: number }): Lan {
  return new Lan(new World(seed), {
    links: 1,
    intervalMs: 1000,
    holdMs: 3000,
    arePeers: (a, b) => a === SERVER || b === SERVER,
    portOf: (host) => (host === SERVER ? { splitHorizon: NO_GROUP } : {}),
    ...options,
  });
}

/** A station behind a host says that it is there, in a VLAN (0: untagged). */
export function speak(node: SimNode, station: Uint8Array, vlan = 0): void {
  const tag = vlan === 0 ? [] : [0x81, 0x00, vlan >> 8, vlan & 255];
  const plain = ethernet(station, station, EXPERIMENTAL_2, new Uint8Array(46));
  // To a group of its own, so that everybody learns it and nobody answers.
  plain.set([0x03, 0, 0, 0, 0, 1]);
  node.fromKernel(withVirtio(Uint8Array.of(...plain.subarray(0, 12), ...tag, ...plain.subarray(12))));
}
