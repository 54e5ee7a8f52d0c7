/**
 * Losses of links that a peer could not be told of, since it had no other link: what had come by a link when it was lost. The
 * peer sent on meanwhile, and is told as soon as a link works again, be it the same one. What that has brought by then
 * came after the loss, so the first account of it is kept.
 */
import { Columns, float64, uint8, uint32 } from '../../base/columns.js';
import type { RowOwner } from '../../state/owners.js';

/** What had come by a link: one above the highest counter of its stream, and of what it brought of the lane. */
export interface Received {
  acknowledged: number;
  lane: number;
}

export class UntoldLosses implements RowOwner {
  /** 1 for links whose loss is to be told. */
  private isKept = uint8();
  /** Receiver index of the session whose counters these are. */
  private session = uint32();
  private acknowledged = float64();
  private lane = float64();
  private readonly columns = new Columns(this, 'links');
  private readonly taken: Received = { acknowledged: 0, lane: 0 };

  /** Keeps the loss of a link in a session, given by its receiver index, unless one of the same session is kept already. */
  keep(link: number, session: number, received: Received): void {
    this.columns.ensure(link + 1);
    if (this.isKept[link] === 1 && this.session[link] === session) return;
    this.isKept[link] = 1;
    this.session[link] = session;
    this.acknowledged[link] = received.acknowledged;
    this.lane[link] = received.lane;
  }

  /** Takes the loss of a link out, to be told in a session; undefined when there is none. Valid until the next call. */
  take(link: number, session: number): Received | undefined {
    if (link >= this.isKept.length || this.isKept[link] === 0) return undefined;
    const isOfSession = this.session[link] === session;
    this.taken.acknowledged = isOfSession ? this.acknowledged[link] : 0;
    this.taken.lane = isOfSession ? this.lane[link] : 0;
    this.isKept[link] = 0;
    return this.taken;
  }

  linkRemoved(link: number): void {
    if (link < this.isKept.length) this.isKept[link] = 0;
  }
}
