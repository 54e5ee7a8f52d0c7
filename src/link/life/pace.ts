/**
 * How often heartbeats go by a link. Usually as it is configured. A client sets the pace of its link at both ends, and a
 * server with so many clients that its budget would be exceeded asks all of them for a slower one.
 *
 * Both are said in heartbeats: the interval stands in each; `ASKS_SLOWER` makes that of the sender the shortest one for the
 * receiver, and `FOLLOWS` says that the interval of the sender is not its own wish. Who knows neither flag goes on as before,
 * and three intervals of the slower end still have to pass before a link counts as silent.
 */
import { Columns, float64, uint8 } from '../../base/columns.js';
import type { LinkSettings } from '../../contract/settings.js';
import { INTERFACE, LINK, LINK_WIDTH, type SharedStats } from '../../contract/stats.js';
import type { LinkTable } from '../../state/links.js';
import type { RowOwner } from '../../state/owners.js';
import { ASKS_SLOWER, FOLLOWS } from '../../wire/heartbeat.js';

/** A client may not ask for heartbeats more often than this, nor a server for fewer: a NAT on the way must not forget us. */
const FASTEST_US = 10_000;
const SLOWEST_US = 25_000_000;
/** The pace of a client that has not said its own yet. */
const FIRST_US = 100_000;
/** A hold time that a client may ask for. */
const SHORTEST_HOLD_US = 30_000;
/** What is asked for changes in steps of an eighth of its size, not with every client that comes. */
const STEPS = 8;

export class Pace implements RowOwner {
  /** 1 for a link of which the peer sets the pace. */
  private readonly byPeer = uint8();
  /** 1 while the peer asks for a slower pace than the link has by itself. */
  private readonly slowed = uint8();
  /** As configured; the shortest interval for a client whose template says one. */
  private readonly ownUs = float64();
  /** What a client wants. */
  private readonly wishUs = float64();
  private readonly columns = new Columns(this, 'links');
  /** Heartbeats a second that all links together whose peers set the pace may take. */
  private budget = Number.POSITIVE_INFINITY;
  private paced = 0;
  /** The shortest interval that keeps to the budget; 0 while every wish does. */
  private floorUs = 0;

  constructor(
    private readonly links: LinkTable,
    private readonly stats: SharedStats,
  ) {}

  setBudget(perSecond: number): void {
    this.budget = perSecond;
    this.weigh();
  }

  /** A link is configured, or configured anew; its table has the configured interval. */
  configure(link: number, { paceByPeer, intervalUs }: LinkSettings): void {
    this.columns.ensure(link + 1);
    this.ownUs[link] = intervalUs;
    this.slowed[link] = 0;
    const byPeer = paceByPeer ? 1 : 0;
    if (this.wishUs[link] === 0) this.wishUs[link] = Math.max(intervalUs, FIRST_US);
    if (byPeer !== this.byPeer[link]) {
      this.byPeer[link] = byPeer;
      this.paced += byPeer === 1 ? 1 : -1;
      this.weigh();
    }
    if (byPeer === 1) this.followClient(link);
    else this.beatEvery(link, intervalUs);
  }

  /** Whether the peer of a link is a client, which says how often it wants to be heard. */
  isOfClient(link: number): boolean {
    return this.byPeer[link] === 1;
  }

  linkRemoved(link: number): void {
    if (link >= this.columns.capacity) return;
    this.wishUs[link] = 0;
    if (this.byPeer[link] === 0) return;
    this.byPeer[link] = 0;
    this.paced--;
    this.weigh();
  }

  /** What a heartbeat that goes by this link says of the pace. */
  flagsOf(link: number): number {
    this.stats.interface[INTERFACE.heartbeatsSent]++;
    if (this.byPeer[link] === 1) return this.links.intervalUs[link] > this.wishUs[link] ? ASKS_SLOWER : 0;
    return this.slowed[link] === 1 ? FOLLOWS : 0;
  }

  /** A heartbeat of the peer came by this link, with these flags, intervals and hold time. */
  heard(link: number, flags: number, peerIntervalUs: number, peerHoldUs: number): void {
    this.stats.interface[INTERFACE.heartbeatsReceived]++;
    if (this.byPeer[link] === 1) {
      if ((flags & FOLLOWS) === 0) this.wishUs[link] = peerIntervalUs;
      this.links.holdUs[link] = Math.max(peerHoldUs, SHORTEST_HOLD_US);
      this.stats.links[link * LINK_WIDTH + LINK.holdUs] = this.links.holdUs[link];
      this.followClient(link);
    } else {
      const askedUs = (flags & ASKS_SLOWER) === 0 ? 0 : Math.min(peerIntervalUs, SLOWEST_US);
      this.slowed[link] = askedUs > this.ownUs[link] ? 1 : 0;
      this.beatEvery(link, Math.max(this.ownUs[link], askedUs));
    }
  }

  private followClient(link: number): void {
    const wished = Math.max(this.wishUs[link], this.ownUs[link], this.floorUs, FASTEST_US);
    this.beatEvery(link, Math.min(wished, Math.max(SLOWEST_US, this.wishUs[link])));
  }

  private beatEvery(link: number, intervalUs: number): void {
    this.links.intervalUs[link] = intervalUs;
    this.stats.links[link * LINK_WIDTH + LINK.intervalUs] = intervalUs;
  }

  /** Works out the shortest interval anew: the budget or the number of links has changed. */
  private weigh(): void {
    const exactMs = (this.paced * 1000) / this.budget;
    // In whole milliseconds, as heartbeats say it.
    const step = Math.max(1, 2 ** Math.floor(Math.log2(Math.max(1, exactMs))) / STEPS);
    const floorUs = Math.ceil(exactMs / step) * step * 1000;
    this.floorUs = floorUs <= FASTEST_US ? 0 : Math.min(floorUs, SLOWEST_US);
    const gauges = this.stats.interface;
    gauges[INTERFACE.pacedLinks] = this.paced;
    gauges[INTERFACE.pacedIntervalUs] = this.floorUs;
  }
}
