/**
 * The rings of an interface: one that all peers share, and a few for peers that send much. A peer with a ring of its own
 * does not overwrite the datagrams of others before they are acknowledged; when it falls silent it gives the ring back.
 */
import { Columns, float64, uint8 } from '../../base/columns.js';
import { INTERFACE, PEER, PEER_WIDTH, type SharedStats } from '../../contract/stats.js';
import type { Missing } from '../../link/ports.js';
import type { Arena, Region } from '../../state/arena.js';
import type { Drops } from '../../state/drops.js';
import type { LinkTable } from '../../state/links.js';
import type { SealedRun } from '../../state/run.js';
import { MOST_RESENDS, ResendBudget } from './resend-budget.js';
import { type Loss, ResendRing, type SendAgain, type SendMissing } from './resend-ring.js';

/** What belongs to no peer, or need not be kept: heartbeats, handshakes. */
export const NO_PEER = -1;
const SHARED = 0;
/** Nobody waits for what is older, whoever asks for it. */
const LATEST_MISSING_US = 1_000_000;
/** A peer that takes more than this share of the common ring in one lap gets a ring of its own. */
const GREEDY_SHARE = 1 / 4;

export class ResendRings {
  private readonly shared: ResendRing;
  private readonly own: ResendRing[] = [];
  /** Peer row of each own ring, or `NO_PEER`. */
  private readonly owner: number[] = [];
  /** Of each peer: `SHARED`, or the number of its own ring plus one. */
  private ringOf = uint8();
  /** Bytes that each peer took of the shared ring in the lap named beside it. */
  private taken = float64();
  private lap = float64(-1);
  private readonly columns = new Columns(this, 'peers');
  private readonly budget: ResendBudget;
  /** What was offered last, and to whom. */
  private offered: ResendRing;
  private offeredTo = NO_PEER;
  /** Frames older than this are not sent again when a link dies; µs. */
  private maxAgeUs = 0;

  constructor(
    private readonly arena: Arena,
    private readonly links: LinkTable,
    private readonly stats: SharedStats,
    drops: Drops,
  ) {
    const { sharedRingBytes, ownRings, ownRingBytes } = arena.sizes;
    const budget = new ResendBudget(drops);
    this.budget = budget;
    this.shared = new ResendRing(arena.sharedRingBase, sharedRingBytes, links, budget);
    this.offered = this.shared;
    for (let index = 0; index < ownRings; index++) {
      this.own.push(new ResendRing(arena.ownRingBase + index * ownRingBytes, ownRingBytes, links, budget));
      this.owner.push(NO_PEER);
    }
  }

  /** Sets the bytes of a peer's own ring and the age in µs up to which anything is sent again. */
  setLimits(ownBytes: number, maxAgeUs: number): void {
    this.maxAgeUs = maxAgeUs;
    this.budget.setWindow(maxAgeUs);
    for (const ring of this.own) ring.resize(Math.min(ownBytes, this.arena.sizes.ownRingBytes));
  }

  /** Finds contiguous bytes for a peer; `take` then takes them. */
  offer(bytes: number, peer: number): number {
    const number = peer < this.ringOf.length && peer >= 0 ? this.ringOf[peer] : SHARED;
    this.offered = number === SHARED ? this.shared : this.own[number - 1];
    this.offeredTo = peer;
    return this.offered.offer(bytes);
  }

  take(bytes: number): void {
    this.offered.take(bytes);
    if (this.offered === this.shared && this.offeredTo >= 0) this.noteShare(this.offeredTo, bytes);
  }

  private noteShare(peer: number, bytes: number): void {
    this.columns.ensure(peer + 1);
    const size = this.arena.sizes.sharedRingBytes;
    const lap = Math.floor(this.shared.bytesTaken / size);
    if (this.lap[peer] !== lap) {
      this.lap[peer] = lap;
      this.taken[peer] = 0;
    }
    this.taken[peer] += bytes;
    if (this.taken[peer] <= size * GREEDY_SHARE) return;
    const free = this.owner.indexOf(NO_PEER);
    if (free < 0) return;
    this.owner[free] = peer;
    this.taken[peer] = 0;
    this.ringOf[peer] = free + 1;
  }

  /** The places of rings for one peer each, in use while a peer has them. */
  regions(): Region[] {
    const { ownRingBase, sizes } = this.arena;
    const bytes = sizes.ownRingBytes;
    return this.owner.map((_, index) => ({
      base: ownRingBase + index * bytes,
      bytes,
      isInUse: () => this.owner[index] !== NO_PEER,
    }));
  }

