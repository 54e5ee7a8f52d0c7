/**
 * Probes of other gateways that have passed here.
 *
 * A probe ends at the gateway that sent it. One that has come into a loop which does not lead there would go round for ever:
 * probes pass ways that are held, and no damping of moves stops them. So each passes once, and once more without the mark of
 * a holder when the first copy had one, for that says that the loop is not cut by every way. What one peer makes pass within
 * an interval is bounded, since storm control does not see probes.
 */
import { Columns, int32, uint16 } from '../base/columns.js';
import { DROP } from '../contract/drops.js';
import { type Frame, sourceHigh, sourceLow, vlanId } from './frame.js';
import { KeyedHash } from './keyed-hash.js';
import type { LoopProbe } from './loop-probe.js';
import { LOCAL_PORT } from './mac-table.js';

/** Probes that are remembered: a power of two. A newer one takes the place of another with the same hash. */
const SLOTS = 1024;
/** Words of a slot: VLAN and the first 16 bits of the sender, its last 32, the number, and what passed. */
const WORDS = 4;
const UNMARKED = 1;
const MARKED = 2;
/** Probes of a peer that pass within an interval: those of sixteen gateways that have sixteen VLANs each. */
const MOST_OF_PEER = 256;
const INTERVAL_US = 150_000;
const PASSES = -1;

export class PassedProbes {
  private readonly words = new Int32Array(SLOTS * WORDS);
  private readonly hash: KeyedHash;
  /** Of each peer: the interval that it was heard in last, and how many of its probes passed within that. */
  private interval = int32();
  private passed = uint16();
  private readonly columns = new Columns(this, 'peers');

  constructor(
    private readonly bytes: Uint8Array,
    private readonly probe: LoopProbe,
    seed: readonly [number, number],
  ) {
    this.hash = new KeyedHash(seed[0], seed[1]);
  }

  /**
   * Takes a probe of another gateway that came in by a port; `isMarked`: somebody holds a way that it has passed. Returns the index in
   * `DROP` of the reason for which it ends here, or -1: it goes on.
   */
  take(port: number, frame: Frame, isMarked: boolean, now: number): number {
    if (!this.isNew(frame, isMarked)) return DROP['repeated-probe'];
    return port === LOCAL_PORT || this.hasRoom(port, now) ? PASSES : DROP['probe-limit'];
  }

  private isNew(frame: Frame, isMarked: boolean): boolean {
    const { bytes, words, hash } = this;
    const { offset, length } = frame;
    const sender = (vlanId(bytes, offset, length) << 16) | sourceHigh(bytes, offset);
    const low = sourceLow(bytes, offset) | 0;
    const number = this.probe.numberOf(this.probe.bodyOf(frame)) | 0;
    const at = (hash.hash(hash.hash(sender, low), number) & (SLOTS - 1)) * WORDS;
    const isKnown = words[at] === sender && words[at + 1] === low && words[at + 2] === number;
    const before = isKnown ? words[at + 3] : 0;
    if (isMarked ? before !== 0 : (before & UNMARKED) !== 0) return false;
    words[at] = sender;
    words[at + 1] = low;
    words[at + 2] = number;
    words[at + 3] = before | (isMarked ? MARKED : UNMARKED);
    return true;
  }

  private hasRoom(peer: number, now: number): boolean {
    this.columns.ensure(peer + 1);
    const interval = (now / INTERVAL_US) | 0;
    if (this.interval[peer] !== interval) {
      this.interval[peer] = interval;
      this.passed[peer] = 0;
    }
    if (this.passed[peer] >= MOST_OF_PEER) return false;
    this.passed[peer]++;
    return true;
  }

  peerRemoved(peer: number): void {
    if (peer < this.columns.capacity) this.columns.reset(peer);
  }
}
