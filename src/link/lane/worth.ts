/**
 * What TCP would make of links that carry one lane: bounded by capacity, the rate of Mathis et al. (CCR 1997) and of CUBIC
 * (RFC 9438 section 5.1) at their round-trip time and random loss, for as many transfers as there are.
 */
import { MAX_LINKS } from '../../wire/header.js';

const MSS_BYTES = 1400;
/**
 * So much is believed of what links carry one after the other, those that lose least first: a transfer that has just met a loss
 * falls below what the first ones carry.
 */
const ORDERED_SHARE = 0.85;
const HALVINGS = 12;

/** Links are added one by one, and `of` says what they are worth; then it starts anew with `begin`. */
export class Worth {
  private count = 0;
  private rttUs = 0;
  private flows = 1;
  private readonly capacity = new Float64Array(MAX_LINKS);
  private readonly carried = new Float64Array(MAX_LINKS);
  private readonly loss = new Float64Array(MAX_LINKS);
  /** Places of the links, those that lose least first. */
  private readonly order = new Int32Array(MAX_LINKS);

  begin(): void {
    this.count = 0;
    this.rttUs = 0;
  }

  /**
   * A link of a capacity in bytes per µs, possibly infinite, of which `carried` is known; `loss`: share of datagrams lost at
   * random.
   */
  add(capacity: number, carried: number, loss: number, rttUs: number): void {
    const added = this.count++;
    this.capacity[added] = capacity;
    this.carried[added] = carried;
    this.loss[added] = loss;
    this.rttUs = Math.max(this.rttUs, rttUs);
    let place = added;
    for (; place > 0 && this.loss[this.order[place - 1]] > loss; place--) {
      this.order[place] = this.order[place - 1];
    }
    this.order[place] = added;
  }

  /** Bytes per µs that so many transfers get of the links together. */
  of(flows: number): number {
    this.flows = flows;
    const even = this.evenly();
    return this.count === 1 ? even : Math.max(even, ORDERED_SHARE * this.leastLossyFirst());
  }

  /** Spread over all of them alike. */
  private evenly(): number {
    let capacity = 0;
    for (let link = 0; link < this.count; link++) capacity += this.capacity[link];
    const isKnown = capacity > 0 && capacity !== Number.POSITIVE_INFINITY;
    let loss = 0;
    for (let link = 0; link < this.count; link++) {
      loss += (isKnown ? this.carried[link] / capacity : 1 / this.count) * this.loss[link];
    }
    return Math.min(capacity, this.rateAt(loss));
  }

  /** One is filled before the next is used: the more goes by those that lose, the less TCP reaches. */
  private leastLossyFirst(): number {
    let filled = 0;
    let lost = 0;
    for (let place = 0; place < this.count; place++) {
      const link = this.order[place];
      const capacity = this.capacity[link];
      const loss = this.loss[link];
      if (capacity === Number.POSITIVE_INFINITY) return Math.max(filled, this.rateAt(loss));
      if (capacity === 0) continue;
      if (!this.isReached(filled + capacity, filled, lost, loss)) {
        return this.filledInPart(capacity, filled, lost, loss);
      }
      filled += capacity;
      lost += loss * capacity;
    }
    return filled;
  }

  /** How much TCP reaches with part of a link, beside `filled` bytes per µs of others, of which `lost` are lost. */
  private filledInPart(capacity: number, filled: number, lost: number, loss: number): number {
    let low = filled;
    let high = filled + capacity;
    for (let halving = 0; halving < HALVINGS; halving++) {
      const middle = (low + high) / 2;
      if (this.isReached(middle, filled, lost, loss)) low = middle;
      else high = middle;
    }
    return low;
  }

  private isReached(rate: number, filled: number, lost: number, loss: number): boolean {
    return this.rateAt((lost + loss * (rate - filled)) / rate) >= rate;
  }

  private rateAt(loss: number): number {
    return this.flows * tcpRate(loss, this.rttUs);
  }
}

/** Bytes per µs that one TCP transfer reaches at a loss rate and round-trip time; infinite without loss. */
function tcpRate(loss: number, rttUs: number): number {
  if (loss <= 0) return Number.POSITIVE_INFINITY;
  const rtt = Math.max(100, rttUs) / 1e6;
  const reno = 1.22 / (rtt * Math.sqrt(loss));
  const cubic = 1.054 / (rtt ** 0.25 * loss ** 0.75);
  return (Math.max(reno, cubic) * MSS_BYTES) / 1e6;
}
