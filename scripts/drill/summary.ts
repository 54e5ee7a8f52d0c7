/** What the trials of a cell add up to. */
import type { Policy } from '../../src/api/config.js';
import { DEATHS, type DeathKind } from '../lab/deaths.js';
import type { Timers } from './bed.js';
import { totalOf } from './kernel-drops.js';
import type { Machine } from './machine.js';
import type { DrillOptions, Load } from './options.js';
import type { TrafficWindow } from './traffic.js';
import type { Trial } from './trial.js';

/** One kind of death under one policy and load. */
export interface Cell {
  kind: DeathKind;
  policy: Policy;
  load: Load;
  trials: Trial[];
  /** The traffic before the first death: what machine and policy do by themselves. Null when idle. */
  undisturbed: TrafficWindow | null;
  /** The longest that the stream's own sender was late, in ms; null when idle. */
  senderLatenessMs: number | null;
  /** Why the cell could not be completed; null when it was. */
  failure: string | null;
}

export interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

export interface Summary {
  /** Until both ends had left the link, in ms; null if that happened in no trial. */
  detectionMs: Percentiles | null;
  /** Trials in which an end did not leave a link that was dead. */
  unnoticed: number;
  /** The longer silence of ping and stream, in ms; null when idle. */
  outageMs: Percentiles | null;
  sent: number;
  lost: number;
  duplicated: number;
  resent: number;
  /** Resent datagrams among all that the near end sent, in percent. */
  extraPercent: number | null;
  /** What the kernel dropped because a program was late; included in the lost frames. */
  kernelDrops: number;
  /** The worst lateness of a worker in any trial, in ms. */
  latenessMs: number;
  verdict: Verdict;
}

/** `held`: nothing was lost; `broken`: something was; `told`: the link still carries something, so it may lose that. */
export type Verdict = 'held' | 'broken' | 'told';

/** A whole drill, as written to the JSON file. */
export interface DrillResult {
  startedAt: string;
  machine: Machine;
  options: DrillOptions;
  cells: SummarizedCell[];
}

export type SummarizedCell = Cell & { summary: Summary };

/** The smallest of `values` that at least `percent` of them do not exceed (nearest rank). */
export function percentile(values: readonly number[], percent: number): number {
  if (values.length === 0) throw new Error('no values, no percentile');
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
}

export function percentiles(values: readonly number[]): Percentiles | null {
  if (values.length === 0) return null;
  const [p50, p95, p99, max] = [50, 95, 99, 100].map((percent) => percentile(values, percent));
  return { p50, p95, p99, max };
}

/** How long a trial was felt: the longer silence of its ping and its stream, in ms. */
export function outageOf(traffic: TrafficWindow): number {
  return Math.max(traffic.pingSilenceMs, traffic.streamSilenceMs);
}

/** Until both ends had left the link; null when one did not. */
export function detectionOf({ detectionMs: { near, far } }: Trial): number | null {
  return near === null || far === null ? null : Math.max(near, far);
}

export function summarize(cell: Cell): Summary {
  const { trials } = cell;
  const windows = trials.flatMap(({ traffic }) => traffic ?? []);
  const total = (field: 'sent' | 'lost' | 'duplicated') =>
    windows.reduce((sum, window) => sum + window[field], 0);
  const [sent, lost, duplicated] = [total('sent'), total('lost'), total('duplicated')];
  const resent = trials.reduce((sum, trial) => sum + trial.resent, 0);
  const { outcome } = DEATHS[cell.kind];
  const unnoticed = outcome === 'down' ? trials.filter((trial) => detectionOf(trial) === null).length : 0;
  const isWhole = lost + duplicated + unnoticed === 0 && cell.failure === null;
  return {
    detectionMs: percentiles(trials.flatMap((trial) => detectionOf(trial) ?? [])),
    unnoticed,
    outageMs: percentiles(windows.map(outageOf)),
    sent,
    lost,
    duplicated,
    resent,
    extraPercent: sent === 0 ? null : (100 * resent) / sent,
    kernelDrops: trials.reduce((sum, trial) => sum + totalOf(trial.kernelDrops), 0),
    latenessMs: Math.max(0, ...trials.flatMap(({ latenessMs: { near, far } }) => [near ?? 0, far ?? 0])),
    verdict: outcome === 'worse' && cell.failure === null ? 'told' : isWhole ? 'held' : 'broken',
  };
}

/** The outage within which a death should stay, in ms, 99 times of 100; null where none is promised. */
export function outageGoal(kind: DeathKind, policy: Policy, { hold, interval }: Timers): number | null {
  const { outcome, toldByKernel } = DEATHS[kind];
  if (policy === 'active' || outcome === 'worse') return null;
  if (toldByKernel) return 5;
  return outcome === 'down' ? hold + Math.max(15, 0.6 * interval) : null;
}
