/** The history of links as an answer. */

import { SERIES, type SeriesName } from '../../api/history.js';
import type { LinkHistory } from '../../api/index.js';
import {
  COARSE_SECONDS,
  COARSE_STEPS,
  FINE_STEPS,
  type LinkHistory as Recorded,
} from '../observe/link-history.js';

type Place = Pick<LinkHistory, 'interface' | 'peer' | 'link'>;

/** What `history` holds up to the last step that is over; `now` is the current second of its clock. */
export function historyStatus(
  place: Place,
  history: Recorded,
  step: 'seconds' | 'minutes',
  now: number,
  epochMs: number,
): LinkHistory {
  if (step === 'seconds') {
    const last = now - 1;
    const values = trimmed([seriesBy((name) => history.seconds(name, last, FINE_STEPS))])[0];
    return { ...place, stepSeconds: 1, endMs: endOf(now, now, epochMs), values, largest: null };
  }
  const minute = Math.floor(now / COARSE_SECONDS);
  const [values, largest] = trimmed([
    seriesBy((name) => history.minutes(name, 'mean', minute - 1, COARSE_STEPS)),
    seriesBy((name) => history.minutes(name, 'largest', minute - 1, COARSE_STEPS)),
  ]);
  const endMs = endOf(minute * COARSE_SECONDS, now, epochMs);
  return { ...place, stepSeconds: COARSE_SECONDS, endMs, values, largest };
}

type Series = Record<SeriesName, (number | null)[]>;

function seriesBy(read: (name: SeriesName) => number[]): Series {
  return Object.fromEntries(
    SERIES.map((name) => [name, read(name).map((value) => (Number.isNaN(value) ? null : tenths(value)))]),
  ) as Series;
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Without the oldest steps, of which nothing is known. */
function trimmed(all: Series[]): Series[] {
  const lists = all.flatMap((series) => Object.values(series));
  const firsts = lists.map((list) => list.findIndex((value) => value !== null));
  const known = firsts.filter((first) => first >= 0);
  const first = known.length === 0 ? lists[0].length : Math.min(...known);
  return all.map(
    (series) => Object.fromEntries(SERIES.map((name) => [name, series[name].slice(first)])) as Series,
  );
}

function endOf(second: number, now: number, epochMs: number): number {
  return epochMs - (now - second) * 1000;
}
