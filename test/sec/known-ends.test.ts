import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { LinkSettings } from '../../src/contract/settings.js';
import { LinkTable } from '../../src/state/links.js';
import { pathTo, pathVia } from '../sim/lan.js';

const NOWHERE = new Array<number>(15).fill(0);
const LINKS = 80;

function configure(links: LinkTable, link: number, path: number[]): void {
  links.configure(link, 0, 0, { path, sockets: [0, 1], parity: 0 } as unknown as LinkSettings);
}

it('links know exactly the remote ends that they have, configured or in use, whatever was done before', () => {
  const step = fc.record({
    what: fc.constantFrom('configure', 'configure', 'aim', 'remove'),
    // The table grows as links with higher rows come.
    link: fc.nat(LINKS - 1),
    end: fc.option(fc.nat(5)),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const links = new LinkTable();
      const model = new Map<number, { configured: number | null; used: number | null }>();
      for (const { what, link, end } of steps) {
        // Even networks are IPv4, odd ones IPv6.
        const path = end === null ? NOWHERE : pathTo(end, end % 2);
        const ends = model.get(link);
        if (what === 'configure') {
          configure(links, link, path);
          if (ends?.configured !== end) model.set(link, { configured: end, used: end });
        } else if (what === 'aim' && ends !== undefined) {
          links.aim(link, Int32Array.from(path), 0, 0);
          ends.used = end;
        } else if (what === 'remove') {
          links.remove(link);
          model.delete(link);
        }
        const expected = new Set([...model.values()].flatMap(({ configured, used }) => [configured, used]));
        for (let one = 0; one <= 5; one++) {
          const words = Int32Array.from([99, ...pathTo(one, one % 2)]);
          expect(links.isRemoteEnd(words, 1), `end ${one}`).toBe(expected.has(one));
          const toward = [...model].filter(([, { used }]) => used === one).map(([row]) => row);
          expect(links.toward(words, 1), `toward ${one}`).toBe(
            toward.length === 0 ? -1 : Math.min(...toward),
          );
        }
      }
    }),
  );
});

it('they know no relayed path, and no other port of an address', () => {
  const links = new LinkTable();
  configure(links, 0, pathVia(3, 4));
  configure(links, 1, pathTo(1, 0));
  expect(links.isRemoteEnd(Int32Array.from(pathVia(3, 4)), 0)).toBe(false);
  const elsewhere = Int32Array.from(pathTo(1, 0));
  expect(links.isRemoteEnd(elsewhere, 0)).toBe(true);
  elsewhere[1]++;
  expect(links.isRemoteEnd(elsewhere, 0)).toBe(false);
});
