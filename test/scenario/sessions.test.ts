import { describe, expect, it } from 'vitest';
import { AEAD } from '../../src/native/ops.js';
import { realAead } from '../sim/aead.js';
import { cut } from '../sim/cuts.js';
import { delay } from '../sim/hops/delay.js';
import { duplicate } from '../sim/hops/duplicate.js';
import { reorder } from '../sim/hops/reorder.js';
import { NonceRecord } from '../sim/key-slots.js';
import { Lan, type LanOptions } from '../sim/lan.js';
import { withSeed } from '../sim/random.js';
import { Stream } from '../sim/stream.js';
import { MILLISECOND, World } from '../sim/world.js';

const REKEY_US = 50 * MILLISECOND;

function start(seed: number, options: Partial<LanOptions>, nonces = new NonceRecord()): Lan {
  const lan = new Lan(new World(seed, { nonces }), { hosts: 2, links: 3, ...options });
  lan.world.run(200 * MILLISECOND);
  return lan;
}

describe('rekeying under load', () => {
  for (const [name, number] of Object.entries(AEAD)) {
    it(`${name}: a session every 50 ms for 5 s, over paths that reorder and duplicate: no frame lost, none twice`, () =>
      withSeed((seed) => {
        const nonces = new NonceRecord();
        const lan = start(seed, { node: { aead: realAead(number) } }, nonces);
        const { world, nodes } = lan;
        const [a, b] = nodes;
        for (let link = 0; link < 3; link++) {
          for (const wire of [world.wire(a, b, link), world.wire(b, a, link)]) {
            wire.hops = [
              delay(MILLISECOND),
              reorder(0.1, 3 * MILLISECOND, world.random),
              duplicate(0.1, 2 * MILLISECOND, world.random),
            ];
          }
        }
        const streams = [new Stream(world, a, b, 1000), new Stream(world, b, a, 1300)];
        for (let session = 0; session < 100; session++) {
          lan.rekey(a, b);
          world.run(REKEY_US);
        }
        for (const stream of streams) stream.stop();
        world.run(50 * MILLISECOND);
        for (const stream of streams) expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
        expect(nonces.repeated.slice(0, 3)).toEqual([]);
        expect(a.drop('forged') + b.drop('forged')).toBe(0);
      }));
  }

  it('links die while sessions change: nothing lost, although slots are used again', () =>
    withSeed((seed) => {
      const lan = start(seed, { intervalMs: 40, holdMs: 120 });
      const { world, nodes } = lan;
      const [a, b] = nodes;
      const stream = new Stream(world, a, b, 500);
      world.run(500 * MILLISECOND);
      for (let turn = 0; turn < 10; turn++) {
        const heal = cut(world, 'black hole', a, b, 0);
        for (let session = 0; session < 5; session++) {
          // The one before the last is retired as each comes: never one that resent frames may still be under.
          if (session % 4 === 0) lan.rekey(a, b);
          world.run(REKEY_US);
        }
        heal();
        world.run(400 * MILLISECOND);
      }
      stream.stop();
      world.run(200 * MILLISECOND);
      expect(stream.report()).toMatchObject({ lost: 0, duplicated: 0 });
    }));
});

describe('nonces', () => {
  it('no pair of key and nonce is ever used twice, over links, policies, cuts, rekeys and restarts', () =>
    withSeed((seed) => {
      const nonces = new NonceRecord();
      for (const [index, policy] of (['passive', 'active', 'round-robin'] as const).entries()) {
        const lan = start(seed + index, { hosts: 3, links: 8, policy }, nonces);
        const { world } = lan;
        for (let turn = 0; turn < 6; turn++) {
          const [a, b, c] = lan.nodes;
          const streams = [
            new Stream(world, a, b, 700),
            new Stream(world, b, c, 900),
            new Stream(world, c, a, 800),
          ];
          const heal = cut(world, 'black hole', a, b, turn % 8);
          world.run(100 * MILLISECOND);
          lan.rekey(a, b);
          lan.rekey(b, c);
          heal();
          world.run(50 * MILLISECOND);
          for (const stream of streams) stream.stop();
          // The third host starts again from nothing.
          lan.boot(2);
          for (const peer of [0, 1]) lan.addPeer(lan.nodes[2], peer);
          for (const peer of [a, b]) lan.rekey(peer, lan.nodes[2]);
        }
      }
      expect(nonces.repeated.slice(0, 3)).toEqual([]);
      expect(nonces.size).toBeGreaterThan(5000);
    }));
});
