/**
 * The policy `adaptive`: light flows are pinned to the link that promises the earliest arrival; bulk flows go by the
 * *lane*, a stream of its own that is spread datagram by datagram over a set of links and put in order again by
 * the receiver (`../../datapath/frames/reorder.ts`).
 *
 * The lane begins with one link. It takes another in when those it has are filled and the other promises to pay, and
 * leaves it again when measurement says that it does not (`LaneSet`). Within the set each datagram takes the link
 * with the shortest wait at its bottleneck; a link of longer delay is used once the wait elsewhere exceeds
 * `SPILL_US`, and one that loses datagrams after those that lose none. That is ECF (Lim et al., CoNEXT 2017) with the delay's weight bounded: a fast link's queue need not be as
 * long as the difference in delay before a slow one helps.
 */

import { LINK, LINK_WIDTH, type SharedStats } from '../../contract/stats.js';
import type { LinkTable } from '../../state/links.js';
import { NO_LINK, type PeerTable } from '../../state/peers.js';
import { SealedRun } from '../../state/run.js';
import { LANE_STREAM, MAX_LINKS } from '../../wire/header.js';
import { Gaps } from '../../wire/nack.js';
import { ipUdpOverhead } from '../../wire/overhead.js';
import type { BeatSender, LaneOrder, LinkBase, Missing, Runs } from '../ports.js';
import type { FlowTable } from './flows.js';
import type { LaneSet } from './lane-set.js';
import { type Lanes, UNUSED_US } from './lanes.js';
import { Arrival, type Report } from './report.js';
import { isBareAcknowledgement } from './way-back.js';

/** A longer delay counts for no more than this when a link is chosen for a datagram of the lane. */
const SPILL_US = 5_000;
/** Where even the shortest wait is longer than this, the lane may need another link before a report says so. */
const OUTGROWN_US = 2_000;
/** Largest run of datagrams put on one link at once: by the time it takes, and by number. */
const CHUNK_US = 1_000;
const CHUNK_DATAGRAMS = 16;
/** A light flow moves when another link promises to be this much earlier; how often that is looked at. */
const MOVE_GAIN_US = 5_000;
const FLOW_REVIEW_US = 50_000;
/** A lane that is later than the earliest link by more than this is for bulk only. */
const LATE_US = 300_000;
/** What a light flow would rather wait than lose every datagram. */
const LOSS_PENALTY_US = 500_000;
const U32 = 0x1_0000_0000;

export class Adaptive {
  /** Whether the frame that was routed last goes by the lane. */
  inLane = false;
  /** Where the next run of a peer's lane must go first, so that it stays after what its flow sent before; or -1. */
  private forced = NO_LINK;
  private readonly part = new SealedRun();
  private readonly arrival = new Arrival();
  private readonly peers: PeerTable;
  private readonly links: LinkTable;
  private readonly stats: SharedStats;
  private readonly runs: Runs;
  private readonly laneOrder: LaneOrder;
  private readonly missing: Missing = {
    peer: 0,
    slot: 0,
    gaps: new Gaps(),
    by: 0,
    to: NO_LINK,
    now: 0,
    found: (from, datagrams, bytes) => {
      const { to, now } = this.missing;
      this.lanes.capacityOf(from).losses.sentAgain(datagrams);
      this.lanes.capacityOf(to).sent(bytes, now);
    },
  };

  constructor(
    base: LinkBase,
    private readonly lanes: Lanes,
    private readonly flows: FlowTable,
    private readonly beats: BeatSender,
  ) {
    this.peers = base.tables.peers;
    this.links = base.tables.links;
    this.stats = base.stats;
    this.runs = base.ports.runs;
    this.laneOrder = base.ports.laneOrder;
  }

  // --- choice ---------------------------------------------------------------------------------------

