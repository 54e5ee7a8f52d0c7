/**
 * Which clients talk to each other by us: a pair between which enough unicast passes may be better off with direct links.
 * The table is of one size, and a pair that shares a place with another may be noticed a little later.
 */
import { Columns, float64, int32, uint8 } from '../../base/columns.js';
import type { DatapathIo } from '../../state/io.js';
import type { Directs } from '../../switch/directs.js';

/** Pairs that are counted at once; a power of two. */
const PLACES = 4096;
/** So many frames within so long a time are a talk; it is told of again when the time is over. */
const FRAMES = 8;
const WINDOW_US = 3_000_000;
const NOBODY = -1;

export class Talks {
  /** The pair counted in each place, the lower row first; how many frames since when. */
  private lower = int32(NOBODY);
  private higher = int32(NOBODY);
  private frames = uint8();
  private since = float64();
  private readonly columns = new Columns(this, 'others', PLACES);

  constructor(
    private readonly directs: Directs,
    private readonly io: DatapathIo,
  ) {}

  /** Whether there are clients that may be introduced at all. */
  get isOn(): boolean {
    return this.directs.clients > 1;
  }

  /** A frame, or a super-frame, of one peer goes to another. */
  heard(from: number, to: number, now: number): void {
    if (!this.directs.areClients(from, to)) return;
    this.columns.ensure(PLACES);
    const lower = Math.min(from, to);
    const higher = Math.max(from, to);
    const place = (Math.imul(lower, 0x9e3779b1) ^ Math.imul(higher, 0x85ebca6b)) & (PLACES - 1);
    const isKnown = this.lower[place] === lower && this.higher[place] === higher;
    if (!isKnown || now - this.since[place] >= WINDOW_US) {
      this.lower[place] = lower;
      this.higher[place] = higher;
      this.frames[place] = 0;
      this.since[place] = now;
    }
    if (this.frames[place] === FRAMES) return;
    this.frames[place]++;
    if (this.frames[place] === FRAMES) this.tell(lower, higher);
  }

  private tell(lower: number, higher: number): void {
    this.io.emit({ kind: 'talk', peers: [lower, higher] });
  }

  peerRemoved(peer: number): void {
    for (let place = 0; place < this.columns.capacity; place++) {
      if (this.lower[place] === peer || this.higher[place] === peer) this.lower[place] = NOBODY;
    }
  }
}
