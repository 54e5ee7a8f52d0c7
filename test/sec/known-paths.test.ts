import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { DatapathCommand } from '../../src/contract/commands.js';
import type { LinkSettings } from '../../src/contract/settings.js';
import { KnownPaths } from '../../src/worker/known-paths.js';
import { pathTo, pathVia } from '../sim/lan.js';

const NOWHERE = new Array<number>(14).fill(0);

function link(peer: number, id: number, path: number[]): DatapathCommand {
  return { kind: 'link', peer, id, row: peer * 8 + id, settings: { path } as LinkSettings };
}

it('knows exactly the remote ends that links have, configured or learned, whatever was done before', () => {
  const step = fc.record({
    what: fc.constantFrom('link', 'link', 'roamed', 'link-remove', 'peer-remove'),
    peer: fc.nat(2),
    id: fc.nat(2),
    end: fc.option(fc.nat(5)),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const known = new KnownPaths();
      const model = new Map<string, { configured: number | null; learned: number | null }>();
      for (const { what, peer, id, end } of steps) {
        const name = `${peer}/${id}`;
        // Even networks are IPv4, odd ones IPv6.
        const path = end === null ? NOWHERE : pathTo(end, end % 2);
        const ends = model.get(name) ?? { configured: null, learned: null };
        if (what === 'link') {
          known.command(link(peer, id, path));
          model.set(name, { ...ends, configured: end });
        } else if (what === 'roamed') {
          known.event({ kind: 'roamed', peer, link: id, isLearned: true, path: { socket: 0, words: path } });
          model.set(name, { ...ends, learned: end });
        } else if (what === 'link-remove') {
          known.command({ kind: 'link-remove', peer, id });
          model.delete(name);
        } else {
          known.command({ kind: 'peer-remove', row: peer });
          for (let one = 0; one < 3; one++) model.delete(`${peer}/${one}`);
        }
        const expected = new Set(
          [...model.values()].flatMap(({ configured, learned }) => [configured, learned]),
        );
        for (let one = 0; one <= 5; one++) {
          const words = [99, ...pathTo(one, one % 2)];
          expect(known.has(words, 1), `end ${one}`).toBe(expected.has(one));
        }
      }
    }),
  );
});

it('knows no relayed path, and no other port of an address', () => {
  const known = new KnownPaths();
  known.command(link(0, 0, pathVia(3, 4)));
  known.command(link(0, 1, pathTo(1, 0)));
  expect(known.has(pathVia(3, 4), 0)).toBe(false);
  const elsewhere = pathTo(1, 0);
  expect(known.has(elsewhere, 0)).toBe(true);
  elsewhere[1]++;
  expect(known.has(elsewhere, 0)).toBe(false);
});
