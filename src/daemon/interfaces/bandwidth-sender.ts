/** Sends the data of a bandwidth test at its rate, in bursts that the datapath takes between batches of frames. */
import type { Datapath } from './datapath.js';

/** What a busy datapath made late is not sent later, beyond this time's worth. */
const LATEST_MS = 20;
/** Until the first burst says how large datagrams are, in bytes. */
const FIRST_SIZE = 1200;

export class BandwidthSender {
  datagrams = 0;
  /** Nothing more shall be sent. */
  isDone = false;
  /** The link takes nothing. */
  hasFailed = false;
  private size = FIRST_SIZE;
  /** A burst is under way: a datapath that is busy with frames is given no second one. */
  private isWaiting = false;
  /** Bytes that may be sent, and when that was reckoned, in ms. */
  private credit = 0;
  private creditMs: number | null = null;

  /** `target`: row of the peer, id of its link (null: any) and of the test; `rate`: what holds at the moment. */
  constructor(
    private readonly datapath: Datapath,
    private readonly target: { peer: number; link: number | null; test: number },
    private readonly rate: { readonly kbps: number },
  ) {}

  /** Sends what is due at `nowMs`. */
  pace(nowMs: number): void {
    const bytesPerMs = this.rate.kbps / 8;
    const most = Math.max(this.size, bytesPerMs * LATEST_MS);
    const earned = this.creditMs === null ? this.size : (nowMs - this.creditMs) * bytesPerMs;
    this.creditMs = nowMs;
    this.credit = Math.min(most, this.credit + earned);
    const count = Math.floor(this.credit / this.size);
    if (count > 0 && !this.isWaiting) void this.burst(count);
  }

  private async burst(count: number): Promise<void> {
    this.isWaiting = true;
    const { peer, link, test } = this.target;
    const burst = { peer, link: link ?? -1, test, sequence: this.datagrams, count };
    const sent = await this.datapath.bandwidthData(burst);
    this.isWaiting = false;
    if (sent === null || sent.datagrams === 0) {
      this.hasFailed = true;
      return;
    }
    this.datagrams += sent.datagrams;
    this.credit -= sent.bytes;
    this.size = sent.bytes / sent.datagrams;
  }
}
