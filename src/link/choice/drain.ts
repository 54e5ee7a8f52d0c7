/**
 * Draining: a link is emptied while it still works, so that it can be taken away without losing a frame.
 *
 * Either end may ask for it, its heartbeats tell the other. From then on both send frames by other links only, and say
 * so in their heartbeats. A link is drained once the peer has said that it sends nothing more, in answer to a heartbeat
 * that left after our
 * own last frame: then nothing is under way in either direction.
 */
import { Columns, float64, uint8 } from '../../base/columns.js';
import { DRAINS, SENDS_NOTHING } from '../../wire/heartbeat.js';

/** Who wants a link to be drained; bits. */
export const DRAINED_BY = { OPERATOR: 1, PEER: 2 } as const;

export class Drains {
  private wishes = uint8();
  /** When frames were last sent by a link that is being drained. */
  private quietSince = float64();
  private readonly columns = new Columns(this, 'links');

  /** Forgets all wishes: the row is another link's now. */
  reset(link: number): void {
    this.columns.ensure(link + 1);
    this.columns.reset(link);
  }

  /** One end wants a link to be drained, or no longer; returns whether that is news. */
  wish(link: number, by: number, wanted: boolean): boolean {
    const before = this.wishes[link];
    this.wishes[link] = wanted ? before | by : before & ~by;
    return this.wishes[link] !== before;
  }

  isWanted(link: number): boolean {
    return this.wishes[link] !== 0;
  }

  /** Whether this end asks for it; the peer's own wish is not sent back to it. */
  private isAskedHere(link: number): boolean {
    return (this.wishes[link] & DRAINED_BY.OPERATOR) !== 0;
  }

  /** What a heartbeat of a link says of draining, in flags. `isUsable`: frames may be sent by it now. */
  flagsOf(link: number, isUsable: boolean): number {
    const asked = this.isAskedHere(link) ? DRAINS : 0;
    return asked | (this.isWanted(link) && !isUsable ? SENDS_NOTHING : 0);
  }

  /** A link that is being drained has carried frames until now. */
  busyUntil(link: number, now: number): void {
    this.quietSince[link] = now;
  }

  /** Whether a heartbeat of ours, sent at `sentAt`, left after our last frame. */
  isAfterLastFrame(link: number, sentAt: number): boolean {
    return sentAt >= this.quietSince[link];
  }
}
