/** What the loss of each link is counted from, in both directions (`../link/life/loss-counts.ts`). */
import { Columns, float64 } from '../base/columns.js';
import { LossWindows } from './loss-window.js';

/** No heartbeat has come yet; the first one only says where counting begins. */
export const UNKNOWN = -1;

export class LossTable {
  /**
   * The peer's clock in its latest heartbeat, and what that said that it had sent, and of that as copies; modulo 2^32.
   */
  clock = float64();
  peerSent = float64(UNKNOWN);
  peerCopies = float64();
  /** The link's own counts when that heartbeat came. */
  received = float64();
  receivedBytes = float64();
  copies = float64();
  copyBytes = float64();
  /** Copies said to be sent and not come, and copies come that nobody spoke of yet. Both fade. */
  announced = float64();
  unmatched = float64();
  unmatchedBytes = float64();
  /** Datagrams and bytes that have come in all, copies included, when that heartbeat came. */
  arrived = float64();
  delivered = float64();
  /** What the peer says of our datagrams: sent, arrived, bytes of it, and when that was by its clock. */
  echoSent = float64(UNKNOWN);
  echoArrived = float64();
  echoDelivered = float64();
  echoAt = float64();
  /** Bytes a second of ours that arrive. */
  rateOut = float64();

  readonly inbound = new LossWindows();
  readonly outbound = new LossWindows();
  private readonly columns = new Columns(this, 'links');

  ensure(capacity: number): void {
    this.columns.ensure(capacity);
    this.inbound.ensure(capacity);
    this.outbound.ensure(capacity);
  }

  reset(row: number): void {
    this.columns.reset(row);
    this.inbound.reset(row);
    this.outbound.reset(row);
  }
}
