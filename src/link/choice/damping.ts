/**
 * Flap damping: a link that goes down again and again is held back although it answers, so that traffic does not
 * follow it to and fro.
 *
 * After RFC 2439: every loss adds a fixed penalty, which decays exponentially. A link whose penalty reaches `suppress` is
 * held back until it has decayed to `reuse`. The penalty is capped so that a link is never held back for longer than
 * `max`. Holding back is advice: the selection still takes such a link when there is no other.
 */

import { ByRow } from '../../base/by-row.js';
import { Columns, float64, uint8 } from '../../base/columns.js';
import type { DampingSettings } from '../../contract/settings.js';

/** Penalty of one loss. */
export const FLAP_PENALTY = 1000;

/** Penalties of links, by link row. */
export class FlapDamping {
  private readonly settings = new ByRow<DampingSettings>('links');
  private penalty = float64();
  private penaltyAt = float64();
  private suppressed = uint8();
  private readonly columns = new Columns(this, 'links');

  /** Sets how a link is damped; null: not at all. What it has collected so far stays. */
  configure(link: number, settings: DampingSettings | null): void {
    this.columns.ensure(link + 1);
    if (settings === null) this.settings.delete(link);
    else this.settings.set(link, settings);
  }

  /** Forgives everything: the row is another link's now. */
  reset(link: number): void {
    this.columns.reset(link);
  }

  /** A link was lost. */
  flapped(link: number, now: number): void {
    const settings = this.settings.get(link);
    if (!settings) return;
    const ceiling = settings.reuse * 2 ** (settings.maxUs / settings.halfLifeUs);
    this.penalty[link] = Math.min(ceiling, this.penaltyOf(link, now) + FLAP_PENALTY);
    this.penaltyAt[link] = now;
    if (this.penalty[link] >= settings.suppress) this.suppressed[link] = 1;
  }

  /** Penalty of a link, decayed to `now`. */
  penaltyOf(link: number, now: number): number {
    const settings = this.settings.get(link);
    if (!settings) return 0;
    return this.penalty[link] * 2 ** (-(now - this.penaltyAt[link]) / settings.halfLifeUs);
  }

  /** Whether a link is held back; ends by itself once the penalty has decayed. */
  isSuppressed(link: number, now: number): boolean {
    if (this.suppressed[link] === 0) return false;
    if (this.leftUs(link, now) <= 0) this.suppressed[link] = 0;
    return this.suppressed[link] !== 0;
  }

  /** For how long a link is still held back if it stays up, in µs; 0 when it is not. */
  leftUs(link: number, now: number): number {
    const settings = this.settings.get(link);
    if (!settings || this.suppressed[link] === 0) return 0;
    const halvings = Math.log2(this.penaltyOf(link, now) / settings.reuse);
    return Math.max(0, halvings * settings.halfLifeUs);
  }
}
