/** What the demo measured, what it claims, and whether the claim held. */

import type { PingWindow } from '../lab/ping-log.js';
import type { Cut } from './cuts.js';

export interface CutResult extends Cut, PingWindow {
  /** The link that carried the traffic afterwards; null if none was seen to. */
  nextLink: number | null;
}

export interface DemoResult {
  hosts: number;
  links: number;
  timers: { interval: number; hold: number };
  pingsPerSecond: number;
  /** Before the first cut: what the machine does by itself. */
  undisturbed: PingWindow;
  cuts: CutResult[];
  /** While all links came back. */
  restoring: PingWindow;
  /** Every link was up again at the end. */
  restored: boolean;
  total: { sent: number; received: number; lost: number; duplicated: number };
}

export interface Claim {
  claim: string;
  held: boolean;
}

/**
 * The longest silence that a cut may cause, in ms: the hold time, twice, since each end detects for itself,
 * and 40 ms for processors that other programs share.
 */
export function outageBound(timers: { hold: number }): number {
  return 2 * timers.hold + 40;
}

/** The claims of the demo, each with its verdict. */
export function claims(result: DemoResult): Claim[] {
  const bound = outageBound(result.timers);
  const kept = (window: PingWindow) => window.silenceMs <= bound;
  return [
    {
      claim: 'no frame is lost or delivered twice, whatever is cut or restored',
      held: result.total.lost === 0 && result.total.duplicated === 0,
    },
    {
      claim: `no cut silences the ping for more than ${bound} ms`,
      held: result.cuts.every(kept),
    },
    {
      claim: `restoring the links silences the ping for no more than ${bound} ms and brings all of them back`,
      held: kept(result.restoring) && result.restored,
    },
  ];
}
