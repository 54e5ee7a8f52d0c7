/** What the kernel refused to send, and what that says of the link. */

import { DROP } from '../../contract/drops.js';
import { LINK, LINK_WIDTH, type SharedStats } from '../../contract/stats.js';
import { SEND } from '../../native/ops.js';
import type { Drops } from '../../state/drops.js';
import { SealedRun } from '../../state/run.js';
import { PROBE, type SendQueue } from './send-queue.js';

const EIO = -5;
const EAGAIN = -11;
const ENOMEM = -12;
const EINVAL = -22;
const ENOPROTOOPT = -92;
const EMSGSIZE = -90;
const ENOBUFS = -105;

/** Whoever acts on errors of sending; called with the queue empty, so that it may send. */
export interface SendReports {
  /** A send failed in a way that means the link cannot send, with a negative errno. */
  sendFailed(link: number, errno: number): void;
  /** The kernel refused a datagram of `bytes` bytes for its size. */
  tooBig(link: number, bytes: number): void;
  /** The device that a link leaves by does not take UDP GSO; nothing is to be sent now. */
  gsoRefused(link: number): void;
}

export class SendErrors {
  /** The answer to the probe sent last: 0, or a negative errno. */
  probe = 0;
  /** Links, and with what they failed last. */
  private readonly failed = new Map<number, number>();
  private readonly tooBig: number[] = [];
  private readonly run = new SealedRun();

  constructor(
    private readonly queue: SendQueue,
    private readonly reports: SendReports,
    private readonly stats: SharedStats,
    private readonly drops: Drops,
  ) {}

  /** Goes through the first `count` rows of a queue of which not all went out whole. */
  collect(count: number): void {
    for (let row = 0; row < count; row++) {
      if (this.queue.rows[row * SEND.WORDS + SEND.RESULT] === 0) continue;
      const error = this.errorBesidesGso(row);
      if (error === 0) continue;
      if (this.queue.record[row] === PROBE) this.probe = error;
      else if (error === EMSGSIZE) this.fragment(row);
      else this.count(row, error);
    }
  }

  /**
   * The device takes no datagrams of that size, as after its MTU has shrunk. They are sealed and cannot be cut any more, so
   * IP does it. From the next batch on the link has another size.
   */
  private fragment(row: number): void {
    const link = this.queue.link[row];
    const refused = this.queue.unsent(row);
    const error = this.queue.runSingly(row, true);
    if (link >= 0) {
      const sent = refused - this.queue.unsent(row);
      this.stats.links[link * LINK_WIDTH + LINK.fragmented] += sent;
      this.tooBig.push(link, this.queue.rows[row * SEND.WORDS + SEND.SEGMENT]);
    }
    if (error !== 0) this.count(row, error);
  }

  private count(row: number, error: number): void {
    const { drops, run } = this;
    const link = this.queue.link[row];
    const unsent = this.queue.unsent(row);
    this.queue.read(row, run);
    if (error === EAGAIN || error === ENOBUFS || error === ENOMEM) {
      drops.sent(DROP['tx-queue-full'], run, link, unsent);
    } else if (error === EMSGSIZE) {
      drops.sent(DROP['tx-too-big'], run, link, unsent);
    } else {
      drops.sent(DROP['tx-error'], run, link, unsent);
      if (link < 0) return;
      this.stats.links[link * LINK_WIDTH + LINK.sendErrors] += unsent;
      this.failed.set(link, error);
    }
  }

  /**
   * The error of a send. That a device refuses segmentation alone is no error of the link: the same bytes go out one by
   * one, which may show that each of them is too large.
   */
  private errorBesidesGso(row: number): number {
    const error = this.queue.rows[row * SEND.WORDS + SEND.RESULT];
    if (!mayBeOfGso(error) || this.queue.unsent(row) <= 1) return error;
    const answer = this.queue.runSingly(row, false);
    if (answer === 0 && this.queue.rows[row * SEND.WORDS + SEND.GSO] !== 0) {
      this.reports.gsoRefused(this.queue.link[row]);
    }
    return answer;
  }

  /** Reports what was collected. */
  report(): void {
    while (this.tooBig.length > 0) {
      const bytes = this.tooBig.pop()!;
      this.reports.tooBig(this.tooBig.pop()!, bytes);
    }
    for (const [link, errno] of this.failed) {
      this.failed.delete(link);
      this.reports.sendFailed(link, errno);
    }
  }
}

function mayBeOfGso(error: number): boolean {
  return error === EIO || error === EINVAL || error === ENOPROTOOPT;
}
