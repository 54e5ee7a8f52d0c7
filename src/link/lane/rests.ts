/** Links that have disappointed rest for a while, twice as long each time. */
import { MAX_LINKS } from '../../wire/header.js';

const FIRST_US = 30_000_000;
const MOST_US = 300_000_000;

export class Rests {
  /** By link id: when its rest ends, and how long the next one lasts. */
  private readonly until = new Float64Array(MAX_LINKS);
  private readonly nextUs = new Float64Array(MAX_LINKS).fill(FIRST_US);

  isOver(id: number, now: number): boolean {
    return now >= this.until[id];
  }

  /** Whether a link has never rested. */
  isUntried(id: number): boolean {
    return this.nextUs[id] === FIRST_US;
  }

  begin(id: number, now: number): void {
    this.until[id] = now + this.nextUs[id];
    this.nextUs[id] = Math.min(MOST_US, 2 * this.nextUs[id]);
  }
}
