import type { ExpiryStatus } from '../../api/index.js';

/** Something with a last day, while it matters to anybody. */
export interface Expiring extends Omit<ExpiryStatus, 'state'> {
  /** Since when it holds, in milliseconds since the epoch. */
  fromMs: number;
}
