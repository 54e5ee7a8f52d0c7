/**
 * A link on trial: the lane leaves its set for one link alone, and what that then carries decides. What a model makes of
 * losses and round trips can be wrong for either; what a transfer reached by both is not.
 */
import { Rests } from './rests.js';

/** A trial is judged after this time and this many round trips, and goes on while the rate grows by this factor. */
const LEAST_US = 1_500_000;
const ROUNDS = 10;
/** For so long at most while nothing but the transfers themselves bounds what it carries. */
const MOST_US = 10_000_000;
export const GROWTH = 1.1;
/** A link that carries this share of what the set did is as good. */
const AS_GOOD = 0.95;

export class Trial {
  /** The set that was left, a bit set of link ids; 0 while there is no trial. */
  from = 0;
  private setRate = 0;
  private lastRate = 0;
  private lookedAt = 0;
  /** When it began. */
  beganAt = 0;
  /** Of links that carried less alone. */
  private readonly rests = new Rests();

  /** A set that carries `rate` (bytes per µs) is left for a link. */
  begin(set: number, rate: number, now: number): void {
    this.from = set;
    this.setRate = rate;
    this.lastRate = 0;
    this.lookedAt = now;
    this.beganAt = now;
  }

  /** Nothing is to be learnt from it any more. */
  end(): void {
    this.from = 0;
  }

  /** Whether a link may be tried alone: it has not failed of late. */
  mayTry(id: number, flows: number, now: number): boolean {
    return this.rests.isOver(id, flows, now);
  }

  /**
   * Whether the link carries as much as the set did, by what it carries now; undefined while it is too early to say.
   * `isBound`: it has stood full since, or lost something; if not, TCP only takes its time (CUBIC some seconds, RFC 9438).
   */
  judge(rate: number, rttUs: number, isBound: boolean, now: number): boolean | undefined {
    if (now - this.lookedAt < Math.max(LEAST_US, ROUNDS * rttUs)) return undefined;
    if (rate >= AS_GOOD * this.setRate) return true;
    const isOver = isBound || now - this.beganAt > MOST_US;
    if (isOver && rate <= GROWTH * this.lastRate) return false;
    this.lastRate = rate;
    this.lookedAt = now;
    return undefined;
  }

  /** A link has carried less alone than the set that was left for it. */
  failed(id: number, flows: number, now: number): void {
    this.rests.begin(id, flows, now);
  }
}
