/**
 * What was sent by one link, in order, until the far end has reported on it: so that a report, which names the highest
 * counters that arrived, says when the last of them had left and what had been sent by then.
 */

const ENTRIES = 1024;

export class SendLog {
  /** Of the datagram that `settle` found: when it left, and what had left by then, itself included. */
  time = 0;
  bytes = 0;
  datagrams = 0;
  /** Longest time between two sends among what the last `settle` covered, in µs. */
  longestGap = 0;
  /** How long what that covered had to wait for the link at the most when it was sent, in µs, by what was known then. */
  longestWait = 0;
  /** Bytes sent by the link in all. */
  sentBytes = 0;
  private readonly lane = new Uint8Array(ENTRIES);
  private readonly counter = new Float64Array(ENTRIES);
  private readonly count = new Int32Array(ENTRIES);
  private readonly length = new Float64Array(ENTRIES);
  private readonly bytesBefore = new Float64Array(ENTRIES);
  private readonly countBefore = new Float64Array(ENTRIES);
  private readonly sentAt = new Float64Array(ENTRIES);
  private readonly waitUs = new Float64Array(ENTRIES);
  private head = 0;
  private tail = 0;

  /**
   * `count` datagrams of `bytes` in all leave, the first with `counter`; `inLane`: in the lane's stream, else in
   * the link's own. `sentBefore`: datagrams of any kind sent by the link before
   */
  note(
    inLane: boolean,
    counter: number,
    count: number,
    bytes: number,
    sentBefore: number,
    now: number,
  ): void {
    const lane = inLane ? 1 : 0;
    const last = (this.head - 1) % ENTRIES;
    if (
      this.head > this.tail &&
      this.sentAt[last] === now &&
      this.lane[last] === lane &&
      this.counter[last] + this.count[last] === counter &&
      this.countBefore[last] + this.count[last] === sentBefore
    ) {
      this.count[last] += count;
      this.length[last] += bytes;
    } else {
      const at = this.head++ % ENTRIES;
      this.lane[at] = lane;
      this.counter[at] = counter;
      this.count[at] = count;
      this.length[at] = bytes;
      this.bytesBefore[at] = this.sentBytes;
      this.countBefore[at] = sentBefore;
      this.sentAt[at] = now;
      this.waitUs[at] = 0;
      if (this.head - this.tail > ENTRIES) this.tail = this.head - ENTRIES;
    }
    this.sentBytes += bytes;
  }

  /** What was noted last has to wait so long for the link. */
  noteWait(us: number): void {
    this.waitUs[(this.head - 1) % ENTRIES] = us;
  }

  /**
   * The far end has got everything below `own` of the link's stream and below `lane` of the lane that had not been lost
   * on the way. Fills the result fields; false when that is nothing new.
   */
  settle(own: number, lane: number): boolean {
    let found = false;
    this.longestGap = 0;
    this.longestWait = 0;
    for (; this.tail < this.head; this.tail++) {
      const at = this.tail % ENTRIES;
      const covered = Math.min(this.count[at], (this.lane[at] === 1 ? lane : own) - this.counter[at]);
      if (covered <= 0) break;
      found = true;
      this.longestGap = Math.max(this.longestGap, this.sentAt[at] - this.time);
      this.longestWait = Math.max(this.longestWait, this.waitUs[at]);
      this.time = this.sentAt[at];
      this.bytes = this.bytesBefore[at] + (this.length[at] * covered) / this.count[at];
      this.datagrams = this.countBefore[at] + covered;
      if (covered < this.count[at]) break;
    }
    return found;
  }

  /** Forgets what is under way: counters of a new session start over. */
  clear(): void {
    this.tail = this.head;
  }

  /** Whether anything is under way that no report has covered, and since when. Infinity: nothing. */
  get oldest(): number {
    return this.tail < this.head ? this.sentAt[this.tail % ENTRIES] : Number.POSITIVE_INFINITY;
  }
}
