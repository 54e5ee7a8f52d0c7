/** Traces over modelled ways: routers that keep silent, narrow hops that say so or not, and ways that end. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PathTrace, type Probe, type ProbeAnswer } from '../../src/daemon/interfaces/trace-path.js';

const SMALL = 128;
const FIRST = 1500;

interface Router {
  /** Answers when a hop limit is used up. */
  speaks: boolean;
  /** What goes on from here, in bytes. */
  mtu: number;
  /** Says so to what is too large. */
  tells: boolean;
}

const router: fc.Arbitrary<Router> = fc.record({
  speaks: fc.boolean(),
  mtu: fc.constantFrom(1500, 1500, 1400, 1280, 576),
  tells: fc.boolean(),
});

/** The peer is behind the last router. */
function network(routers: readonly Router[], sent: [number, number][] = []): Probe {
  const answer = (what: ProbeAnswer['what'], from: string | null, mtu = 0): ProbeAnswer => ({
    what,
    from,
    mtu,
    reason: what,
    rttUs: 1,
  });
  return (hops, size) => {
    sent.push([hops, size]);
    for (const [index, { speaks, mtu, tells }] of routers.entries()) {
      const name = `r${index + 1}`;
      if (hops === index + 1) return Promise.resolve(speaks ? answer('expired', name) : null);
      if (size > mtu) return Promise.resolve(tells ? answer('too-big', name, mtu) : null);
    }
    return Promise.resolve(answer('peer', null));
  };
}

const traced = async (probe: Probe, known = SMALL) => {
  const trace = new PathTrace(probe, { first: FIRST, known, small: SMALL });
  await trace.run(30, () => true);
  return trace;
};

describe('a trace', () => {
  it('gets to the peer, names who speaks, and knows what gets through', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(router, { maxLength: 4 }), async (routers) => {
        const sent: [number, number][] = [];
        const smallest = Math.min(FIRST, ...routers.map(({ mtu }) => mtu));
        const { hops, size, rttUs, problem } = await traced(network(routers, sent), smallest);
        expect([rttUs, problem]).toEqual([1, null]);
        expect(hops).toHaveLength(routers.length + 1);
        expect(hops.at(-1)?.isPeer).toBe(true);
        expect(size).toBe(smallest);
        for (const [index, { speaks }] of routers.entries())
          if (speaks) expect(hops[index].address).toBe(`r${index + 1}`);
        expect(sent.length).toBeLessThan(4 * (hops.length + 1) + routers.length);
      }),
    );
  });

  it('says at which hop packets become smaller, where each router says what it takes', async () => {
    const wide = { speaks: true, mtu: 1500, tells: true };
    const { hops } = await traced(network([wide, { ...wide, mtu: 1400 }, wide, { ...wide, mtu: 1280 }]));
    expect(hops.map(({ mtu, mtuBy }) => [mtu, mtuBy])).toEqual([
      [null, null],
      [1400, 'icmp'],
      [null, null],
      [1280, 'icmp'],
      [null, null],
    ]);
  });

  it('says it too where the router has spoken of a larger packet that went before the probes', async () => {
    const inner = network([{ speaks: true, mtu: 1400, tells: true }]);
    let hasSpoken = false;
    const { hops, size } = await traced((hop, bytes) => {
      if (hop !== 1 || hasSpoken) return inner(hop, bytes);
      hasSpoken = true;
      return inner(hop + 1, bytes);
    });
    expect(hops.map(({ address, mtu, mtuBy }) => [address, mtu, mtuBy])).toEqual([
      ['r1', 1400, 'icmp'],
      [null, null, null],
    ]);
    expect(size).toBe(1400);
  });

  it('says behind which hop large packets vanish without a word', async () => {
    const wide = { speaks: true, mtu: 1500, tells: true };
    const { hops, size } = await traced(network([wide, { ...wide, mtu: 1400, tells: false }, wide]), 1400);
    expect(hops[1]).toMatchObject({ mtu: 1400, mtuBy: 'silence' });
    expect(size).toBe(1400);
  });

  it('does not take an answer that is lost once for a narrow hop', async () => {
    const inner = network([{ speaks: true, mtu: 1500, tells: true }]);
    let lost = 0;
    const { hops, size } = await traced(async (hop, bytes) => {
      const answer = await inner(hop, bytes);
      return hop === 1 && lost++ === 0 ? null : answer;
    });
    expect(hops.map(({ mtu }) => mtu)).toEqual([null, null]);
    expect(size).toBe(FIRST);
  });

  it('ends where nobody answers any more, or where somebody refuses', async () => {
    const silence = await traced(() => Promise.resolve(null));
    expect([silence.rttUs, silence.hops.length, silence.problem]).toEqual([null, 5, null]);
    const refusing: Probe = (hops) =>
      Promise.resolve(
        hops === 0
          ? null
          : { what: 'unreachable', from: 'r1', mtu: 0, reason: 'forbidden by a firewall', rttUs: 1 },
      );
    expect((await traced(refusing)).hops).toMatchObject([
      { address: 'r1', refusal: 'forbidden by a firewall' },
    ]);
    const host: Probe = () =>
      Promise.resolve({ what: 'refused', from: null, mtu: 0, reason: 'no session', rttUs: 0 });
    expect(await traced(host)).toMatchObject({ problem: 'no session', hops: [] });
  });

  it('ends whatever answers say, with a bounded number of probes', async () => {
    const anything = fc.option(
      fc.record({
        what: fc.constantFrom(
          'peer' as const,
          'expired' as const,
          'too-big' as const,
          'unreachable' as const,
          'refused' as const,
        ),
        from: fc.option(fc.constantFrom('r1', 'r2')),
        mtu: fc.integer({ min: 0, max: 70_000 }),
        reason: fc.constant('why'),
        rttUs: fc.nat(),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(anything, { minLength: 1, maxLength: 300 }), async (answers) => {
        let at = 0;
        const { hops } = await traced(() => Promise.resolve(answers[at++ % answers.length]), 1400);
        expect(hops.length).toBeLessThanOrEqual(30);
        expect(at).toBeLessThan(30 * 4 + 1500);
      }),
    );
  });
});
