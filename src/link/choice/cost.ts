/** What a link costs a frame, as one number, so that links can be compared by what was measured. */
import type { LinkTable } from '../../state/links.js';

/** Fewer datagrams than these say nothing of loss. */
const LEAST_DATAGRAMS = 20;
/** Loss up to this is noise of the estimate. */
const IGNORED_PERMILLE = 10;
/** What a permille of loss beyond that is worth: one percent costs as much as 10 ms. */
const PERMILLE_US = 1000;
/** By how much a link must be better to be better at all: a part of the other one's cost, and at least this. */
const BETTER_SHARE = 0.1;
const BETTER_US = 2000;

/** Loss toward the peer in permille; 0 while too little was sent to tell. */
export function lossOutOf(links: LinkTable, row: number): number {
  const { outbound } = links.loss;
  return outbound.sent(row) < LEAST_DATAGRAMS ? 0 : outbound.permille(row);
}

/**
 * Cost of a link in µs: its round-trip time, twice its jitter, and what its loss toward the peer is worth. Each end judges
 * its own direction, so both may send by different links. Infinite while nothing was measured.
 */
export function costOf(links: LinkTable, row: number): number {
  const rtt = links.rttSmoothed[row];
  if (rtt === 0) return Number.POSITIVE_INFINITY;
  const loss = Math.max(0, lossOutOf(links, row) - IGNORED_PERMILLE);
  return rtt + 2 * links.jitter[row] + loss * PERMILLE_US;
}

/** Variance of the loss in a cost, in µs²: the fewer datagrams it was seen in, the less it says. */
function varianceOf(links: LinkTable, row: number): number {
  const loss = lossOutOf(links, row) / 1000;
  return (
    ((loss * (1 - loss)) / Math.max(LEAST_DATAGRAMS, links.loss.outbound.sent(row))) *
    (1000 * PERMILLE_US) ** 2
  );
}

/** Whether a link costs enough less than another to be worth a move, by more than chance explains. */
export function isClearlyBetter(links: LinkTable, row: number, than: number): boolean {
  const cost = costOf(links, row);
  const other = costOf(links, than);
  if (cost === Number.POSITIVE_INFINITY) return false;
  if (other === Number.POSITIVE_INFINITY) return true;
  const accident = 2 * Math.sqrt(varianceOf(links, row) + varianceOf(links, than));
  return other - cost >= Math.max(BETTER_US, BETTER_SHARE * other, accident);
}
