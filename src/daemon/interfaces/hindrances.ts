/** What last kept a link from being used although its place is complete, as the worker notes it. */
import { getSystemErrorName } from 'node:util';
import { LINK, LINK_WIDTH } from '../../contract/stats.js';

export type Hindrance =
  /** The kernel refuses to send: the name of its error. */
  | { kind: 'refused'; error: string }
  /** The peer calls by another id what is this link here. */
  | { kind: 'other-id'; id: number };

/** What was seen longer ago than so many intervals of the link, or than this, says nothing of now. */
const INTERVALS = 5;
const RECENT_US = 3_000_000;

/** Null: nothing is known to hinder the link of a row. `nowUs`: since boot. */
export function hindranceOf(links: Float64Array, row: number, nowUs: number): Hindrance | null {
  const at = row * LINK_WIDTH;
  const hinderedUs = links[at + LINK.hinderedUs];
  const recentUs = Math.max(RECENT_US, INTERVALS * links[at + LINK.intervalUs]);
  if (hinderedUs === 0 || nowUs - hinderedUs > recentUs) return null;
  const errno = links[at + LINK.refusedErrno];
  if (errno !== 0) return { kind: 'refused', error: getSystemErrorName(errno) };
  return { kind: 'other-id', id: links[at + LINK.otherId] };
}
