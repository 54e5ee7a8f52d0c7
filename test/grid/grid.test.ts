/** What the grid says is what the code does. Part of it is computed here; `npm run grid` computes it all. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { drawsAsAsked } from './bulk.js';
import { GRID_FILE } from './main.js';
import { everyPair, PAIRS, type Pair } from './profiles.js';
import { bulkRow, failoverRows } from './table.js';

const HOW = 'docs/grid.md no longer says what the code does: run `npm run grid` and review the difference';
/** Bulk transfers cost seconds each: these, of slow paths, represent the rest. */
const BULK_SAMPLE: readonly Pair[] = [
  ['dsl', 'lte'],
  ['dsl-slow', 'geo-satellite'],
  ['oslo-bus', 'roofnet'],
  ['ireland-5g', 'roofnet'],
];

const draws = drawsAsAsked();
const lines = new Set(readFileSync(GRID_FILE, 'utf8').split('\n'));

describe('the grid', () => {
  it.each(PAIRS)('of a cut over %s and %s is as written', (...pair) => {
    for (const line of failoverRows(pair)) expect([...lines], HOW).toContain(line);
  });

  it.each(BULK_SAMPLE)('of a bulk transfer over %s and %s is as written', (...pair) => {
    expect([...lines], HOW).toContain(bulkRow(pair, draws));
  });

  it('holds every pair of paths, each once', () => {
    for (const [one, other] of everyPair()) {
      expect(
        [...lines].filter((line) => line.startsWith(`| ${one} + ${other} | `) && /^\| [^|]+\| \d/.test(line)),
        HOW,
      ).toHaveLength(1);
    }
  });

  it('twice never happens', () => {
    const failover = [...lines].filter((line) => /^\| \S+ \+ \S+ \| [a-z]/.test(line));
    expect(failover.length).toBeGreaterThan(0);
    for (const line of failover) expect(line.split(' | ')[3], line).toBe('0');
  });
});
