/**
 * Carries out what happens to links: the new state, the peer's choice of links, what was sent and may be lost, and the
 * word to the control thread, in this order and once for each change.
 */

import type { LinkCause, LinkFacts } from '../../api/link-states.js';
import { LINK_CAUSES } from '../../api/link-states.js';
import { isAlive, STATE } from '../../contract/link-states.js';
import { LINK, LINK_WIDTH, PEER, PEER_WIDTH } from '../../contract/stats.js';
import type { Deciders } from '../choice/deciders.js';
import { GREY } from '../choice/grey.js';
import type { DownSender, LinkBase, PeerWatch } from '../ports.js';
import { Announcements } from './announcements.js';
import { factsOf } from './facts.js';
import type { Liveness } from './liveness.js';
import type { Pace } from './pace.js';
import { type Happening, isDrained, nextState } from './states.js';

/** Causes that speak of the link itself; what the operator or the session does is no flapping. */
const FLAP_CAUSES: ReadonlySet<LinkCause> = new Set([
  'hold-time-expired',
  'peer-does-not-hear-us',
  'carrier-lost',
  'address-removed',
  'send-error',
  'peer-reported-down',
]);

/**
 * Causes that a peer can bring about at will, and how often a datagram is sent again for them before the peer's budget must
 * pay for it: once for its mere word, three times for its silence, since links may die in turn in one outage.
 */
const PEERS_DOING: Partial<Record<LinkCause, number>> = {
  'peer-does-not-hear-us': 1,
  'peer-reported-down': 1,
  'peer-said-goodbye': 1,
  'hold-time-expired': 3,
};

export class LinkChanges {
  readonly announcements: Announcements;

  constructor(
    private readonly base: LinkBase,
    private readonly deciders: Deciders,
    private readonly liveness: Liveness,
    private readonly notices: DownSender,
    private readonly watch: PeerWatch,
    pace: Pace,
  ) {
    const facts = (link: number, now: number) => this.facts(link, now);
    this.announcements = new Announcements(base, facts, (link) => pace.isOfClient(link));
  }

  /** What happens takes a link into another state, or leaves it where it is. */
  move(link: number, what: Happening, cause: LinkCause, now: number): void {
    const { links } = this.base.tables;
    const before = links.state[link];
    const state = nextState(before, what);
    if (state === before) return;
    links.state[link] = state;
    const facts = this.facts(link, now);
    if (!isAlive(state)) links.goodBeats[link] = 0;
    this.showState(link, before, facts, now);
    this.reselect(links.peer[link], now);
    this.announcements.changed(link, cause, facts, now);
  }

  /** A link waits for what it lacks, perhaps for something else than before. */
  wait(link: number, cause: LinkCause, now: number): void {
    if (this.base.tables.links.state[link] !== STATE.WAITING) return this.move(link, 'pathless', cause, now);
    const last = LINK_CAUSES[this.base.stats.links[link * LINK_WIDTH + LINK.cause]];
    if (last !== cause) this.announcements.changed(link, cause, this.facts(link, now), now);
  }

  /** What ends a link's work takes it into another state: the peer is told, and what may be lost is sent again. */
  leave(link: number, what: Happening, cause: LinkCause, now: number): void {
    const { peers, links } = this.base.tables;
    const before = links.state[link];
    // That a drained link goes is no surprise.
    const wasInUse = isAlive(before) && !isDrained(before);
    if (wasInUse && FLAP_CAUSES.has(cause)) this.deciders.damping.flapped(link, now);
    this.move(link, what, cause, now);
    if (what === 'lost' || isAlive(before)) this.tellPeer(link, cause, now);
    if (!isAlive(before)) return;
    const { resends } = this.base.ports;
    const peer = links.peer[link];
    const active = peers.activeLink[peer];
    if (active < 0) {
      resends.strand(link);
      return this.announcements.peerLost(peer, link);
    }
    const free = PEERS_DOING[cause];
    if (free === undefined) resends.resend(link, active, now);
    else resends.resendWithin(link, active, free, now);
  }

