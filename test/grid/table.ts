/** The grid as text: a page whose lines change when behaviour changes, and only then. */
import type { Policy } from '../../src/api/config.js';
import { POLICY } from '../../src/state/peers.js';
import type { LinkProfile } from '../sim/bulk.js';
import { type BulkCell, bulkCell, DRAWS, type Draws, MEASURED_S } from './bulk.js';
import { type FailoverCell, failoverCell } from './failover.js';
import { LATER } from './later.js';
import { KINDS, PAIRS, type Pair, pairsOfKinds, pairsOfLater, pairsOfPublished } from './profiles.js';
import { PUBLISHED } from './published.js';

export const POLICIES = Object.keys(POLICY) as Policy[];
/** A pair may not be slower than its better path alone, but for this much, in percent. */
const FLOOR_PERCENT = 95;

export const FAILOVER_HEAD = [
  '| paths | policy | lost of 2000 | twice | late by | p50 ms | p99 ms | outage ms | extra % |',
  '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
];
export const BULK_HEAD = [
  '| paths | together | better alone | of the better % | worst | best | of the sum % |',
  '| --- | --- | --- | --- | --- | --- | --- |',
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
export function bulkRow(pair: Pair, draws: Draws): string {
  const cell = bulkCell(pair, draws);
  const { median, least, most, best, sum } = cell;
  const spread = [least, most].map((draw) => percent(draw, best));
  const figures = [median.toFixed(1), best.toFixed(1), ofTheBetter(cell), ...spread, percent(median, sum)];
  return row(pairName(pair), ...figures);
}

function ofTheBetter({ median, best }: BulkCell): number {
  return percent(median, best);
}

function percent(part: number, whole: number): number {
  return Math.round((100 * part) / whole);
}

function pairName([one, other]: Pair): string {
  return `${one} + ${other}`;
}

function row(...cells: (string | number)[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** The whole page. */
export function gridPage(draws: Draws): string {
  return `# The grid

What the datapath does over pairs of paths, in the simulator: virtual time, fixed seeds, the code that ships. \`npm run grid\`
writes this page; \`npm test\` computes part of it anew and fails when a line differs. A change of behaviour is thus a change
of this page, to be reviewed like code.

## The paths

Rates are a tenth of what such paths carry, of each direction; delay is one way.

${profileTable(KINDS)}

## A cut under a steady stream

Frames of 100 bytes, one every 2 ms, for 4 s; heartbeats every 100 ms, hold time 300 ms. The first path falls into a black hole at
1.5 s and comes back at 2.5 s. *Late by*: how many frames overtook the latest one, at most. *Outage*: the longest silence from
the cut on. *Extra*: datagrams beyond one a frame and those that flow without traffic. Paths that lose datagrams by
themselves lose frames without any cut.

${[...FAILOVER_HEAD, ...PAIRS.flatMap(failoverRows)].join('\n')}

## One TCP connection under the policy \`adaptive\`

Mbit/s of payload over ${MEASURED_S} seconds, after eight, over links that had been idle for half a minute. Each pair is run ${DRAWS} times
with other seeds, and so is each path alone: *together* is the median, *better alone* the greater of the two paths' medians, *worst* and
*best* are the draws that came out so, in percent of the better alone. The goal is ${FLOOR_PERCENT} % of the better path alone, or more.
${verdict(pairsOfKinds(), draws)}

${bulkTable(pairsOfKinds(), draws)}

## The same over paths that others have measured

The profiles were drawn before the datapath met them, but pairs of them have been looked at since: the rules of
[0160](decisions/0160-a-link-shows-what-it-carries.md) and [0161](decisions/0161-what-chance-loses-of-the-lane-is-asked-for.md)
were found by looking at pairs of this table and of the one above, with other seeds than these. Rates above 25 Mbit/s are a tenth of
those published.

${profileTable(PUBLISHED)}

\`nepal-wifi\` to \`mexico-wired\`: Pantheon (Yan et al., USENIX ATC 2018), its emulators calibrated to real paths.
\`att-driving\` to \`umts-driving\`: mean rates of the cellular traces of Sprout (Winstein et al., NSDI 2013) that come with Mahimahi,
their unevenness as jitter. \`starlink-down\`, \`starlink-up\` and \`satcom\`: Michel et al., IMC 2022. \`5g-up\`: Xu et al., SIGCOMM 2020.
\`us-cable\` and \`us-dsl\`: the size of the FCC's figures in Measuring Broadband America, with queues as Sundaresan et al.
(SIGCOMM 2011) met them.

${verdict(pairsOfPublished(), draws)}

${bulkTable(pairsOfPublished(), draws)}

${laterSection(draws)}`;
}

/** The part of the page about the paths that were drawn last. */
function laterSection(draws: Draws): string {
  return `## The same over paths that were drawn last

Drawn from other publications after the rules of the lane had been chosen, and written down before anything was simulated. Then 3 of 28 pairs
were below the goal by the median draw, and 8 by the worst: \`starlink-road\` with \`lte-2012\` (55 %), with \`geo-550\` (44 %) and with
\`new-york-subway\` (80 %). Why they were was looked at, and one rule of [0160](decisions/0160-a-link-shows-what-it-carries.md) was chosen by
them, with other seeds than these; others were only compared before and after it. Rates above 25 Mbit/s are a tenth of those published.

${profileTable(LATER)}

\`starlink-road\`: Laniewski et al., Starlink on the Road (2024), medians of the data set while driving. \`ireland-5g\`: Raca et al., MMSys 2020,
the data set's downloads standing still. \`oslo-bus\`: Riiser et al., MMSys 2013, mean of the buses. \`new-york-subway\`: Mei et al.,
PAM 2019, mean of the first trace of the 7 train. \`cable-up-aqm\`: Flickinger et al., 2021, with AQM. \`lte-2012\`: Huang et al., MobiSys 2012,
medians. \`roofnet\`: Bicket et al., MobiCom 2005, means. \`geo-550\`: Perdices et al., IMC 2022.

What they do not say follows one rule: 20 ms each way; a queue of 100 packets of 1,500 bytes at the published rate, 50 ms at least; 20 ms
of jitter for uneven traces, 10 ms for other radio; no loss. So are the queues of all but \`cable-up-aqm\`, and the delays of \`oslo-bus\` and
\`new-york-subway\`. The rates of \`cable-up-aqm\` and \`geo-550\` are ours, and so is the delay of the former, whose AQM is a queue that ends.
Losses come by chance: their pattern is not published.

${verdict(pairsOfLater(), draws)}

${bulkTable(pairsOfLater(), draws)}
`;
}

function bulkTable(pairs: readonly Pair[], draws: Draws): string {
  return [...BULK_HEAD, ...pairs.map((pair) => bulkRow(pair, draws))].join('\n');
}

/** How many pairs are below the goal, and how far draws of one pair are apart. */
function verdict(pairs: readonly Pair[], draws: Draws): string {
  const cells = pairs.map((pair) => bulkCell(pair, draws));
  const below = cells.filter((cell) => ofTheBetter(cell) < FLOOR_PERCENT).length;
  const worstBelow = cells.filter(({ least, best }) => percent(least, best) < FLOOR_PERCENT).length;
  const spreads = cells.map(({ least, most, best }) => percent(most - least, best)).sort((a, b) => a - b);
  const [middle, tenth] = [0.5, 0.9].map((share) => spreads[Math.floor(share * spreads.length)]);
  return `By the median draw ${below} of ${pairs.length} pairs are below it, by the worst draw ${worstBelow}. From the worst draw of a pair to its best it is
${middle} points in the middle pair, more than ${tenth} in one of ten.`;
}

function profileTable(profiles: Record<string, LinkProfile>): string {
  const head = [
    '| path | Mbit/s | delay ms | queue ms | jitter ms | loss |',
    '| --- | --- | --- | --- | --- | --- |',
  ];
  return [...head, ...Object.entries(profiles).map(([name, profile]) => profileRow(name, profile))].join(
    '\n',
  );
}

function profileRow(name: string, profile: LinkProfile): string {
  const { mbit, delayMs, queueMs, jitterMs } = profile;
  return row(name, mbit, delayMs, queueMs ?? 50, jitterMs ?? 0, lossOf(profile));
}

function lossOf({ loss, bursts }: LinkProfile): string {
  const share = (of: number) => `${Number((100 * of).toFixed(2))} %`;
  if (loss !== undefined) return share(loss);
  if (bursts === undefined) return '0';
  const { start, end } = bursts;
  return `${share(start / (start + end))} in bursts of ${Math.round(1 / end)}`;
}
