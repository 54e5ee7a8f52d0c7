/**
 * The highest rate at which nothing to speak of is lost (throughput in the sense of RFC 2544, section 26.1), by bisection with
 * loss verification (ETSI GS NFV-TST 009): a rate fails only when it fails twice, since a machine that does other things as
 * well loses datagrams now and then at any rate.
 */
import type { Trial } from './paced.js';

/** A greater share than this is loss. */
export const MOST_LOST = 0.0001;
/** The search ends when pass and fail are this close. */
const PRECISION = 1.03;
/** Steps until there is one rate that passes and one that fails. */
const STEP = 1.25;
const MOST_TRIALS = 30;
/** Below this share of what was asked for, the sender itself is the limit. */
const SUSTAINED = 0.97;

/**
 * Searches from `start`, a rate in datagrams a second. `offer` runs one trial at a rate.
 * @returns The best rate that passed, as it was really sent; undefined when none did.
 */
export async function losslessRate(
  offer: (rate: number) => Promise<Trial>,
  start: number,
): Promise<number | undefined> {
  let best: number | undefined;
  let passing = 0;
  let failing = Number.POSITIVE_INFINITY;
  let trials = 0;

  for (let rate = start; failing / passing > PRECISION && trials < MOST_TRIALS && rate >= 1; ) {
    let trial = await offer(rate);
    trials++;
    if (trial.lost > MOST_LOST) {
      trial = await offer(rate);
      trials++;
    }
    if (trial.lost > MOST_LOST) failing = rate;
    else {
      passing = rate;
      best = trial.offered;
      if (trial.offered < rate * SUSTAINED) break;
    }
    if (passing === 0) rate = failing / STEP;
    else rate = failing === Number.POSITIVE_INFINITY ? passing * STEP : Math.sqrt(passing * failing);
  }
  return best;
}
