/** When the worker of an interface that died is started again: later each time, and not for ever. */

const FIRST_DELAY_MS = 250;
const MOST_DEATHS = 5;
/** One that ran for this long is as good as new. */
const SOUND_AFTER_MS = 60_000;

export class Revivals {
  private readonly deaths = new Map<string, { count: number; atMs: number }>();

  /** The worker of an interface died. Milliseconds until it shall be started again; null: it died too often. */
  died(name: string, nowMs: number): number | null {
    const before = this.deaths.get(name);
    const count = before === undefined || nowMs - before.atMs > SOUND_AFTER_MS ? 1 : before.count + 1;
    this.deaths.set(name, { count, atMs: nowMs });
    return count > MOST_DEATHS ? null : FIRST_DELAY_MS * 2 ** (count - 1);
  }
}
