/** What the switch decides of a frame, as one number: a peer row (0 and up), `LOCAL_PORT`, or one of these. */
import { MISS } from './mac-table.js';

/** To all ports but the one it came from and those of its split-horizon group. */
export const FLOOD = MISS;
/** To the ports that the switch has selected: see `Bridge.selected`. */
export const SELECTED = FLOOD - 1;
const FIRST_DROP = SELECTED - 1;

/** Whether a verdict is to drop the frame; `dropReason` says why. */
export function isDrop(verdict: number): boolean {
  return verdict <= FIRST_DROP;
}

/** The index in `DROP` of a verdict to drop. */
export function dropReason(verdict: number): number {
  return FIRST_DROP - verdict;
}

/** The verdict to drop a frame for a reason, an index in `DROP`. */
export function dropFor(reason: number): number {
  return FIRST_DROP - reason;
}
