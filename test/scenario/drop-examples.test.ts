/** The last example of each drop reason: whose it was, and the head of it. */
import { describe, expect, it } from 'vitest';
import { DROPPED, type DropExample, EXAMPLE_BYTES } from '../../src/contract/drop-examples.js';
import { DROP, type DropReason } from '../../src/contract/drops.js';
import { KIND } from '../../src/wire/header.js';
import { ethernet, stationOf, withVirtio } from '../sim/frames.js';
import { deliver, impersonate } from '../sim/hostile.js';
import { Lan } from '../sim/lan.js';
import type { SimNode } from '../sim/node.js';
import { MILLISECOND, World } from '../sim/world.js';

/** A frame that no switch forwards, longer than what is kept of it. */
const SLOW_PROTOCOL = ethernet(
  Uint8Array.of(1, 0x80, 0xc2, 0, 0, 2),
  stationOf(0),
  0x8809,
  new Uint8Array(110).fill(7),
);
const BETWEEN_EXAMPLES = 150 * MILLISECOND;

function start(): Lan {
  const lan = new Lan(new World(1), { hosts: 2, links: 1, intervalMs: 50, holdMs: 3000 });
  lan.world.run(100 * MILLISECOND);
  return lan;
}

function example(node: SimNode, reason: DropReason): DropExample | undefined {
  return node.engine.drops.examples.read(DROP[reason]);
}

describe('the last example of a drop reason', () => {
  it('is absent until something was dropped for it', () => {
    expect(example(start().nodes[0], 'tap-runt')).toBeUndefined();
  });

  it('of a frame from the TAP has its head and no peer', () => {
    const lan = start();
    lan.nodes[0].fromKernel(withVirtio(SLOW_PROTOCOL));
    lan.world.run(MILLISECOND);
    expect(example(lan.nodes[0], 'reserved-group')).toMatchObject({
      form: DROPPED.FRAME,
      peer: -1,
      link: -1,
      length: SLOW_PROTOCOL.length,
      head: SLOW_PROTOCOL.slice(0, EXAMPLE_BYTES),
    });
  });

  it('of a frame from a peer names the peer and the link', () => {
    const lan = start();
    const [from, to] = lan.nodes;
    const sealer = impersonate(lan, from, to);
    const body = Uint8Array.of(KIND.BUNDLE, 0, SLOW_PROTOCOL.length, 0, 0, 0, ...SLOW_PROTOCOL);
    deliver(to, from.sockets[0], sealer.seal(0, body));
    lan.world.run(MILLISECOND);
    expect(example(to, 'reserved-group')).toMatchObject({
      form: DROPPED.FRAME,
      peer: from.id,
      link: 0,
      head: SLOW_PROTOCOL.slice(0, EXAMPLE_BYTES),
      remote: Int32Array.of(4, from.sockets[0].port, ...from.sockets[0].address),
    });
  });

  it('of a datagram of a stranger has where it came from', () => {
    const lan = start();
    const [from, to] = lan.nodes;
    deliver(to, from.sockets[0], Uint8Array.of(0x77, 1, 2, 3));
    lan.world.run(MILLISECOND);
    expect(example(to, 'unknown-version')).toMatchObject({
      form: DROPPED.SEALED,
      peer: -1,
      link: -1,
      head: Uint8Array.of(0x77, 1, 2, 3),
      remote: Int32Array.of(4, from.sockets[0].port, ...from.sockets[0].address),
    });
  });

  it('changes no more often than the engine sweeps, whatever is dropped, and every drop is counted', () => {
    const lan = start();
    for (let length = 0; length < 14; length++) lan.nodes[0].fromKernel(withVirtio(new Uint8Array(length)));
    lan.world.run(MILLISECOND);
    expect(lan.nodes[0].drop('tap-runt')).toBe(14);
    expect(example(lan.nodes[0], 'tap-runt')).toMatchObject({ length: 0 });
    lan.world.run(BETWEEN_EXAMPLES);
    lan.nodes[0].fromKernel(withVirtio(new Uint8Array(9)));
    lan.world.run(MILLISECOND);
    expect(example(lan.nodes[0], 'tap-runt')).toMatchObject({ length: 9 });
  });
});
