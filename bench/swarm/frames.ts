/**
 * Frames between clients. Each client is a station whose MAC address holds its number. A load keeps a bounded number of
 * frames under way between two of them, so that what is measured is what the server forwards and not what it drops.
 */
import { readU16, readU32 } from '../../src/base/bytes.js';
import { BUNDLE_FRAME_HEADER } from '../../src/datapath/frames/bundle.js';
import { KIND } from '../../src/wire/header.js';
import type { Crowd } from './crowd.js';
import { LOAD_AT, type Post } from './post.js';

/** Experimental EtherType of IEEE 802. */
const ETHERTYPE = 0x88b5;
const HEADER_BYTES = 14;
/** Of a frame: what it is for, when it was sent. */
const [USE_AT, SENT_AT] = [HEADER_BYTES, HEADER_BYTES + 1];
const USE = { LOAD: 1, PROBE: 2, BROADCAST: 3 } as const;
const FRAME_BYTES = 1000;
const SMALL_FRAME_BYTES = 60;
const BODY_BYTES = 1 + BUNDLE_FRAME_HEADER + FRAME_BYTES;
const RUN = 32;
const WINDOW = 128;
/** What has not come after this is taken to be lost. */
const LOST_US = 20_000;
const PROBE_EVERY_US = 1000;
const BROADCAST = new Uint8Array(6).fill(255);

/** Delays of probes in µs, without the time in which this process was busy or had no processor. */
export interface Delays {
  count: number;
  worstUs: number;
  /** Sent and not come yet. */
  missing: number;
}

export class Frames {
  /** Frames of the load that came. */
  loadIn = 0;
  /** Broadcast frames that came, and when the last of them did. */
  broadcastIn = 0;
  broadcastAt = 0;
  lost = 0;
  private load = -1;
  private underWay = 0;
  private loadAt = 0;
  private probing = -1;
  private probeAt = 0;
  private probesOut = 0;
  private probesIn = 0;
  private worstUs = 0;
  /** When this process waited last, and for how long it was busy or had no processor since probing began. */
  private turnAt = 0;
  private awayUs = 0;
  /** Of probes under way, by the time at which they were sent: how long it had been away until then. */
  private readonly awayBefore = new Map<number, number>();

  constructor(private readonly crowd: Crowd) {}

  /** Lets the two first clients of this process learn of each other: the server learns where their stations are. */
  introduce(post: Post): void {
    this.say(post, 0, 1, USE.PROBE, 0);
    this.say(post, 1, 0, USE.PROBE, 0);
  }

  /** A load from the first client to the second one, from now on or no longer. */
  setLoad(post: Post, on: boolean): void {
    this.load = on ? 0 : -1;
    this.underWay = 0;
    for (let index = 0; index < RUN; index++)
      this.write(post.arena, LOAD_AT + index * BODY_BYTES, this.stationOf(1), 0, FRAME_BYTES, USE.LOAD);
  }

  /** Probes from the first client to the second one, every millisecond. */
  setProbing(on: boolean): void {
    this.probing = on ? 0 : -1;
    this.probesOut = 0;
    this.probesIn = 0;
    this.worstUs = 0;
    this.turnAt = 0;
    this.awayUs = 0;
    this.awayBefore.clear();
  }

  get delays(): Delays {
    return { count: this.probesIn, worstUs: this.worstUs, missing: this.probesOut - this.probesIn };
  }

  broadcast(post: Post): void {
    const body = post.open(1 + BUNDLE_FRAME_HEADER + SMALL_FRAME_BYTES);
    this.write(post.arena, body, BROADCAST, 0, SMALL_FRAME_BYTES, USE.BROADCAST);
    post.say(0, 1 + BUNDLE_FRAME_HEADER + SMALL_FRAME_BYTES);
  }

  /** Sends what is due. Returns how long it may wait, in µs. */
  turn(post: Post, now: number): number {
    if (this.load >= 0) this.fill(post, now);
    if (this.probing < 0) return this.load >= 0 ? 200 : Number.POSITIVE_INFINITY;
    if (now >= this.probeAt) {
      this.probeAt = now + PROBE_EVERY_US;
      this.probesOut++;
      this.awayBefore.set(now % 2 ** 32, this.awayUs);
      this.say(post, 0, 1, USE.PROBE, now);
    }
    return this.probeAt - now;
  }

  /** This process has waited for `waitUs` at most; what has passed beyond that, no frame was late for. */
  waited(waitUs: number, now: number): void {
    if (this.turnAt > 0) this.awayUs += Math.max(0, now - this.turnAt - waitUs);
    this.turnAt = now;
  }

  private fill(post: Post, now: number): void {
    if (this.underWay > 0 && now - this.loadAt > LOST_US) {
      this.lost += this.underWay;
      this.underWay = 0;
    }
    while (this.underWay + RUN <= WINDOW) {
      post.run(0, LOAD_AT, RUN * BODY_BYTES, BODY_BYTES);
      this.underWay += RUN;
      this.loadAt = now;
    }
  }

  /** Takes a message that holds frames. */
  heard(post: Post, body: number, length: number, now: number): void {
    const { arena } = post;
    const end = body + length;
    let at = body + 1;
    while (at + BUNDLE_FRAME_HEADER < end) {
      const frame = at + BUNDLE_FRAME_HEADER;
      if (readU16(arena, frame + 12) === ETHERTYPE) this.frameHeard(arena, frame, now);
      at = frame + readU16(arena, at);
    }
  }

  private frameHeard(arena: Uint8Array, frame: number, now: number): void {
    const use = arena[frame + USE_AT];
    if (use === USE.LOAD) {
      this.loadIn++;
      this.loadAt = now;
      if (this.underWay > 0) this.underWay--;
    } else if (use === USE.BROADCAST) {
      this.broadcastIn++;
      this.broadcastAt = now;
    } else {
      const sentAt = readU32(arena, frame + SENT_AT);
      if (sentAt === 0 || this.probing < 0) return;
      this.probesIn++;
      const awayUs = this.awayUs - (this.awayBefore.get(sentAt) ?? this.awayUs);
      this.awayBefore.delete(sentAt);
      this.worstUs = Math.max(this.worstUs, (now % 2 ** 32) - sentAt - awayUs);
    }
  }

  private say(post: Post, from: number, to: number, use: number, sentAt: number): void {
    const length = 1 + BUNDLE_FRAME_HEADER + SMALL_FRAME_BYTES;
    const body = post.open(length);
    this.write(post.arena, body, this.stationOf(to), from, SMALL_FRAME_BYTES, use);
    post.view.setUint32(body + 1 + BUNDLE_FRAME_HEADER + SENT_AT, sentAt % 2 ** 32);
    post.say(from, length);
  }

  /** Writes a bundle of one frame. */
  private write(
    arena: Uint8Array,
    body: number,
    to: Uint8Array,
    from: number,
    bytes: number,
    use: number,
  ): void {
    const frame = body + 1 + BUNDLE_FRAME_HEADER;
    arena.set([KIND.BUNDLE, bytes >> 8, bytes & 255, 0, 0, 0], body);
    arena.set(to, frame);
    arena.set(this.stationOf(from), frame + 6);
    arena.set([ETHERTYPE >> 8, ETHERTYPE & 255, use], frame + 12);
  }

  private stationOf(client: number): Uint8Array {
    const number = this.crowd.first + client;
    return Uint8Array.of(2, 0x0c, 0, number >> 16, (number >> 8) & 255, number & 255);
  }
}
