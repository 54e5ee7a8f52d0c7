/**
 * The search for the MTU of a path, RFC 8899 (DPLPMTUD) section 5, as a pure machine: one row a link, no clock, no
 * message. The owner sends the probe that `candidate` names and says what became of it.
 *
 *   BASE ── base answered ──▶ SEARCHING ── nothing left to try ──▶ COMPLETE
 *   COMPLETE ── raise timer │ kernel says more ──▶ SEARCHING
 *   SEARCHING, COMPLETE ── the size in use passes no more ──▶ BASE
 *   BASE ── base fails ──▶ the smallest size ── fails too ──▶ ERROR ── answered ──▶ SEARCHING
 *
 * All sizes are bytes of whole IP packets. The size in use has passed the path, or is one that every path must take;
 * a size that the kernel or an ICMP message names decides what is tried first, never what is used.
 */
import { Columns, int32, uint8 } from '../../base/columns.js';

/** States; numbers as in `MTU_STATES`. */
export const MTU_STATE = { FIXED: 0, BASE: 1, SEARCHING: 2, COMPLETE: 3, ERROR: 4 } as const;

/** Probes of one size that must be lost before the size is given up (MAX_PROBES), by a path that loses nothing else. */
export const MAX_PROBES = 3;

/** BASE_PLPMTU and the smallest size that is ever used, of each family; relayed paths count as IPv4. */
const BASE = { 4: 1200, 6: 1280 } as const;
const FLOOR = { 4: 576, 6: 1280 } as const;
/** Tried even when the kernel knows only of less: what Ethernet carries. */
const USUAL_CEILING = 1500;
/** Sizes that links and tunnels commonly leave, tried in this order after the size that the kernel names. */
const COMMON_SIZES = [
  1200, 1280, 1300, 1358, 1380, 1400, 1420, 1440, 1450, 1460, 1472, 1480, 1492, 1500, 9000, 9216,
];
/** No size is known to fail. */
const NONE_FAILED = 65_536;

export class MtuSearch {
  state = uint8();
  /** Size in use. */
  size = int32();
  /** Size that a probe shall tell about; 0 for none. */
  candidate = int32();
  /** Probes of the candidate that are lost or under way. */
  attempts = uint8();
  /** Smallest size known not to pass. */
  failed = int32();
  /** What the kernel says of the path; 0 while it says nothing. */
  hint = int32();
  private family = uint8();

  private readonly columns = new Columns(this, 'links');

  /** Uses the size that the operator has fixed. */
  fix(row: number, size: number): void {
    this.columns.ensure(row + 1);
    this.state[row] = MTU_STATE.FIXED;
    this.size[row] = size;
    this.setCandidate(row, 0);
  }

  /** Knows nothing of a path but its family (4, 6, or another for a relayed one) and the kernel's word. */
  start(row: number, family: number, hint: number): void {
    this.columns.ensure(row + 1);
    this.family[row] = family;
    this.hint[row] = hint;
    this.failed[row] = NONE_FAILED;
    this.enterBase(row);
  }

  /** A probe of the candidate is under way. */
  sent(row: number): void {
    this.attempts[row]++;
  }

  /** A probe of the candidate was answered: that size passes. */
  answered(row: number): void {
    this.size[row] = this.candidate[row];
    if (this.failed[row] <= this.size[row]) this.failed[row] = NONE_FAILED;
    this.search(row);
  }

  /** A probe of the candidate is lost; so many (`enough`) must be before that says anything of sizes. */
  lost(row: number, enough = MAX_PROBES): void {
    if (this.attempts[row] >= enough) return this.refused(row);
    // Frames wait for no second opinion: until the size in use has proved itself again, a smaller one is used.
    if (this.isEstablished(row) && this.candidate[row] === this.size[row]) this.fallBack(row);
  }

