/** What a run of cuts comes to: percentiles of the outage, losses, and the text that shows them. */
import type { CutsResult } from './cuts.js';

/** The goal for a silent black hole with 10/30 ms timers: the outage that 99 of 100 cuts stay within, in ms. */
const P99_GOAL_MS = 50;

export interface CutsSummary {
  /** Longest silence of the ping over each cut; one interval of the ping is part of it. */
  outageMs: { p50: number; p95: number; p99: number; max: number };
  sent: number;
  lost: number;
  duplicated: number;
  /** Nothing was lost, nothing came twice, and the 99th percentile is within the goal. */
  held: boolean;
}

/** The smallest of `values` that at least `percent` of them do not exceed (nearest rank). */
export function percentile(values: number[], percent: number): number {
  if (values.length === 0) throw new Error('no values, no percentile');
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
}

export function summarize({ samples }: Pick<CutsResult, 'samples'>): CutsSummary {
  const outages = samples.map(({ silenceMs }) => silenceMs);
  const total = (field: 'sent' | 'lost' | 'duplicated') =>
    samples.reduce((sum, sample) => sum + sample[field], 0);
  const outageMs = {
    p50: percentile(outages, 50),
    p95: percentile(outages, 95),
    p99: percentile(outages, 99),
    max: Math.max(...outages),
  };
  const [sent, lost, duplicated] = [total('sent'), total('lost'), total('duplicated')];
  const held = lost === 0 && duplicated === 0 && outageMs.p99 <= P99_GOAL_MS;
  return { outageMs, sent, lost, duplicated, held };
}

export function cutsReport(result: CutsResult, summary: CutsSummary): string {
  const { outageMs, sent, lost, duplicated } = summary;
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  const { interval, hold } = result.timers;
  return [
    `${result.cuts} cuts, ${result.kind}, ${result.links} links, heartbeats every ${interval} ms, hold time ${hold} ms`,
    `outage     p50 ${ms(outageMs.p50)}   p95 ${ms(outageMs.p95)}   p99 ${ms(outageMs.p99)}   ` +
      `max ${ms(outageMs.max)}   (goal: p99 ≤ ${P99_GOAL_MS} ms)`,
    `frames     ${sent} sent, ${lost} lost, ${duplicated} duplicated, one every ${result.pingIntervalMs} ms`,
    `undisturbed, the longest silence was ${ms(result.undisturbed.silenceMs)}`,
    ...result.lateness.map(
      ({ host, scheduling, maxUs }) =>
        `${host}: the datapath thread (${scheduling}) was at most ${ms((maxUs ?? 0) / 1000)} late`,
    ),
    ...result.samples.flatMap(({ link, silenceMs, ...sample }, i) =>
      sample.lost + sample.duplicated === 0
        ? []
        : [
            `cut ${i + 1} (link ${link}): ${sample.lost} lost, ${sample.duplicated} duplicated, ${ms(silenceMs)}`,
          ],
    ),
  ].join('\n');
}
