/** One cell of the grid of bulk transfers: one TCP connection over a pair of paths, beside each path alone. */
import { goodput } from '../sim/bulk.js';
import { type Pair, PROFILES, type ProfileName, seedOf } from './profiles.js';

const WARM_UP_S = 3;
const MEASURED_S = 4;

export interface BulkCell {
  /** Mbit/s of payload. */
  together: number;
  /** Of the better path alone. */
  best: number;
  /** Of both paths alone, added. */
  sum: number;
}

const alone = new Map<ProfileName, number>();

function goodputAlone(name: ProfileName): number {
  const known = alone.get(name);
  if (known !== undefined) return known;
  const found = goodput(seedOf(name), [PROFILES[name]], 'passive', 1, MEASURED_S, WARM_UP_S);
  alone.set(name, found);
  return found;
}

export function bulkCell(pair: Pair): BulkCell {
  const [one, other] = pair.map(goodputAlone);
  const links = pair.map((name) => PROFILES[name]);
  return {
    together: goodput(seedOf(...pair), links, 'adaptive', 1, MEASURED_S, WARM_UP_S),
    best: Math.max(one, other),
    sum: one + other,
  };
}
