/**
 * The policy `adaptive`: light flows are pinned to the link that promises the earliest arrival; bulk flows go by the
 * *lane*, a stream of its own that is spread datagram by datagram over a set of links and put in order again by
 * the receiver (`../datapath/reorder.ts`).
 *
 * The lane begins with one link. It takes another in when those it has are filled and the other promises to pay, and
 * leaves it again when measurement says that it does not (`LaneSet`). Within the set each datagram takes the link
 * with the shortest wait at its bottleneck; a link of longer delay is used once the wait elsewhere exceeds
 * `SPILL_US`. That is ECF (Lim et al., CoNEXT 2017) with the delay's weight bounded: a fast link's queue need not be as
 * long as the difference in delay before a slow one helps.
 */

import { LINK, LINK_WIDTH, type SharedStats } from '../../contract/stats.js';
import type { Transmitter } from '../../datapath/send/transmit.js';
import type { LinkTable } from '../../state/links.js';
import type { PeerTable } from '../../state/peers.js';
import type { SealedRun } from '../../state/run.js';
import { SealedRun as Run } from '../../state/run.js';
import { LANE_STREAM, MAX_LINKS } from '../../wire/header.js';
import { ipUdpOverhead } from '../../wire/overhead.js';
import { LinkCapacity } from './capacity.js';
import type { FlowTable } from './flows.js';
import { LaneSet } from './lane-set.js';
import { SendLog } from './send-log.js';

/** A longer delay counts for no more than this when a link is chosen for a datagram of the lane. */
const SPILL_US = 5_000;
/** Largest run of datagrams put on one link at once: so much time of it, and so many. */
const CHUNK_US = 1_000;
const CHUNK_DATAGRAMS = 16;
/** A light flow moves when another link promises to be so much earlier; looked at so often. */
const MOVE_GAIN_US = 5_000;
/** A link that has carried nothing of the lane for so long is announced anew. */
const UNUSED_US = 100_000;
const FLOW_REVIEW_US = 50_000;
/** A link without reports for so long was idle: beats have measured its jitter without queues of our own. */
const IDLE_US = 1_000_000;
/** What a light flow would rather wait than lose every datagram; fewer losses than this say nothing. */
const LOSS_PENALTY_US = 500_000;
const BELIEVED_LOSSES = 3;
const U32 = 0x1_0000_0000;

export class Adaptive {
  /** Sends a heartbeat by a link at once. Set once by the owner. */
  beat: (link: number, now: number) => void = () => {};
  /** Estimates and log of each link row that carried traffic under the policy. */
  private readonly capacities: LinkCapacity[] = [];
  private readonly logs: SendLog[] = [];
  /** Lane of each peer row under the policy. */
  private readonly lanes: LaneSet[] = [];
  /** Where the next run of a peer's lane must go first, so that it stays behind what its flow sent before; or -1. */
  private forced = -1;
  private readonly part = new Run();

  constructor(
    private readonly peers: PeerTable,
    private readonly links: LinkTable,
    private readonly transmit: Transmitter,
    private readonly flows: FlowTable,
    private readonly stats: SharedStats,
  ) {}

  // --- choice ---------------------------------------------------------------------------------------

  /**
   * Link row for a frame, and by `inLane` whether it goes by the lane. -1 while no link is usable.
   */
  inLane = false;

  route(peer: number, bytes: Uint8Array, frame: number, length: number, now: number): number {
    this.inLane = false;
    const active = this.peers.activeLink[peer];
    if (active < 0) return active;
    const { flows } = this;
    const entry = flows.take(peer, bytes, frame, length, now);
    const before = flows.link[entry];
    if (flows.bulk[entry] === 1) {
      const lane = this.laneOf(peer);
      if (flows.round[entry] < lane.round) {
        // Light until now: its first bulk datagram follows the way of the last light one.
        if (flows.round[entry] < 0 && before >= 0) this.forced = before;
        flows.round[entry] = lane.countFlow(now);
      }
      this.inLane = true;
      return before >= 0 && this.isUsable(peer, before) ? before : active;
    }
    flows.round[entry] = -1;
    if (before >= 0 && this.isUsable(peer, before) && now - flows.reviewedAt[entry] < FLOW_REVIEW_US) {
      return before;
    }
    flows.reviewedAt[entry] = now;
    flows.link[entry] = this.earliest(peer, before, now);
    return flows.link[entry];
  }

