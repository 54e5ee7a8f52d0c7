/**
 * What links may cost that a peer lets die, by its word, its silence or its moves: no more bytes are sent again than were
 * sent for the first time. To be sent again once is therefore free. Any further time is paid for by what was confirmed
 * meanwhile, so that a peer that takes its links down in turn is not sent the same again and again. What this host alone
 * can see (carrier, addresses, errors) is not bounded by it.
 */
import { Columns, float64 } from '../../base/columns.js';
import { DROP } from '../../contract/drops.js';
import type { Drops } from '../../state/drops.js';
import { MAX_LINKS } from '../../wire/header.js';

/** A datagram is sent again no more often than this: every link of a peer may die in turn. */
export const MOST_RESENDS = MAX_LINKS;
/** Bytes a window that a peer is granted beside, so that a trickle survives links that die again and again. */
const GRANT = 128 << 10;

export class ResendBudget {
  /** Bytes that may be sent again to each peer: what was newly sent, and the grant, less what was sent again. */
  private credit = float64(GRANT);
  /** Bytes newly sent in the current window and in the one before, and when the current one began (µs). */
  private recent = float64();
  private former = float64();
  private windowAt = float64(Number.NEGATIVE_INFINITY);
  private readonly columns = new Columns(this, 'peers');
  /** Length of a window: nothing older is sent again; µs. */
  private windowUs = 0;
  /** The peer in hand, and what it has left for a second time. */
  private peer = 0;
  private spare = 0;

  constructor(private readonly drops: Drops) {}

  /** Sets the age in µs up to which anything is sent again. */
  setWindow(us: number): void {
    this.windowUs = us;
  }

  /** Bytes were sent to a peer for the first time. */
  sent(peer: number, bytes: number, now: number): void {
    this.columns.ensure(peer + 1);
    if (now - this.windowAt[peer] >= this.windowUs) this.turnWindow(peer, now);
    this.recent[peer] += bytes;
    this.credit[peer] += bytes;
  }

  /** Credit does not outlive what it was given for. */
  private turnWindow(peer: number, now: number): void {
    const isNext = now - this.windowAt[peer] < 2 * this.windowUs;
    this.former[peer] = isNext ? this.recent[peer] : 0;
    this.recent[peer] = 0;
    this.windowAt[peer] = now;
    this.credit[peer] = Math.min(this.credit[peer] + GRANT, this.former[peer] + GRANT);
  }

  /** What a peer's link may have lost is sent again next; `reserve` bytes are kept for what was sent only once. */
  open(peer: number, reserve: number): void {
    this.columns.ensure(peer + 1);
    this.peer = peer;
    this.spare = this.credit[peer] - reserve;
  }

  /** Bytes are sent again for the first time. */
  spend(bytes: number): void {
    this.credit[this.peer] -= bytes;
  }

  /** Whether bytes may be sent again that were before; they are charged then. */
  spendSpare(bytes: number): boolean {
    if (this.spare < bytes) return false;
    this.spare -= bytes;
    this.spend(bytes);
    return true;
  }

  /** Datagrams are not sent again: once more would be too often, or too much. */
  refuse(datagrams: number): void {
    this.drops.counted(DROP['resend-refused'], datagrams);
  }

  peerRemoved(peer: number): void {
    if (peer < this.columns.capacity) this.columns.reset(peer);
  }
}
