import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DROP } from '../../src/contract/drops.js';
import { Frame } from '../../src/switch/frame.js';
import { LOOP, LoopGuard } from '../../src/switch/loop-guard.js';
import { BUSY_AT_ONCE, PROBES_AT_ONCE } from '../../src/switch/loop-rounds.js';
import { LOCAL_PORT, MacTable } from '../../src/switch/mac-table.js';
import { Ports } from '../../src/switch/ports.js';
import { Vlans } from '../../src/switch/vlans.js';

const AT = 16;
const PEER = 3;
const INTERVAL = 150_000;
/** Bytes of the holder, which others write, and of what follows the seal. */
const NOT_SEALED = [24, 25, 26, 27, 28, 29];
const SEALED_END = 42;

function guard(seed: readonly [number, number] = [11, 22]) {
  const bytes = new Uint8Array(200);
  const states: number[] = [];
  const told: { peer: number; vlans: readonly number[]; state: number }[] = [];
  const reports = {
    loopChanged: (peer: number, vlans: readonly number[], state: number) => {
      told.push({ peer, vlans, state });
      states.push(state);
    },
  };
  const ports = new Ports();
  const vlans = new Vlans(bytes);
  const macs = new MacTable({ limit: 8192, seed: [5, 6] });
  const subject = new LoopGuard({ bytes, ports, vlans, macs, reports, seed });
  const frame = new Frame();
  subject.set(true, 0);
  let now = 0;
  /** The probes that leave at once. */
  const probes = (): Uint8Array[] => {
    const sent: Uint8Array[] = [];
    subject.run(now);
    while (subject.next(frame.place(AT, 0))) sent.push(bytes.slice(AT, AT + frame.length));
    now += INTERVAL;
    return sent;
  };
  const probe = (): Uint8Array => probes()[0];
  const take = (content: Uint8Array, port = PEER): number => {
    bytes.set(content, AT);
    return subject.take(port, frame.place(AT, content.length), now);
  };
  return { probe, probes, take, states, told, ports, vlans, macs, rounds: subject.rounds };
}

/** The same with a tag. */
function tagged(frame: Uint8Array, vlan: number): Uint8Array {
  return Uint8Array.of(...frame.subarray(0, 12), 0x81, 0, vlan >> 8, vlan & 0xff, ...frame.subarray(12));
}

describe('probes of the loop guard', () => {
  it('are believed when they come back unchanged, with a tag or without', () => {
    const { probe, take, states, told } = guard();
    const sent = probe();
    expect(take(sent, LOCAL_PORT)).toBe(DROP['own-probe']);
    expect(states).toEqual([]);
    expect(take(tagged(sent, 10))).toBe(DROP['own-probe']);
    probe();
    expect(told).toEqual([{ peer: PEER, vlans: [10], state: LOOP.NOTICED }]);
  });

  it('hold nothing when any byte that we wrote is another', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 14, max: SEALED_END - 1 }),
        fc.integer({ min: 1, max: 255 }),
        (at, change) => {
          fc.pre(!NOT_SEALED.includes(at));
          const { probe, take, states } = guard();
          const sent = probe();
          sent[at] ^= change;
          expect(take(sent)).not.toBe(DROP['own-probe']);
          probe();
          expect(states).toEqual([]);
        },
      ),
    );
  });

  it('are believed no longer after sixteen others, nor before they were sent', () => {
    const { probe, take } = guard();
    const first = probe();
    for (let sent = 0; sent < 15; sent++) probe();
    expect(take(first)).toBe(DROP['own-probe']);
    probe();
    expect(take(first)).toBe(DROP['forged-probe']);
    const other = guard();
    expect(other.take(first)).toBe(DROP['forged-probe']);
  });

  it('of a gateway with another seed pass', () => {
    const { probe } = guard();
    const sent = probe();
    expect(guard([12, 22]).take(sent)).toBe(-1);
  });
});

