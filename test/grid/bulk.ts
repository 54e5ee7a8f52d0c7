/** One cell of the grid of bulk transfers: one TCP connection over a pair of paths, beside each path alone. */
import type { Policy } from '../../src/api/config.js';
import { goodput, type LinkProfile } from '../sim/bulk.js';
import { type Pair, PROFILES, type ProfileName, seedOf } from './profiles.js';

/** Links are up and idle first, so that heartbeats have measured them. */
const IDLE_S = 30;
const WARM_UP_S = 8;
const MEASURED_S = 8;
/** Where datagrams are lost by chance, one run says little. */
const RUNS_WITH_LOSS = 2;

export interface BulkCell {
  /** Mbit/s of payload, the mean of the runs. */
  together: number;
  /** Of the better path alone. */
  best: number;
  /** Of both paths alone, added. */
  sum: number;
}

const alone = new Map<ProfileName, number>();

export function bulkCell(pair: Pair): BulkCell {
  const [one, other] = pair.map(goodputAlone);
  return {
    together: meanGoodput(pair, 'adaptive'),
    best: Math.max(one, other),
    sum: one + other,
  };
}

function goodputAlone(name: ProfileName): number {
  const known = alone.get(name) ?? meanGoodput([name], 'passive');
  alone.set(name, known);
  return known;
}

function meanGoodput(names: readonly ProfileName[], policy: Policy): number {
  const links: LinkProfile[] = names.map((name) => PROFILES[name]);
  const runs = links.some(({ loss, bursts }) => loss ?? bursts) ? RUNS_WITH_LOSS : 1;
  let sum = 0;
  for (let run = 0; run < runs; run++) {
    sum += goodput(seedOf(...names, String(run)), links, policy, 1, MEASURED_S, WARM_UP_S, IDLE_S);
  }
  return sum / runs;
}
