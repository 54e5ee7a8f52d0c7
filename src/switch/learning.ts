/** What comes of a source address that the MAC table is told of. */
import type { SwitchNotice } from '../contract/events.js';

/** Answers of `learn`. */
export const LEARN = {
  /** Known on this port already. */
  REFRESHED: 0,
  /** New; there was room. */
  LEARNED: 1,
  /** Known on another port; it is on this one now. */
  MOVED: 2,
  /** New; the port with the most entries lost its oldest for it. */
  EVICTED: 3,
  /** Group or zero address, or a table full of static entries. */
  REFUSED: 4,
  /** Known on another port, and it has moved too often: it stays there. */
  FROZEN: 5,
  /** Static on another port. */
  PINNED: 6,
  /** New on a port behind which there are as many as may be. */
  LIMITED: 7,
} as const;

/** An address that has been frozen, as it is told; the latest of several at once. */
export type FrozenMac = Omit<Extract<SwitchNotice, { what: 'mac-frozen' }>, 'what'>;
