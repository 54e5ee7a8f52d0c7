/** Links that have disappointed rest for a while, twice as long each time. */
import { MAX_LINKS } from '../../wire/header.js';

const FIRST_US = 30_000_000;
const MOST_US = 300_000_000;

export class Rests {
  /** By link id: when its rest ends, and how long the next one lasts. */
  private readonly until = new Float64Array(MAX_LINKS);
  private readonly nextUs = new Float64Array(MAX_LINKS).fill(FIRST_US);
  /** How many transfers there were when it began. */
  private readonly flows = new Float64Array(MAX_LINKS);

  /** Twice as many transfers as disappointed end a rest: each meets half of the losses. */
  isOver(id: number, flows: number, now: number): boolean {
    return now >= this.until[id] || flows >= 2 * this.flows[id];
  }

  /** Whether a link has never rested. */
  isUntried(id: number): boolean {
    return this.nextUs[id] === FIRST_US;
  }

  /** So many transfers were disappointed by a link. */
  begin(id: number, flows: number, now: number): void {
    this.flows[id] = flows;
    this.until[id] = now + this.nextUs[id];
    this.nextUs[id] = Math.min(MOST_US, 2 * this.nextUs[id]);
  }
}