describe('VLANs of the loop guard', () => {
  const vlanOf = (probe: Uint8Array): number => (probe[12] === 0x81 ? (probe[14] << 8) | probe[15] : 0);
  const ranges = (vlans: readonly number[]) => vlans.map((vlan) => [vlan, vlan] as const);

  it('are probed once a round, sixteen at once: those of the TAP that a peer names or stations were heard in', () => {
    const vlan = fc.integer({ min: 1, max: 4094 });
    const some = fc.uniqueArray(vlan, { maxLength: 60 });
    fc.assert(
      fc.property(some, some, some, fc.option(some), (named, heardHere, heardThere, carried) => {
        const { probes, vlans, macs } = guard();
        if (carried !== null) vlans.set(LOCAL_PORT, { native: 0, tagged: ranges(carried) });
        vlans.set(PEER, { native: 0, tagged: ranges(named) });
        vlans.set(PEER + 1, { native: 0, tagged: [[1, 4094]] });
        for (const number of heardHere) macs.learn(number, 0x200, 1, LOCAL_PORT, 0);
        for (const number of heardThere) macs.learn(number, 0x200, 2, PEER, 0);
        const wanted = new Set([0, ...named, ...heardHere]);
        const expected = [...wanted].filter((number) => carried?.includes(number) ?? true);
        const batches = Array.from({ length: Math.ceil(expected.length / 16) }, probes);
        for (const batch of batches) expect(batch.length).toBeLessThanOrEqual(16);
        expect(batches.flat().map(vlanOf)).toEqual(expected.sort((a, b) => a - b));
      }),
    );
  });

  it('are probed at once when much is flooded in them or stations move, however many VLANs there are', () => {
    const every = fc.uniqueArray(fc.integer({ min: 1, max: 4094 }), { minLength: 200, maxLength: 400 });
    fc.assert(
      fc.property(every, fc.integer({ min: 1, max: 20 }), (named, storms) => {
        const { probes, vlans, rounds } = guard();
        vlans.set(PEER, { native: 0, tagged: ranges(named) });
        const busy = named.slice(0, storms);
        const storm = (): void => {
          for (const vlan of busy.slice(0, 10)) rounds.suspect(vlan);
          for (const vlan of busy.slice(10)) for (let frame = 0; frame < 64; frame++) rounds.flooded(vlan);
          for (const vlan of named.slice(20)) rounds.flooded(vlan);
          // Nobody names it, and no station of the LAN is in it.
          for (let frame = 0; frame < 1000; frame++) rounds.flooded(4095);
        };
        const probed = new Set<number>();
        for (let turn = 0; turn < Math.ceil(storms / BUSY_AT_ONCE); turn++) {
          storm();
          const sent = probes();
          expect(sent.length).toBeLessThanOrEqual(PROBES_AT_ONCE);
          for (const frame of sent) probed.add(vlanOf(frame));
        }
        for (const vlan of busy) expect(probed).toContain(vlan);
        // The round goes on meanwhile.
        for (let turn = 0; turn < Math.ceil((named.length + 1) / BUSY_AT_ONCE); turn++) {
          storm();
          for (const frame of probes()) probed.add(vlanOf(frame));
        }
        for (const vlan of named) expect(probed).toContain(vlan);
      }),
      { numRuns: 20 },
    );
  });

  it('are held one by one, until their own probes do not come back', () => {
    const vlan = fc.integer({ min: 0, max: 4094 });
    fc.assert(
      fc.property(fc.uniqueArray(vlan, { minLength: 2, maxLength: 40 }), fc.nat(), (all, split) => {
        const { probes, take, ports, vlans } = guard();
        vlans.set(PEER, { native: 0, tagged: ranges(all.filter((number) => number !== 0)) });
        const looped = all.slice(0, 1 + (split % (all.length - 1)));
        const rounds = (count: number, comesBack: (number: number) => boolean): void => {
          for (let left = 3 * count; left > 0; left--) {
            for (const probe of probes()) if (comesBack(vlanOf(probe))) take(probe);
          }
        };
        rounds(5, (number) => looped.includes(number));
        const held = () => all.filter((number) => ports.isHeld(PEER, number));
        expect(held()).toEqual(looped);
        const remain = looped.slice(1);
        rounds(6, (number) => remain.includes(number));
        expect(held()).toEqual(remain);
        rounds(6, () => false);
        expect(ports.holdsAny).toBe(false);
      }),
      { numRuns: 12 },
    );
  });

  it('of one peer are held up to a number, so that room is left for others', () => {
    const { probe, take, ports } = guard();
    const sent = probe();
    for (let number = 1; number <= 1000; number++) take(tagged(sent, number));
    take(tagged(sent, 2000), PEER + 1);
    for (let left = 8; left > 0; left--) probe();
    const heldOf = (peer: number) =>
      Array.from({ length: 4095 }, (_, number) => ports.isHeld(peer, number)).filter(Boolean).length;
    expect([heldOf(PEER), heldOf(PEER + 1)]).toEqual([256, 1]);
  });
});
