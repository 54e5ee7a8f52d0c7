/** What is known under the policy `adaptive`: estimates and send log of each link, lane of each peer. */
import { LINK, LINK_WIDTH, type SharedStats } from '../../contract/stats.js';
import { NO_LINK, type PeerTable } from '../../state/peers.js';
import type { SessionTable } from '../../state/sessions.js';
import { CAPABILITY } from '../../wire/capabilities.js';
import { MAX_LINKS } from '../../wire/header.js';
import { quickestLink } from './answer-time.js';
import { LinkCapacity } from './capacity.js';
import { LaneSet } from './lane-set.js';
import { provenShare } from './proven.js';
import { SendLog } from './send-log.js';

/** A link that has carried nothing of the lane for this long is announced again. */
export const UNUSED_US = 100_000;
/** Fewer losses than this say nothing. */
const BELIEVED_LOSSES = 3;

export class Lanes {
  private readonly capacities: LinkCapacity[] = [];
  private readonly logs: SendLog[] = [];
  private readonly lanes: LaneSet[] = [];
  private readonly waysBack: number[] = [];

  constructor(
    private readonly peers: PeerTable,
    private readonly sessions: SessionTable,
    private readonly stats: SharedStats,
  ) {}

  capacityOf(link: number): LinkCapacity {
    this.capacities[link] ??= new LinkCapacity();
    return this.capacities[link];
  }

  isCapacityKnown(link: number): boolean {
    const known = this.capacities[link];
    return known !== undefined && known.capacity !== 0;
  }

  /** A train of probes says that a link carries `rate` bytes per µs. */
  probed(link: number, rate: number): void {
    this.capacityOf(link).probed(rate);
    this.stats.links[link * LINK_WIDTH + LINK.capacityOutBps] = rate * 1e6;
  }

  logOf(link: number): SendLog {
    this.logs[link] ??= new SendLog();
    return this.logs[link];
  }

  laneOf(peer: number): LaneSet {
    this.lanes[peer] ??= new LaneSet({
      capacity: (id) => this.capacityOf(this.peers.linkOf(peer, id)),
      rttUs: (id) => this.stats.links[this.peers.linkOf(peer, id) * LINK_WIDTH + LINK.rttMinUs],
      beatLoss: (id) => this.lossOf(this.peers.linkOf(peer, id), 1),
      provenBeatLoss: (id) => this.provenLossOf(this.peers.linkOf(peer, id)),
      beatLossEvents: (id) => this.lossEventsOf(this.peers.linkOf(peer, id)),
      isAskedAgain: () => this.isAskedAgain(peer),
    });
    return this.lanes[peer];
  }

  /** Whether a peer asks for what is lost of its lane, and would get it soon enough. */
  private isAskedAgain(peer: number): boolean {
    const slot = this.peers.session[peer];
    const asks = slot >= 0 && (this.sessions.capabilities[slot] & CAPABILITY.NACKS) !== 0;
    return asks && quickestLink(this.peers, this.stats, peer) !== NO_LINK;
  }

  /** Whether what is lost of a peer's lane is sent again when it asks: as far as that helps. */
  sendsAgain(peer: number, now: number): boolean {
    const lane = this.lanes[peer];
    return lane?.resends.tell(lane.set, now) ?? false;
  }

  /** How long a datagram sent by a link now would wait at its bottleneck, in µs; 0 while nothing is known. */
  waitUs(link: number, now: number): number {
    const known = this.capacities[link];
    return known === undefined ? 0 : known.waitUs(now);
  }

  /** Share of datagrams ever lost, by heartbeats; 0 while fewer than `believed` were lost. */
  lossOf(link: number, believed = BELIEVED_LOSSES): number {
    const gauges = this.stats.links;
    const due = gauges[link * LINK_WIDTH + LINK.dueOut];
    const lost = due - gauges[link * LINK_WIDTH + LINK.arrivedOut];
    return lost < believed ? 0 : lost / due;
  }

  /** The same, as far as it is no work of chance. */
  private provenLossOf(link: number): number {
    const gauges = this.stats.links;
    const due = gauges[link * LINK_WIDTH + LINK.dueOut];
    return provenShare(due - gauges[link * LINK_WIDTH + LINK.arrivedOut], due);
  }

  /** Losses by heartbeats as TCP would feel them: those of a burst are one, and the first says nothing. As a share. */
  private lossEventsOf(link: number): number {
    const gauges = this.stats.links;
    const repeated = gauges[link * LINK_WIDTH + LINK.lossEventsOut] - 1;
    return repeated <= 0 ? 0 : repeated / gauges[link * LINK_WIDTH + LINK.dueOut];
  }

  /** The link by which acknowledgements go back to a peer that sends by its lane; -1 for none yet. */
  wayBackTo(peer: number): number {
    return this.waysBack[peer] ?? NO_LINK;
  }

  /** From now on they go by another one. */
  turnBack(peer: number, link: number): void {
    this.waysBack[peer] = link;
  }

  /** Ids, as a bit set, of the links that carry a peer's lane now. */
  carriers(peer: number, now: number): number {
    const lane = this.lanes[peer];
    if (lane === undefined) return 0;
    let ids = 0;
    for (let id = 0; id < MAX_LINKS; id++) if (now - lane.usedAt[id] <= UNUSED_US) ids |= 1 << id;
    return ids;
  }

  /** A peer's frames are sealed under a new session from now on: counters start over. */
  sessionChanged(peer: number): void {
    for (let link = this.peers.nextLink(peer); link >= 0; link = this.peers.nextLink(peer, link)) {
      this.logs[link]?.clear();
    }
  }

  peerRemoved(peer: number): void {
    delete this.lanes[peer];
    delete this.waysBack[peer];
  }

  linkRemoved(link: number): void {
    delete this.capacities[link];
    delete this.logs[link];
  }
}
