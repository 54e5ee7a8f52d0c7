/** What a MAC table is made with. */
import type { Directs } from './directs.js';

/** Unheard for this long, an entry is gone, unless somebody says otherwise. */
export const DEFAULT_AGEING_US = 300e6;

export interface MacTableOptions {
  /** Most entries, learned and static together. */
  limit: number;
  /** Unheard for this long, a learned entry is gone. Default 300 s. */
  ageingUs?: number;
  /** Two random 32-bit words that make bucket collisions unpredictable. */
  seed: readonly [number, number];
  /** Ports of direct peers; default: none. */
  directs?: Directs;
}

/** @throws RangeError when the limit is not between 1 and 2^24. */
export function checkedLimit(limit: number): number {
  if (!Number.isInteger(limit) || limit < 1 || limit > 2 ** 24) {
    throw new RangeError(`MAC table limit ${limit} is not between 1 and ${2 ** 24}`);
  }
  return limit;
}

/** @throws RangeError when the time is not positive. */
export function checkedAgeing(ageingUs: number): number {
  if (!(ageingUs > 0)) throw new RangeError(`MAC ageing time ${ageingUs} is not positive`);
  return ageingUs;
}
