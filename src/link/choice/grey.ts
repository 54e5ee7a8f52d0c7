/**
 * Grey failures: links that answer and are still no good, because they lose too much or have become much slower than
 * another one. Such a link is left for a clean one even of lower priority.
 *
 * Two thresholds and two times keep it from swinging. A link turns grey after being worse than its limit without a break for
 * `SETTLE_US`, and clean again after being better than half of the limit without a break for its return time. That begins
 * at 10 s and doubles whenever the link turns grey again soon, up to five minutes: a link that is bad only when traffic is
 * on it is tried ever more rarely.
 */

import { ByRow } from '../../base/by-row.js';
import { Columns, float64, uint8 } from '../../base/columns.js';
import type { QualitySettings } from '../../contract/settings.js';

/** Why a link is grey. */
export const GREY = { NO: 0, LOSS: 1, DELAY: 2 } as const;

const SETTLE_US = 1_000_000;
const RETURN_US = 10_000_000;
const MAX_RETURN_US = 300_000_000;
/** A link that was clean for this many return times has proved itself: its return time starts over. */
const PROVEN = 4;
const NEVER = Number.POSITIVE_INFINITY;

export class GreyWatch {
  private readonly settings = new ByRow<QualitySettings>('links');
  private reasons = uint8();
  /** Since when it has been worse than its limit without a break, and since when better than half of it. */
  private worseSince = float64(NEVER);
  private betterSince = float64(NEVER);
  /** When it turned clean last, and how long it must be better before it does so again. */
  private cleanAt = float64(-NEVER);
  private returnUs = float64(RETURN_US);
  private readonly columns = new Columns(this, 'links');

  /** Sets the limits of a link; null: it is never grey. */
  configure(link: number, settings: QualitySettings | null): void {
    this.columns.ensure(link + 1);
    if (settings !== null) return this.settings.set(link, settings);
    this.settings.delete(link);
    this.reasons[link] = GREY.NO;
  }

  /** Forgets everything: the row is another link's now. */
  reset(link: number): void {
    this.columns.reset(link);
  }

  /** One of `GREY`. */
  reasonOf(link: number): number {
    return link < this.reasons.length ? this.reasons[link] : GREY.NO;
  }

  settingsOf(link: number): QualitySettings | null {
    return this.settings.get(link) ?? null;
  }

  /** How long a grey link must still be good before it is clean, in µs; 0 for a clean one. */
  returnLeftUs(link: number, now: number): number {
    if (this.reasonOf(link) === GREY.NO) return 0;
    return Math.max(0, this.returnUs[link] - Math.max(0, now - this.betterSince[link]));
  }

  /**
   * Takes what is measured of a link: its loss, and how much slower it is than the fastest other. Returns whether it has
   * turned grey or clean.
   */
  review(link: number, lossPermille: number, slowerUs: number, now: number): boolean {
    const limits = this.settings.get(link);
    if (!limits) return false;
    const part = Math.max(lossPermille / limits.lossPermille, slowerUs / limits.delayUs);
    this.worseSince[link] = part < 1 ? NEVER : Math.min(this.worseSince[link], now);
    this.betterSince[link] = part >= 0.5 ? NEVER : Math.min(this.betterSince[link], now);
    if (this.reasons[link] === GREY.NO) {
      if (now - this.worseSince[link] < SETTLE_US) return false;
      const cleanFor = now - this.cleanAt[link];
      const isRelapse = cleanFor < PROVEN * this.returnUs[link];
      this.returnUs[link] = isRelapse ? Math.min(MAX_RETURN_US, this.returnUs[link] * 2) : RETURN_US;
      this.reasons[link] = lossPermille >= limits.lossPermille ? GREY.LOSS : GREY.DELAY;
      return true;
    }
    if (now - this.betterSince[link] < this.returnUs[link]) return false;
    this.reasons[link] = GREY.NO;
    this.cleanAt[link] = now;
    return true;
  }
}
