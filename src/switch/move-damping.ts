/**
 * Stations that are heard now here, now there. An address that would move so often within the window stays where it is for a
 * while (RFC 7432 section 15.1): each move of a loop would otherwise send the LAN's traffic another way.
 */

const MOST_MOVES = 5;
const MOVE_WINDOW_US = 180e6;
const FREEZE_US = 60e6;

/** Answers of `judge`. */
export const MOVE = { ALLOWED: 0, FROZEN: 1, FREEZES: 2 } as const;

export class MoveDamping {
  /** Moves within the window, and when the window began; from `MOST_MOVES` on, when the address was frozen. By slot. */
  private readonly moved: Uint8Array;
  private readonly since: Float64Array;

  constructor(slots: number) {
    this.moved = new Uint8Array(slots);
    this.since = new Float64Array(slots);
  }

  /** The entry of a slot has not moved yet. */
  reset(slot: number): void {
    this.moved[slot] = 0;
  }

  /** An entry is in another slot from now on. */
  move(from: number, to: number): void {
    this.moved[to] = this.moved[from];
    this.since[to] = this.since[from];
  }

  /** Whether an entry may move to another port, and counts it; one of `MOVE`. `FREEZES` comes once, then `FROZEN`. */
  judge(slot: number, now: number): number {
    const passed = now - this.since[slot];
    const isFrozen = this.moved[slot] === MOST_MOVES;
    if (isFrozen && passed < FREEZE_US) return MOVE.FROZEN;
    if (isFrozen || this.moved[slot] === 0 || passed >= MOVE_WINDOW_US) {
      this.moved[slot] = 1;
      this.since[slot] = now;
      return MOVE.ALLOWED;
    }
    if (++this.moved[slot] < MOST_MOVES) return MOVE.ALLOWED;
    this.since[slot] = now;
    return MOVE.FREEZES;
  }
}