  /** Link row for a frame, and by `inLane` whether it goes by the lane. -1 while no link is usable. */
  route(peer: number, bytes: Uint8Array, frame: number, length: number, now: number): number {
    this.inLane = false;
    const active = this.peers.activeLink[peer];
    if (active < 0) return active;
    if (isBareAcknowledgement(bytes, frame, length)) {
      const back = this.wayBack(peer, now);
      if (back >= 0) return back;
    }
    const { flows } = this;
    const entry = flows.take(peer, bytes, frame, length, now);
    const before = flows.link[entry];
    if (flows.bulk[entry] === 0 && flows.beginsAsBulk(entry, length, now)) this.welcome(peer, entry, now);
    if (flows.bulk[entry] === 1) {
      const lane = this.lanes.laneOf(peer);
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
    flows.link[entry] = this.earliest(peer, this.peers.usable[peer], before, now);
    return flows.link[entry];
  }

  /** Where acknowledgements go to a peer that sends by its lane: by a link that brings it. -1 while none does. */
  private wayBack(peer: number, now: number): number {
    const bringing = this.laneOrder.broughtBy(this.peers.session[peer], now) & this.peers.usable[peer];
    if (bringing === 0) return NO_LINK;
    const current = this.lanes.wayBackTo(peer);
    if (this.isUsable(peer, current) && (bringing & (1 << this.links.id[current])) !== 0) return current;
    const link = this.earliest(peer, bringing, NO_LINK, now);
    this.lanes.turnBack(peer, link);
    return link;
  }

  /**
   * A transfer that moves to a longer path when it is found to be bulk leaves its slow start there: it begins in the lane
   * at once, unless the lane is so much later that a short answer would suffer.
   */
  private welcome(peer: number, entry: number, now: number): void {
    const lane = this.lanes.laneOf(peer);
    if (lane.lateUs(this.peers.usable[peer], now) < LATE_US) this.flows.bulk[entry] = 1;
  }

  private isUsable(peer: number, link: number): boolean {
    return this.links.peer[link] === peer && this.peers.isUsable(peer, this.links.id[link]);
  }

  /** The link with the earliest arrival, of some (ids as a bit set); the one in use stays unless another is clearly earlier. */
  private earliest(peer: number, ids: number, current: number, now: number): number {
    let best = -1;
    let bestUs = Number.POSITIVE_INFINITY;
    for (let id = 0; id < MAX_LINKS; id++) {
      if ((ids & (1 << id)) === 0) continue;
      const link = this.peers.linkOf(peer, id);
      const wait = this.lanes.waitUs(link, now);
      const lossUs = this.lanes.lossOf(link) * LOSS_PENALTY_US;
      const gain = link === current ? MOVE_GAIN_US : 0;
      const base = link * LINK_WIDTH;
      const expected = this.stats.links[base + LINK.rttMinUs] / 2 + this.stats.links[base + LINK.jitterUs];
      const us = expected + wait + lossUs - gain;
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
    const lane = this.lanes.laneOf(peer);
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
    if (lane.resends.isNews(lane.set, now)) this.beatByAll(peer, this.lanes.carriers(peer, now), now);
  }

  /** Sends a run of a pinned flow. */
  sendBy(link: number, run: SealedRun, now: number): void {
    const bytes = run.length + run.datagrams * ipUdpOverhead(this.links.family(link));
    const inLane = run.stream === LANE_STREAM;
    const capacity = this.lanes.capacityOf(link);
    capacity.sent(bytes, now);
    const log = this.lanes.logOf(link);
    log.note(inLane, run.counter, run.datagrams, bytes, this.links.sent[link], now);
    log.noteWait(capacity.waitUs(now));
    this.runs.send(link, run, now);
  }

  /**
   * A link is about to carry the lane beside others. Those tell the far end, so that it waits for what takes longer, and
   * so does the link itself, whose first datagram may overtake all that they carry.
   */
  private announce(peer: number, lane: LaneSet, id: number, now: number): void {
    const others = this.lanes.carriers(peer, now) & this.peers.usable[peer];
    lane.usedAt[id] = now;
    if (others !== 0) this.beatByAll(peer, others | (1 << id), now);
  }

  /** Sends heartbeats by those links of a peer (a bit set of ids) that are usable. */
  private beatByAll(peer: number, ids: number, now: number): void {
    const usable = ids & this.peers.usable[peer];
    for (let id = 0; id < MAX_LINKS; id++) {
      if ((usable & (1 << id)) !== 0) this.beats.beat(this.peers.linkOf(peer, id), now);
    }
  }

  /** A peer asks for gaps of its lane: what no full queue has dropped goes once more, by the link that promises to be earliest. */
  sendAgain(peer: number, gaps: Gaps, now: number): void {
    const usable = this.peers.usable[peer];
    let by = 0;
    for (let id = 0; id < MAX_LINKS; id++) {
      const isUsable = (usable & (1 << id)) !== 0;
      if (isUsable && !this.lanes.capacityOf(this.peers.linkOf(peer, id)).isFull(now)) by |= 1 << id;
    }
    const to = this.earliest(peer, usable, NO_LINK, now);
    if (by === 0 || to < 0) return;
    const { missing } = this;
    missing.peer = peer;
    missing.slot = this.peers.session[peer];
    missing.gaps = gaps;
    missing.by = by;
    missing.to = to;
    missing.now = now;
    this.runs.sendMissing(missing);
  }

  private pick(peer: number, lane: LaneSet, now: number): number {
    const forced = this.forced;
    this.forced = NO_LINK;
    if (forced >= 0 && this.isUsable(peer, forced)) return forced;
    const set = lane.usableSet(this.peers.usable[peer], now);
    let best = this.peers.activeLink[peer];
    let bestUs = Number.POSITIVE_INFINITY;
    let lateUs = Number.POSITIVE_INFINITY;
    for (let id = 0; id < MAX_LINKS; id++) {
      if ((set & (1 << id)) === 0) continue;
      const link = this.peers.linkOf(peer, id);
      const late = this.lanes.capacityOf(link).waitUs(now) + Math.min(SPILL_US, lane.laterUs[id]);
      const us = late + lane.lossyUs(id);
      if (us < bestUs) {
        best = link;
        bestUs = us;
        lateUs = late;
      }
    }
    if (lateUs > OUTGROWN_US) lane.outgrown(lateUs, this.peers.usable[peer], now);
    return best;
  }

  private chunk(link: number, segment: number): number {
    const { capacity } = this.lanes.capacityOf(link);
    if (capacity === 0) return CHUNK_DATAGRAMS / 2;
    return Math.max(1, Math.min(CHUNK_DATAGRAMS, Math.floor((capacity * CHUNK_US) / segment)));
  }

  // --- reports --------------------------------------------------------------------------------------

  /** The far end reports on a link. */
  reported(link: number, report: Report, now: number): void {
    const log = this.lanes.logOf(link);
    if (!log.settle(report.own, report.lane)) return;
    const capacity = this.lanes.capacityOf(link);
    const peer = this.links.peer[link];
    const lane = this.lanes.laneOf(peer);
    const difference = report.receivedAt - (log.time % U32);
    if (Number.isNaN(lane.clock)) lane.clock = difference;
    const base = link * LINK_WIDTH;
    capacity.observeJitter(this.stats.links[base + LINK.jitterUs], now);
    const { arrival } = this;
    arrival.delay = signed32(difference - lane.clock);
    arrival.receivedAt = report.receivedAt;
    arrival.bytes = report.bytes;
    arrival.arrived = report.datagrams;
    arrival.sent = log.datagrams % U32;
    arrival.sentAt = log.time;
    arrival.sentSince = log.sentBytes - log.bytes;
    arrival.gap = log.longestGap;
    arrival.wait = log.longestWait;
    arrival.rtt = this.stats.links[base + LINK.rttMinUs];
    capacity.report(arrival, now);
    this.stats.links[base + LINK.capacityOutBps] = capacity.capacity * 1e6;
    this.stats.links[base + LINK.queueOutUs] = capacity.queueUs;
    lane.review(this.peers.usable[peer], now);
  }
}

function signed32(difference: number): number {
  return ((((difference + U32 / 2) % U32) + U32) % U32) - U32 / 2;
}
