import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UPLINK_STANDING, UplinkGroup } from '../../src/link/choice/uplink-group.js';

const SECOND = 1_000_000;
const { UNREACHABLE, SILENT, DRAINING, READY } = UPLINK_STANDING;

function group(priorities: readonly number[], preemptUs: number | null = null): UplinkGroup {
  const made = new UplinkGroup('servers');
  made.preemptUs = preemptUs;
  priorities.forEach((priority, peer) => {
    made.members.push({ peer, priority, standing: UNREACHABLE, since: 0 });
  });
  return made;
}

function stands(made: UplinkGroup, peer: number, standing: number, now: number): boolean {
  const member = made.member(peer);
  if (member !== undefined) made.stands(member, standing, now);
  return made.decide(now);
}

const histories = fc.array(
  fc.record({
    peer: fc.nat({ max: 3 }),
    standing: fc.constantFrom(UNREACHABLE, SILENT, DRAINING, READY),
    after: fc.integer({ min: 0, max: 10 * SECOND }),
  }),
  { maxLength: 60 },
);

describe('an uplink group', () => {
  it('prefers, while it settles, the server of the highest priority over the first one found', () => {
    const made = group([10, 20, 30]);
    expect(stands(made, 0, READY, 0)).toBe(true);
    expect(stands(made, 2, READY, SECOND)).toBe(true);
    expect(made.active?.peer).toBe(2);
  });

  it('keeps the server that carries afterwards', () => {
    const made = group([10, 20]);
    stands(made, 0, READY, 0);
    expect(stands(made, 1, READY, 4 * SECOND)).toBe(false);
    expect(made.decide(100 * SECOND)).toBe(false);
  });

  it('moves back after the delay only if the better one was ready all that time', () => {
    const made = group([10, 20], 30 * SECOND);
    stands(made, 0, READY, 0);
    stands(made, 1, READY, 10 * SECOND);
    stands(made, 1, UNREACHABLE, 20 * SECOND);
    stands(made, 1, READY, 25 * SECOND);
    expect(made.decide(54 * SECOND)).toBe(false);
    expect(made.decide(55 * SECOND)).toBe(true);
    expect(made.cause).toBe('preempted');
  });

  it('never leaves a server for a worse one, and never stays at one that cannot be reached while another can', () => {
    fc.assert(
      fc.property(histories, fc.option(fc.integer({ min: 0, max: 20 * SECOND })), (history, preemptUs) => {
        const made = group([10, 10, 20, 30], preemptUs);
        let now = 0;
        for (const { peer, standing, after } of history) {
          now += after;
          const before = made.active;
          const moved = stands(made, peer, standing, now);
          const best = Math.max(...made.members.map((member) => member.standing));
          if (best > UNREACHABLE) expect(made.active?.standing).toBe(best);
          if (moved && before !== null) {
            const isBetter = (made.active?.standing ?? 0) > before.standing;
            expect(isBetter || (made.active?.priority ?? 0) > before.priority).toBe(true);
          }
          // Deciding again at the same moment changes nothing.
          expect(made.decide(now)).toBe(false);
        }
      }),
    );
  });
});
