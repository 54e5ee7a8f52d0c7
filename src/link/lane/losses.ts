/**
 * What a link loses of its traffic, as TCP feels it: it cuts its window once for all that a round trip has lost (RFC 5681), however
 * much that was. What a full queue may have dropped is told from what is lost at random.
 */
import { provenShare } from './proven.js';

/** From so many datagrams of traffic on that they say more of a link's loss than heartbeats did. */
export const TELLING = 500;
/** Datagrams that the shares of loss look back on. */
const MEMORY = 10_000;
/** Losses without a full queue are believed when they are more than this share of those with one. */
const DOUBTFUL_SHARE = 0.25;

export class Losses {
  /** Round trips of late that lost something while no queue was full; of about the last `MEMORY` datagrams. */
  random = 0;
  /** Those that lost something while one was. */
  private crowded = 0;
  /** Those that lost something at all, be it sent again. */
  private lossy = 0;
  private sent = 0;
  /** Of the round trip that is under way. */
  private roundAt = 0;
  private roundSent = 0;
  private roundLost = 0;
  private roundSentAgain = 0;
  private isRoundCrowded = false;

  /** Of so many datagrams so many were lost; `isCrowded`: perhaps by a full queue. */
  observe(sent: number, lost: number, isCrowded: boolean): void {
    this.roundSent += sent;
    // What is counted too early in one window is missing in the next: signed, so that it cancels.
    this.roundLost += lost;
    if (isCrowded && lost > 0) this.isRoundCrowded = true;
  }

  /** So many that were lost are sent again: transfers do not feel them. */
  sentAgain(datagrams: number): void {
    this.roundSentAgain += datagrams;
  }

  /** Ends the round trip if it is over; returns whether a full queue has dropped something in it. */
  endRound(rttUs: number, now: number): boolean {
    if (now - this.roundAt < rttUs) return false;
    const kept = Math.max(0, 1 - this.roundSent / MEMORY);
    const event = Math.sign(this.roundLost - this.roundSentAgain);
    const isCrowded = this.isRoundCrowded;
    this.sent = this.sent * kept + this.roundSent;
    this.random = this.random * kept + (isCrowded ? 0 : event);
    this.crowded = this.crowded * kept + (isCrowded ? event : 0);
    this.lossy = this.lossy * kept + Math.sign(this.roundLost);
    this.roundAt = now;
    this.roundSent = 0;
    this.roundLost = 0;
    this.roundSentAgain = 0;
    this.isRoundCrowded = false;
    return isCrowded && event > 0;
  }

  /** The path is given another chance. */
  forget(): void {
    this.sent = 0;
    this.random = 0;
    this.crowded = 0;
    this.lossy = 0;
  }

  /** Whether anything is remembered to be lost. */
  get isAny(): boolean {
    return this.random > 0 || this.crowded > 0;
  }

  /** What would be felt if nothing were sent again, whatever lost it; 0 while nothing is known. */
  get raw(): number {
    return this.sent === 0 ? 0 : Math.max(0, this.lossy / this.sent);
  }

  /** Share of datagrams lost while no queue was full. */
  get share(): number {
    return this.isDoubtful() ? 0 : Math.max(0, this.random / this.sent);
  }

  /** The same, as far as it is no work of chance. */
  get proven(): number {
    return this.isDoubtful() ? 0 : provenShare(this.random, this.sent);
  }

  /** Next to many that a full queue dropped, a few are likely to be more of them. */
  private isDoubtful(): boolean {
    return this.sent === 0 || this.random < DOUBTFUL_SHARE * this.crowded;
  }
}
