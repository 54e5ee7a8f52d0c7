import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_GROUP } from '../../src/contract/port-settings.js';
import { LOCAL_PORT } from '../../src/switch/mac-table.js';
import { Ports } from '../../src/switch/ports.js';

const GROUP = fc.constantFrom(NO_GROUP, 0, 1, 2, 255);
const CHANGE = fc.record({ peer: fc.nat(40), group: fc.option(GROUP, { nil: null }) });

describe('ports of the switch', () => {
  it('let frames pass between peers unless they share a group, after any changes', () => {
    fc.assert(
      fc.property(fc.array(CHANGE, { maxLength: 60 }), (changes) => {
        const ports = new Ports();
        const groups = new Map<number, number>();
        for (const { peer, group } of changes) {
          if (group === null) {
            ports.peerRemoved(peer);
            groups.delete(peer);
          } else {
            ports.set(peer, { splitHorizon: group });
            groups.set(peer, group);
          }
        }
        expect(ports.forwards).toBe([...groups.values()].some((group) => group !== 0));
        for (const [from, of] of groups) {
          // Peers of the common group have each other as peers.
          const isHeard =
            of === 0 || [...groups.keys()].every((to) => to === from || ports.mayPass(from, to));
          expect(ports.reachesAll(from)).toBe(isHeard);
          expect(ports.mayPass(LOCAL_PORT, from)).toBe(true);
          for (const [to, other] of groups) {
            const apart = of === NO_GROUP || of !== other;
            expect(ports.mayPass(from, to)).toBe(from !== to && apart);
          }
        }
      }),
    );
  });
});