  /** The candidate does not pass: the kernel says so of its own device, or too many probes were lost. */
  refused(row: number): void {
    const candidate = this.candidate[row];
    const floor = this.floor(row);
    if (candidate <= floor) {
      this.state[row] = MTU_STATE.ERROR;
      this.size[row] = floor;
      this.failed[row] = NONE_FAILED;
      return this.setCandidate(row, floor);
    }
    this.failed[row] = Math.min(this.failed[row], candidate);
    if (candidate <= this.base(row)) {
      this.size[row] = floor;
      return this.setCandidate(row, floor);
    }
    if (this.state[row] === MTU_STATE.BASE) this.enterBase(row);
    else this.search(row);
  }

  /** The size in use is in doubt and shall be probed. Returns whether that is another question than before. */
  verify(row: number): boolean {
    if (!this.isEstablished(row) || this.candidate[row] === this.size[row]) return false;
    this.setCandidate(row, this.size[row]);
    return true;
  }

  /** The device took no packet of `size` bytes. Returns whether that was news. */
  dataRefused(row: number, size: number): boolean {
    if (this.state[row] === MTU_STATE.FIXED || size > this.size[row] || size <= this.floor(row)) return false;
    this.failed[row] = Math.min(this.failed[row], size);
    this.enterBase(row);
    return true;
  }

  /** What the kernel says of the path. Returns whether there is something new to ask because of it. */
  hinted(row: number, hint: number): boolean {
    const before = this.hint[row];
    if (before === hint || hint === 0) return false;
    this.hint[row] = hint;
    if (this.state[row] === MTU_STATE.FIXED) return false;
    if (!this.isEstablished(row)) {
      this.enterBase(row);
    } else if (hint < this.size[row]) {
      // What a device or an ICMP message says counts for as long as it takes to ask the path itself.
      this.setCandidate(row, this.size[row]);
      this.fallBack(row);
    } else if (hint > before) {
      this.raise(row);
    } else return false;
    return true;
  }

  /** The raise timer (PMTU_RAISE_TIMER): sizes that failed long ago may pass now, and the one in use may not. */
  raise(row: number): void {
    this.failed[row] = NONE_FAILED;
    if (this.state[row] !== MTU_STATE.COMPLETE) return;
    this.state[row] = MTU_STATE.SEARCHING;
    this.setCandidate(row, this.size[row]);
  }

  /** Whether the size in use has passed the path, as far as is known. */
  private isEstablished(row: number): boolean {
    return this.state[row] === MTU_STATE.SEARCHING || this.state[row] === MTU_STATE.COMPLETE;
  }

  /** Uses what is safe until the candidate, in use so far, has been answered or given up. */
  private fallBack(row: number): void {
    this.state[row] = MTU_STATE.BASE;
    this.size[row] = Math.min(this.size[row], this.base(row));
  }

  private enterBase(row: number): void {
    this.state[row] = MTU_STATE.BASE;
    this.size[row] = this.base(row);
    this.setCandidate(row, this.size[row]);
  }

  private search(row: number): void {
    this.setCandidate(row, this.nextCandidate(row));
    this.state[row] = this.candidate[row] === 0 ? MTU_STATE.COMPLETE : MTU_STATE.SEARCHING;
  }

  private setCandidate(row: number, size: number): void {
    this.candidate[row] = size;
    this.attempts[row] = 0;
  }

  /**
   * The kernel's word first, which is right for most paths. Then upwards through the common sizes, since a size that
   * passes costs one round trip and one that fails a timeout for each probe; then halves of what is left.
   */
  private nextCandidate(row: number): number {
    const size = this.size[row];
    const hint = this.hint[row];
    const limit = Math.min(this.failed[row], Math.max(hint, USUAL_CEILING) + 1);
    if (hint > size && hint < limit) return hint;
    for (const common of COMMON_SIZES) if (common > size && common < limit) return common;
    return limit - size >= 2 ? (size + limit) >> 1 : 0;
  }

  /** What frames use until something is known: never above what the kernel says. */
  private base(row: number): number {
    const base = this.family[row] === 6 ? BASE[6] : BASE[4];
    const hint = this.hint[row];
    return hint === 0 ? base : Math.max(this.floor(row), Math.min(base, hint));
  }

  private floor(row: number): number {
    return this.family[row] === 6 ? FLOOR[6] : FLOOR[4];
  }
}