  private isUsable(peer: number, link: number): boolean {
    return this.links.peer[link] === peer && (this.peers.usable[peer] & (1 << this.links.id[link])) !== 0;
  }

  /** The usable link with the earliest arrival; the one in use stays unless another is clearly earlier. */
  private earliest(peer: number, current: number, now: number): number {
    let best = -1;
    let bestUs = Number.POSITIVE_INFINITY;
    for (let id = 0; id < MAX_LINKS; id++) {
      if ((this.peers.usable[peer] & (1 << id)) === 0) continue;
      const link = this.peers.linkOf(peer, id);
      const known = this.capacities[link];
      const wait = known === undefined ? 0 : known.waitUs(now);
      const lossUs = this.lossOf(link) * LOSS_PENALTY_US;
      const gain = link === current ? MOVE_GAIN_US : 0;
      const us = this.stats.links[link * LINK_WIDTH + LINK.rttMinUs] / 2 + wait + lossUs - gain;
      if (us < bestUs) {
        best = link;
        bestUs = us;
      }
    }
    return best;
  }

  /** Sends a run of a peer's lane, cut where another link is the better one. */
  sendLane(peer: number, run: SealedRun, now: number): void {
    const { part } = this;
    const lane = this.laneOf(peer);
    part.slot = run.slot;
    part.stream = LANE_STREAM;
    part.segment = run.segment;
    const total = run.datagrams;
    const { usedAt } = lane;
    for (let done = 0; done < total; ) {
      const link = this.pick(peer, lane, now);
      const id = this.links.id[link];
      if (now - usedAt[id] > UNUSED_US) this.announce(peer, lane, id, now);
      usedAt[id] = now;
      const count = Math.min(total - done, this.chunk(link, run.segment));
      part.offset = run.offset + done * run.segment;
      part.length = Math.min(count * run.segment, run.length - done * run.segment);
      part.counter = run.counter + done;
      this.sendBy(link, part, now);
      done += count;
    }
  }

  /** Sends a run of a pinned flow. */
  sendBy(link: number, run: SealedRun, now: number): void {
    const bytes = run.length + run.datagrams * ipUdpOverhead(this.links.family(link));
    const inLane = run.stream === LANE_STREAM;
    this.logOf(link).note(inLane, run.counter, run.datagrams, bytes, this.links.sent[link], now);
    this.capacityOf(link).sent(bytes, now);
    this.transmit.send(link, run, now);
  }

  /** A link is about to carry the lane: the far end is told by those that do, so that it waits for what takes longer. */
  private announce(peer: number, lane: LaneSet, id: number, now: number): void {
    const others = this.carriers(peer, now) & this.peers.usable[peer];
    lane.usedAt[id] = now;
    for (let other = 0; other < MAX_LINKS; other++) {
      if (other !== id && (others & (1 << other)) !== 0) this.beat(this.peers.linkOf(peer, other), now);
    }
  }

  /** Ids, as a bit set, of the links that carry a peer's lane now. */
  carriers(peer: number, now: number): number {
    const lane = this.lanes[peer];
    if (lane === undefined) return 0;
    let ids = 0;
    for (let id = 0; id < MAX_LINKS; id++) if (now - lane.usedAt[id] <= UNUSED_US) ids |= 1 << id;
    return ids;
  }

  private pick(peer: number, lane: LaneSet, now: number): number {
    const forced = this.forced;
    this.forced = -1;
    if (forced >= 0 && this.isUsable(peer, forced)) return forced;
    const set = lane.usableSet(this.peers.usable[peer], now);
    let best = this.peers.activeLink[peer];
    let bestUs = Number.POSITIVE_INFINITY;
    for (let id = 0; id < MAX_LINKS; id++) {
      if ((set & (1 << id)) === 0) continue;
      const link = this.peers.linkOf(peer, id);
      const us = this.capacityOf(link).waitUs(now) + Math.min(SPILL_US, lane.laterUs[id]);
      if (us < bestUs) {
        best = link;
        bestUs = us;
      }
    }
    return best;
  }

