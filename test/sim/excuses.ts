/**
 * The reference model of what may be lost. Whatever happens to links, hosts and configurations, a frame arrives, and
 * once; the exceptions are written down here as they begin and end, and a loss outside of them is a fault.
 */

interface Excuse {
  readonly reason: string;
  readonly from: number;
  until: number;
}

export class Excuses {
  private readonly excuses: Excuse[] = [];

  /**
   * @param reachUs How long a frame may be under way before it meets a reason: detection of a dead link, and the
   * sending again by another.
   */
  constructor(private readonly reachUs: number) {}

  /** From `now` on frames may be lost. The answer ends it. */
  begin(reason: string, now: number): (now: number) => void {
    const excuse = { reason, from: now - this.reachUs, until: Number.POSITIVE_INFINITY };
    this.excuses.push(excuse);
    return (end) => {
      excuse.until = end;
    };
  }

  /** Why a frame that was sent at this time may be lost; null when it may not. */
  for(sentAt: number): string | null {
    return this.excuses.find(({ from, until }) => sentAt >= from && sentAt <= until)?.reason ?? null;
  }
}
