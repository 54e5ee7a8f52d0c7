/**
 * Asks for memberships in place of a querier, which may not do so for minutes, when this switch has been started again (RFC 4541
 * section 2.1.1, item 4). It asks as a switch that is no querier, from 0.0.0.0, and tells the interval of the one that is: that
 * one stays the querier, and memberships last as long as they would. Times are µs.
 */
import type { OwnQuerier } from './own-querier.js';
import type { Queriers } from './queriers.js';

/** Between two rounds, doubled with each: peers come back one after the other, and none asks for more than a few. */
const FIRST_PAUSE_US = 1e6;
export const MOST_ROUNDS = 6;
const MOST_ROWS = 256;

export class Solicitation {
  /** Rows of `Queriers` to ask in when the next round is due. */
  private readonly rows: number[] = [];
  private rounds = 0;
  private dueAt = 0;

  constructor(
    private readonly queriers: Queriers,
    private readonly own: OwnQuerier,
  ) {}

  /** The hosts of a VLAN and family are to be asked, soon. */
  want(row: number): void {
    if (this.rows.length < MOST_ROWS && !this.rows.includes(row)) this.rows.push(row);
  }

  /** Asks what is due. */
  tick(now: number): void {
    if (this.rows.length === 0 || now < this.dueAt || this.rounds >= MOST_ROUNDS) return;
    for (const row of this.rows) {
      if (this.queriers.isPresent(row, now) && !this.own.asks(row, now)) this.own.askFor(row, now);
    }
    this.rows.length = 0;
    this.dueAt = now + FIRST_PAUSE_US * 2 ** this.rounds++;
  }
}
