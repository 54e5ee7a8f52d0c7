/** The grid as text: a page whose lines change when behaviour changes, and only then. */
import type { Policy } from '../../src/api/config.js';
import { POLICY } from '../../src/state/peers.js';
import { type BulkCell, bulkCell } from './bulk.js';
import { type FailoverCell, failoverCell } from './failover.js';
import { PAIRS, type Pair, PROFILES } from './profiles.js';

export const POLICIES = Object.keys(POLICY) as Policy[];
/** A pair may not be slower than its better path alone, but for this much, in percent. */
const FLOOR_PERCENT = 95;

export const FAILOVER_HEAD = [
  '| paths | policy | lost of 2000 | twice | late by | p50 ms | p99 ms | outage ms | extra % |',
  '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
];
export const BULK_HEAD = [
  '| paths | together | better alone | of the better % | of the sum % |',
  '| --- | --- | --- | --- | --- |',
];

/** The lines of the grid of failover for one pair. */
export function failoverRows(pair: Pair): string[] {
  return POLICIES.map((policy) => failoverRow(pair, policy, failoverCell(pair, policy)));
}

function failoverRow(pair: Pair, policy: Policy, cell: FailoverCell): string {
  const { lost, duplicated, displacement, latencyP50Ms, latencyP99Ms, outageMs, extraPercent } = cell;
  const times = [latencyP50Ms, latencyP99Ms, outageMs].map((ms) => ms.toFixed(1));
  return row(pairName(pair), policy, lost, duplicated, displacement, ...times, extraPercent.toFixed(1));
}

/** The line of the grid of bulk transfers for one pair. */
export function bulkRow(pair: Pair): string {
  return bulkRowOf(pair, bulkCell(pair));
}

function bulkRowOf(pair: Pair, { together, best, sum }: BulkCell): string {
  const percent = (of: number) => Math.round((100 * together) / of);
  return row(pairName(pair), together.toFixed(1), best.toFixed(1), percent(best), percent(sum));
}

function pairName([one, other]: Pair): string {
  return `${one} + ${other}`;
}

function row(...cells: (string | number)[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** The whole page; `tell` hears of each pair. */
export function gridPage(bulkPairs: readonly Pair[], tell: (pair: string) => void): string {
  const failover = PAIRS.flatMap((pair) => {
    tell(pairName(pair));
    return failoverRows(pair);
  });
  const cells = bulkPairs.map((pair) => {
    tell(pairName(pair));
    return { pair, cell: bulkCell(pair) };
  });
  const below = cells.filter(({ cell }) => Math.round((100 * cell.together) / cell.best) < FLOOR_PERCENT);
  return `# The grid

What the datapath does over pairs of paths, in the simulator: virtual time, fixed seeds, the code that ships. \`npm run grid\`
writes this page; \`npm test\` computes part of it anew and fails when a line differs. A change of behaviour is thus a change
of this page, to be reviewed like code.

## The paths

Rates are a tenth of what such paths carry, of each direction; delay is one way.

| path | Mbit/s | delay ms | queue ms | jitter ms | loss |
| --- | --- | --- | --- | --- | --- |
${Object.entries(PROFILES)
  .map(([name, profile]) => profileRow(name, profile))
  .join('\n')}

## A cut under a steady stream

Frames of 100 bytes, one every 2 ms, for 4 s; heartbeats every 100 ms, hold time 300 ms. The first path falls into a black hole at
1.5 s and comes back at 2.5 s. *Late by*: how many frames overtook the latest one, at most. *Outage*: the longest silence from
the cut on. *Extra*: datagrams beyond one a frame and those that flow without traffic. Paths that lose datagrams by
themselves lose frames without any cut.

${[...FAILOVER_HEAD, ...failover].join('\n')}

## One TCP connection under the policy \`adaptive\`

Mbit/s of payload over eight seconds, after eight, over links that had been idle for half a minute. The goal is ${FLOOR_PERCENT} % of the better path alone, or more;
${below.length} of ${cells.length} pairs are below it.

${[...BULK_HEAD, ...cells.map(({ pair, cell }) => bulkRowOf(pair, cell))].join('\n')}
`;
}

function profileRow(name: string, profile: (typeof PROFILES)[keyof typeof PROFILES]): string {
  const { mbit, delayMs, queueMs } = profile;
  const jitterMs = 'jitterMs' in profile ? profile.jitterMs : 0;
  return row(name, mbit, delayMs, queueMs, jitterMs, lossOf(profile));
}

function lossOf(profile: (typeof PROFILES)[keyof typeof PROFILES]): string {
  const percent = (share: number) => `${Number((100 * share).toFixed(2))} %`;
  if ('loss' in profile) return percent(profile.loss);
  if (!('bursts' in profile)) return '0';
  const { start, end } = profile.bursts;
  return `${percent(start / (start + end))} in bursts of ${Math.round(1 / end)}`;
}