  private chunk(link: number, segment: number): number {
    const { capacity } = this.capacityOf(link);
    if (capacity === 0) return CHUNK_DATAGRAMS / 2;
    return Math.max(1, Math.min(CHUNK_DATAGRAMS, Math.floor((capacity * CHUNK_US) / segment)));
  }

  // --- reports --------------------------------------------------------------------------------------

  /**
   * The far end reports on a link: one above the highest counters it got of the link's stream and of the lane by this
   * link, datagrams (low 32 bits) and bytes it got in all, and when the last came by its clock (low 32 bits).
   */
  reported(
    link: number,
    own: number,
    ofLane: number,
    datagrams: number,
    bytes: number,
    receivedAt: number,
    now: number,
  ): void {
    const log = this.logOf(link);
    if (!log.settle(own, ofLane)) return;
    const capacity = this.capacityOf(link);
    const lane = this.laneOf(this.links.peer[link]);
    const difference = receivedAt - (log.time % U32);
    if (Number.isNaN(lane.clock)) lane.clock = difference;
    const delay = signed32(difference - lane.clock);
    if (now - capacity.reportedAt > IDLE_US) {
      capacity.jitterUs = this.stats.links[link * LINK_WIDTH + LINK.jitterUs];
    }
    capacity.report(
      delay,
      receivedAt,
      bytes,
      datagrams,
      log.datagrams % U32,
      log.time,
      log.sentBytes - log.bytes,
      log.longestGap,
      now,
    );
    const base = link * LINK_WIDTH;
    this.stats.links[base + LINK.capacityOutBps] = capacity.capacity * 1e6;
    this.stats.links[base + LINK.queueOutUs] = capacity.queueUs;
    const peer = this.links.peer[link];
    lane.review(this.peers.usable[peer], now);
  }

  /** A peer's frames are sealed under a new session from now on: counters begin anew. */
  sessionChanged(peer: number): void {
    for (let id = 0; id < MAX_LINKS; id++) {
      const link = this.peers.linkOf(peer, id);
      if (link >= 0) this.logs[link]?.clear();
    }
  }

  forgetPeer(peer: number): void {
    delete this.lanes[peer];
    this.flows.forgetPeer(peer);
  }

  forgetLink(link: number): void {
    delete this.capacities[link];
    delete this.logs[link];
  }

  // --- rows -----------------------------------------------------------------------------------------

  capacityOf(link: number): LinkCapacity {
    this.capacities[link] ??= new LinkCapacity();
    return this.capacities[link];
  }

  private logOf(link: number): SendLog {
    this.logs[link] ??= new SendLog();
    return this.logs[link];
  }

  laneOf(peer: number): LaneSet {
    this.lanes[peer] ??= new LaneSet({
      capacity: (id) => this.capacityOf(this.peers.linkOf(peer, id)),
      rttUs: (id) => this.gauge(peer, id, LINK.rttMinUs),
      beatLoss: (id) => this.lossOf(this.peers.linkOf(peer, id)),
    });
    return this.lanes[peer];
  }

  /** Share of datagrams ever lost, by heartbeats; 0 while too few were lost to say. */
  private lossOf(link: number): number {
    const gauges = this.stats.links;
    const due = gauges[link * LINK_WIDTH + LINK.dueOut];
    const lost = due - gauges[link * LINK_WIDTH + LINK.arrivedOut];
    return lost < BELIEVED_LOSSES ? 0 : lost / due;
  }

  private gauge(peer: number, id: number, field: number): number {
    return this.stats.links[this.peers.linkOf(peer, id) * LINK_WIDTH + field];
  }
}

function signed32(difference: number): number {
  return ((((difference + U32 / 2) % U32) + U32) % U32) - U32 / 2;
}
