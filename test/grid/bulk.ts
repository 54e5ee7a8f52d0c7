/** One cell of the grid of bulk transfers: one TCP connection over a pair of paths, beside each path alone. */
import { goodput } from '../sim/bulk.js';
import { type Pair, type ProfileName, profileOf, seedOf } from './profiles.js';

/** Links are up and idle first, so that heartbeats have measured them. */
const IDLE_S = 30;
const WARM_UP_S = 8;
export const MEASURED_S = 8;
/** How often each transfer is run, with other seeds: one draw says little where chance has a part. */
export const DRAWS = 5;
/** Seeds before this one were looked at when rules of the lane were chosen: they have been kind to it since. */
const FIRST_DRAW = 300;

/** Gives Mbit/s of payload over one path, or over two under `adaptive`, of each draw in ascending order. */
export type Draws = (names: readonly ProfileName[]) => readonly number[];

export interface BulkCell {
  /** Mbit/s of payload over both paths: the median draw, the worst and the best. */
  median: number;
  least: number;
  most: number;
  /** Of the better path alone, by the median. */
  best: number;
  /** Of both paths alone, added. */
  sum: number;
}

export function bulkCell(pair: Pair, draws: Draws): BulkCell {
  const together = draws(pair);
  const [one, other] = pair.map((name) => median(draws([name])));
  return {
    median: median(together),
    least: together[0],
    most: together[DRAWS - 1],
    best: Math.max(one, other),
    sum: one + other,
  };
}

/** Runs a transfer as often as draws are asked for. */
export function drawnGoodput(names: readonly ProfileName[]): number[] {
  const policy = names.length === 1 ? 'passive' : 'adaptive';
  const links = names.map(profileOf);
  const seeds = Array.from({ length: DRAWS }, (_, draw) => seedOf(...names, String(FIRST_DRAW + draw)));
  return seeds
    .map((seed) => goodput(seed, links, policy, 1, MEASURED_S, WARM_UP_S, IDLE_S))
    .sort((a, b) => a - b);
}

/** The same, each transfer run when it is asked for, and once. */
export function drawsAsAsked(): Draws {
  const known = new Map<string, readonly number[]>();
  return (names) => {
    const key = names.join('+');
    const drawn = known.get(key) ?? drawnGoodput(names);
    known.set(key, drawn);
    return drawn;
  };
}

function median(ascending: readonly number[]): number {
  return ascending[(DRAWS - 1) / 2];
}