  /** The ring in which a place of the arena lies. */
  holding(offset: number): ResendRing {
    const { ownRingBase, sizes } = this.arena;
    if (offset < ownRingBase) return this.shared;
    return this.own[Math.floor((offset - ownRingBase) / sizes.ownRingBytes)];
  }

  /** Remembers a run as sent by `link`; see `ResendRing.remember`. */
  remember(link: number, run: SealedRun, now: number): number {
    this.budget.sent(this.links.peer[link], run.length, now);
    return this.holding(run.offset).remember(link, run, now);
  }

  /** A run was joined to the one of a record; see `ResendRing.extend`. */
  extend(record: number, link: number, run: SealedRun, now: number): void {
    this.budget.sent(this.links.peer[link], run.length, now);
    this.holding(run.offset).extend(record, run.length);
  }

  /** Remembers a run as not sent yet; see `ResendRing.hold`. */
  hold(link: number, run: SealedRun, now: number): void {
    this.budget.sent(this.links.peer[link], run.length, now);
    this.holding(run.offset).hold(link, run, now);
  }

  /** Link `from` is lost, and `to` takes its place. */
  loss(from: number, to: number, now: number, free: number): Loss {
    return { from, to, now, free, maxAge: this.maxAgeUs };
  }

  /** See `ResendRing.takeOver`; what the shared ring holds is older than what an own one does. */
  takeOver(loss: Loss, again: SendAgain): number {
    const peer = this.links.peer[loss.from];
    const own = this.ownRing(peer);
    const once =
      loss.free < MOST_RESENDS ? this.shared.sentOnce(peer, loss) + (own?.sentOnce(peer, loss) ?? 0) : 0;
    this.budget.open(peer, once);
    const count = this.shared.takeOver(loss, again);
    return own === null ? count : count + own.takeOver(loss, again);
  }

  /** See `ResendRing.findMissing`. */
  findMissing(missing: Missing, again: SendMissing): void {
    this.budget.open(missing.peer, 0);
    this.ownRing(missing.peer)?.findMissing(missing, LATEST_MISSING_US, again);
    this.shared.findMissing(missing, LATEST_MISSING_US, again);
  }

  /** See `ResendRing.handOver`. */
  handOver(from: number, to: number, now: number): void {
    const loss = this.loss(from, to, now, MOST_RESENDS);
    this.shared.handOver(loss);
    this.ownRing(this.links.peer[from])?.handOver(loss);
  }

  distrust(peer: number, link: number): void {
    this.shared.distrust(link);
    this.ownRing(peer)?.distrust(link);
  }

  forget(): void {
    this.shared.forget();
    for (const ring of this.own) ring.forget();
  }

  /**
   * Takes rings back from peers that have sent nothing for longer than anything is kept, and notes how far back the
   * others reach.
   */
  sweep(now: number): void {
    this.stats.interface[INTERFACE.resendReachUs] = this.reach(this.shared, now);
    for (let index = 0; index < this.own.length; index++) {
      const peer = this.owner[index];
      if (peer === NO_PEER) continue;
      if (now - this.own[index].usedAt > this.maxAgeUs) this.free(index);
      else this.tell(peer, 1, this.reach(this.own[index], now));
    }
  }

  private reach(ring: ResendRing, now: number): number {
    return Math.min(this.maxAgeUs, ring.reach(now));
  }

  private tell(peer: number, ownRing: number, reachUs: number): void {
    this.stats.peers[peer * PEER_WIDTH + PEER.ownRing] = ownRing;
    this.stats.peers[peer * PEER_WIDTH + PEER.resendReachUs] = reachUs;
  }

  /** A peer is gone. */
  peerRemoved(peer: number): void {
    this.budget.peerRemoved(peer);
    if (peer < this.ringOf.length && this.ringOf[peer] !== SHARED) this.free(this.ringOf[peer] - 1);
  }

  private free(index: number): void {
    this.ringOf[this.owner[index]] = SHARED;
    this.tell(this.owner[index], 0, 0);
    this.owner[index] = NO_PEER;
    this.own[index].forget();
  }

  private ownRing(peer: number): ResendRing | null {
    const number = peer < this.ringOf.length ? this.ringOf[peer] : SHARED;
    return number === SHARED ? null : this.own[number - 1];
  }
}
