/**
 * Storm control: of what would be flooded, broadcast, multicast and unknown unicast, no more comes from a peer than was
 * allowed for it. A token bucket for each peer and kind, in frames or bytes; frames for reserved groups and our own probes
 * are not counted, for they are what ends loops.
 */
import { Columns, float64, uint8 } from '../base/columns.js';
import { DROP } from '../contract/drops.js';
import type { StormLimit } from '../contract/port-settings.js';
import { PEER, PEER_WIDTH, type SharedStats } from '../contract/stats.js';
import {
  destinationHigh,
  destinationLow,
  type Frame,
  isBroadcast,
  isGroup,
  isReserved,
  vlanId,
} from './frame.js';
import { type MacTable, MISS } from './mac-table.js';

/** Kinds of frames, as in `STORM_KINDS`. */
const KINDS = 3;
const BROADCAST = 0;
const MULTICAST = 1;
const UNKNOWN_UNICAST = 2;
const DROPS = Int32Array.of(DROP['storm-broadcast'], DROP['storm-multicast'], DROP['storm-unknown-unicast']);
const PASSES = -1;
/** What may come at once: the allowance of a tenth of a second, and at least so many frames or bytes. */
const BURST_US = 100_000;
const LEAST_FRAMES = 10;
const LEAST_BYTES = 16_384;
/** A storm is over when so long nothing was dropped, so that it is told twice in this time at most. */
const CALM_US = 10e6;
const STATE = { CALM: 0, BEGUN: 1, TOLD: 2 };

/** What storm control tells, and where it counts. */
export interface StormReports {
  /** A storm of a kind has begun or is over. */
  stormChanged(peer: number, kind: number, isOver: boolean): void;
  readonly stats: Pick<SharedStats, 'peers'>;
}

export class StormControl {
  private limited = uint8();
  /** Allowance a µs, in frames or bytes; 0: no limit. */
  private rate = float64(0, KINDS);
  private isBytes = uint8(0, KINDS);
  private depth = float64(0, KINDS);
  private level = float64(0, KINDS);
  private filledAt = float64(0, KINDS);
  private droppedAt = float64(0, KINDS);
  private state = uint8(0, KINDS);
  private readonly columns = new Columns(this, 'peers');
  /** Buckets of storms that are not over. */
  private readonly storms: number[] = [];
  private count = 0;
  /** The bucket that the last frame was taken from. */
  private last = -1;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly macs: MacTable,
    private readonly reports: StormReports,
  ) {}

  /** Whether any peer is limited. */
  get isOn(): boolean {
    return this.count > 0;
  }

  /** Limits of a peer by kind, null for none. Those that stay the same keep what is left of their allowance. */
  set(peer: number, limits: readonly (StormLimit | null)[], now: number): void {
    const isLimited = limits.some((limit) => limit !== null);
    if (!isLimited && peer >= this.columns.capacity) return;
    this.columns.ensure(peer + 1);
    this.count += Number(isLimited) - this.limited[peer];
    this.limited[peer] = Number(isLimited);
    for (let kind = 0; kind < KINDS; kind++) this.setBucket(peer * KINDS + kind, limits[kind] ?? null, now);
  }

  private setBucket(bucket: number, limit: StormLimit | null, now: number): void {
    const rate = limit === null ? 0 : limit.perSecond / 1e6;
    const isBytes = limit?.isBytes ?? false;
    if (this.rate[bucket] === rate && this.isBytes[bucket] === Number(isBytes)) return;
    this.rate[bucket] = rate;
    this.isBytes[bucket] = Number(isBytes);
    this.depth[bucket] = Math.max(rate * BURST_US, isBytes ? LEAST_BYTES : LEAST_FRAMES);
    this.level[bucket] = this.depth[bucket];
    this.filledAt[bucket] = now;
  }

  peerRemoved(peer: number): void {
    if (peer >= this.columns.capacity) return;
    this.count -= this.limited[peer];
    for (let index = this.storms.length - 1; index >= 0; index--) {
      if (Math.floor(this.storms[index] / KINDS) === peer) this.forget(index);
    }
    this.columns.reset(peer);
  }

  /** Looks at a frame of a port. Returns the index in `DROP` of the reason to drop it, or -1. */
  check(port: number, frame: Frame, now: number): number {
    this.last = -1;
    if (port < 0 || port >= this.columns.capacity || this.limited[port] === 0) return PASSES;
    const kind = this.kindOf(frame, now);
    const bucket = port * KINDS + kind;
    if (kind < 0 || this.rate[bucket] === 0) return PASSES;
    const earned = Math.max(now - this.filledAt[bucket], 0) * this.rate[bucket];
    this.filledAt[bucket] = now;
    this.level[bucket] = Math.min(this.level[bucket] + earned, this.depth[bucket]);
    if (this.level[bucket] <= 0) {
      this.dropped(port, bucket, now);
      return DROPS[kind];
    }
    this.level[bucket] -= this.isBytes[bucket] === 1 ? frame.length : 1;
    this.last = bucket;
    return PASSES;
  }

  /** The frame of a peer that was looked at last has more bytes than were in hand. */
  extend(peer: number, bytes: number): void {
    const { last } = this;
    if (last >= 0 && Math.floor(last / KINDS) === peer && this.isBytes[last] === 1) this.level[last] -= bytes;
  }

  /** -1: a frame that is not flooded, or must be. */
  private kindOf({ offset, length }: Frame, now: number): number {
    const { bytes } = this;
    const high = destinationHigh(bytes, offset);
    const low = destinationLow(bytes, offset);
    if (isReserved(high, low)) return -1;
    if (isGroup(high)) return isBroadcast(high, low) ? BROADCAST : MULTICAST;
    return this.macs.lookup(vlanId(bytes, offset, length), high, low, now) === MISS ? UNKNOWN_UNICAST : -1;
  }

  private dropped(peer: number, bucket: number, now: number): void {
    this.reports.stats.peers[peer * PEER_WIDTH + PEER.stormDrops]++;
    this.droppedAt[bucket] = now;
    if (this.state[bucket] !== STATE.CALM) return;
    this.state[bucket] = STATE.BEGUN;
    this.storms.push(bucket);
  }

  /** Tells of storms that have begun or are over. */
  sweep(now: number): void {
    for (let index = this.storms.length - 1; index >= 0; index--) {
      const bucket = this.storms[index];
      const isOver = now - this.droppedAt[bucket] >= CALM_US;
      if (this.state[bucket] === STATE.TOLD && !isOver) continue;
      this.state[bucket] = STATE.TOLD;
      if (isOver) this.forget(index);
      this.reports.stormChanged(Math.floor(bucket / KINDS), bucket % KINDS, isOver);
    }
  }

  private forget(index: number): void {
    this.state[this.storms[index]] = STATE.CALM;
    this.storms[index] = this.storms[this.storms.length - 1];
    this.storms.pop();
  }
}