  /**
   * A link that is down here and was about to be up can no longer carry anything: what was heard of it counts no more. At
   * the far end, which has heard us, it may be up already.
   */
  startOver(link: number, cause: LinkCause, now: number): void {
    this.base.tables.links.goodBeats[link] = 0;
    this.tellPeer(link, cause, now);
  }

  /** The peer had lost a link that is up here and works: what it missed by it meanwhile is sent again. */
  missed(link: number, now: number): void {
    const { peers, links } = this.base.tables;
    const active = peers.activeLink[links.peer[link]];
    if (active < 0 || !isAlive(links.state[link])) return;
    this.base.ports.resends.resendWithin(link, active, PEERS_DOING['peer-reported-down']!, now);
  }

  /** Tells the peer that a link is down, now or when it has one again, unless it was the peer who said so. */
  private tellPeer(link: number, cause: LinkCause, now: number): void {
    if (cause === 'peer-reported-down') return;
    this.notices.linkDown(this.base.tables.links.peer[link], link, now);
  }

  /** All links of a peer are silent together; none is down yet. */
  peerSilent(peer: number, now: number): void {
    this.watch.silent(peer, now);
  }

  private showState(link: number, before: number, facts: LinkFacts, now: number): void {
    const gauges = this.base.stats.links;
    const at = link * LINK_WIDTH;
    const state = this.base.tables.links.state[link];
    gauges[at + LINK.state] = state;
    gauges[at + LINK.changedUs] = now;
    gauges[at + LINK.dampedUntilUs] = facts.dampedUs > 0 ? now + facts.dampedUs : 0;
    if (before === STATE.UP || state === STATE.UP) gauges[at + LINK.transitions]++;
  }

  /** Chooses a peer's links again and, when it can be reached again, sends what had waited for a link. */
  reselect(peer: number, now: number): void {
    const { peers, links } = this.base.tables;
    const before = peers.activeLink[peer];
    this.deciders.selection.decide(peer, now);
    const active = peers.activeLink[peer];
    const gauges = this.base.stats.peers;
    gauges[peer * PEER_WIDTH + PEER.activeLink] = active < 0 ? -1 : links.id[active];
    gauges[peer * PEER_WIDTH + PEER.usableLinks] = peers.usable[peer];
    this.watch.changed(peer, now);
    if (active < 0) return;
    if (before < 0) {
      this.base.ports.stations.reached(peer, now);
      this.notices.linksWereDown(peer, now);
    }
    for (let link = peers.nextLink(peer); link >= 0; link = peers.nextLink(peer, link)) {
      if (links.resendPending[link] === 0) continue;
      links.resendPending[link] = 0;
      this.base.ports.resends.resend(link, active, now);
    }
  }

  /** Looks at what is measured of a peer's links: one may have turned grey or clean, or be clearly better now. */
  review(peer: number, now: number): void {
    const { peers } = this.base.tables;
    const before = peers.activeLink[peer];
    this.deciders.review.run(peer, now, (link) => this.qualityChanged(link, now));
    this.reselect(peer, now);
    const active = peers.activeLink[peer];
    // Some of what a lossy link was given last may have been lost; the receiver drops what was not.
    if (before < 0 || active < 0 || active === before) return;
    if (this.deciders.grey.reasonOf(before) === GREY.LOSS)
      this.base.ports.resends.resend(before, active, now);
  }

  private qualityChanged(link: number, now: number): void {
    const reason = this.deciders.grey.reasonOf(link);
    this.base.stats.links[link * LINK_WIDTH + LINK.grey] = reason;
    const cause = reason === GREY.NO ? 'quality-restored' : reason === GREY.LOSS ? 'too-lossy' : 'too-slow';
    this.announcements.changed(link, cause, this.facts(link, now), now);
  }

  private facts(link: number, now: number): LinkFacts {
    return factsOf(this.base, this.liveness, this.deciders.damping, link, now);
  }
}
