import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { losslessRate } from '../../bench/lossless.js';
import type { Trial } from '../../bench/paced.js';
import type { Row } from '../../bench/report.js';
import { tablePage } from '../../bench/table/page.js';
import { barPlot } from '../../bench/table/plot.js';

/** What a device that carries `capacity` makes of a rate, from a sender that reaches `most`. */
function trial(capacity: number, rate: number, most = Number.POSITIVE_INFINITY): Trial {
  const offered = Math.min(rate, most);
  const received = Math.min(offered, capacity);
  return { offered, received, lost: 1 - received / offered, count: received, duplicated: 0, latencyUs: null };
}

const rates = { min: 1_000, max: 1_000_000, noNaN: true };

describe('the search for the lossless rate', () => {
  it('finds the capacity within 3 % from below, if it begins within a factor of three', () =>
    fc.assert(
      fc.asyncProperty(
        fc.double(rates),
        fc.double({ min: 1 / 3, max: 3, noNaN: true }),
        async (capacity, start) => {
          const found = (await losslessRate(async (rate) => trial(capacity, rate), start * capacity))!;
          // A share of 0.01 % may be lost.
          expect(found).toBeLessThanOrEqual(capacity * 1.0002);
          expect(found).toBeGreaterThanOrEqual(capacity / 1.031);
        },
      ),
    ));

  it('is not misled by a single disturbance at each rate', async () => {
    const tried = new Set<number>();
    const found = await losslessRate(async (rate) => {
      const isFirst = !tried.has(rate);
      tried.add(rate);
      return isFirst ? { ...trial(100_000, rate), lost: 0.2 } : trial(100_000, rate);
    }, 50_000);
    expect(found).toBeGreaterThan(97_000);
  });

  it('ends at what the sender can send', async () => {
    expect(await losslessRate(async (rate) => trial(900_000, rate, 300_000), 200_000)).toBe(300_000);
  });

  it('gives up where something is lost at any rate, in a bounded number of trials', async () => {
    let trials = 0;
    const broken = async (rate: number) => {
      trials++;
      return { ...trial(1, rate), lost: 0.5 };
    };
    expect(await losslessRate(broken, 1e6)).toBeUndefined();
    expect(trials).toBeLessThanOrEqual(31);
  });
});

describe('the page of a run', () => {
  const rows: Row[] = [
    {
      name: 'octolink',
      title: 'Octolink & co',
      layer: 2,
      encrypted: true,
      rounds: [{ tcp1: 6 }, { tcp1: 8 }],
    },
    { name: 'wireguard-go', title: 'wireguard-go', layer: 3, encrypted: true, rounds: [{ tcp1: 2 }] },
  ];
  const machine = { processors: 2, model: 'a processor', kernel: '6.18', node: 'v20', load: 0.5 };
  const run = { machine, args: ['--table'], rounds: 2, seconds: 2, figures: ['tcp1', 'rtt'] as const, rows };

  it('has medians and spreads of every row, the command, and ratios', () => {
    const page = tablePage(run, new Date(0), 'abc1234');
    expect(page).toContain('1970-01-01 00:00 UTC, revision abc1234');
    expect(page).toContain('`npm run bench -- --table`: 2 rounds');
    expect(page).toMatch(/\| Octolink & co \| L2 +\| 7\.00 +\| 14 % \|/);
    expect(page).toContain('- TCP, 1 stream: 3.50 × wireguard-go');
  });

  it('has a picture with a bar for each row, as long as its share of the best, and none where nothing was measured', () => {
    const widths = [...barPlot(rows, ['tcp1', 'rtt']).matchAll(/<rect x="250"[^>]* width="([\d.]+)"/g)].map(
      widthOf,
    );
    expect(widths).toEqual([330, 94.3, 0, 0]);
    expect(barPlot(rows, ['tcp1'])).toContain('Octolink &amp; co');
  });
});

function widthOf(match: RegExpMatchArray): number {
  return Number(match[1]);
}
