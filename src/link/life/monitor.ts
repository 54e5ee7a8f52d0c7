/**
 * Liveness of links: what is up, down, or heard in one direction only, and why.
 *
 *   DOWN ── beats heard, peer hears us, enough good beats ──▶ UP, or DAMPED if it has been lost too often
 *   DAMPED ── steady for long enough ──▶ UP
 *   UP, DAMPED ── nothing heard for the hold time │ carrier or address lost │ send error │ told by the peer ──▶ DOWN
 *   UP, DAMPED, DOWN ── beats heard, but they say that the peer does not hear us ──▶ ONE_WAY
 *   UP, DAMPED ── an operator at either end wants it empty ──▶ DRAINING ── nothing is under way any more ──▶ DRAINED
 *
 * DRAINING and DRAINED are lost like UP. What is held back in one of these states is still alive.
 *
 * A three-state scheme after BFD (RFC 5880 section 6.2). Any authentic datagram counts as life. The owner calls
 * `expire` only when its sockets are drained, and `stalled` when its own thread was late, so that neither a late
 * wake-up nor a suspended machine is ever taken for a dead link.
 */

import { LINK_CAUSES, LINK_STATES, type LinkCause, type LinkFacts } from '../../api/link-states.js';
import type { PeerExplanation } from '../../contract/answers.js';
import type { DatapathEvent } from '../../contract/events.js';
import { isAlive, STATE } from '../../contract/link-states.js';
import type { LinkSettings } from '../../contract/settings.js';
import { LINK, LINK_WIDTH, PEER, PEER_WIDTH, type SharedStats } from '../../contract/stats.js';
import { type LinkTable, NEVER, PEER_HEARS } from '../../state/links.js';
import type { PeerTable } from '../../state/peers.js';
import type { TimerWheel } from '../../state/timer-wheel.js';
import { MAX_LINKS } from '../../wire/header.js';
import { DRAINS, HEARS_YOU, SENDS_NOTHING } from '../../wire/heartbeat.js';
import { FlapDamping } from '../choice/damping.js';
import { DRAINED_BY, Drains } from '../choice/drain.js';
import { explainPeer } from '../choice/explain.js';
import { GREY, GreyWatch } from '../choice/grey.js';
import { Review } from '../choice/review.js';
import { Selection } from '../choice/selection.js';
import { factsOf } from './facts.js';
import { TIMER, timerOf } from './timers.js';

/** Beats of the peer that must be missed at least, when it beats more slowly than our hold time expects. */
const DETECT_MULTIPLIER = 3;
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
 * Links of a peer that were heard last within so many of its intervals fell silent together; such a silence may last so
 * many hold times before it is believed.
 */
const STALL_INTERVALS = 1.25;
const STALL_HOLDS = 3;

/** What the monitor sets in motion when a link changes. */
export interface MonitorActions {
  /** Sends a heartbeat by a link now. */
  beat(link: number, now: number): void;
  /** Tells the peer, by another link, that this one is down. */
  reportDown(peer: number, link: number, now: number): void;
  /** No link is left: what this one has not confirmed is kept until one is usable. */
  strand(link: number): void;
  /** Sends again by link `to` what `from` may have lost. */
  resend(from: number, to: number, now: number): void;
  emit(event: DatapathEvent): void;
}

export class LinkMonitor {
  /** How long this thread has been late in all, in µs. */
  private lateness = 0;
  private readonly damping = new FlapDamping();
  private readonly grey = new GreyWatch();
  private readonly drains = new Drains();
  private readonly selection: Selection;
  private readonly review: Review;

  constructor(
    private readonly peers: PeerTable,
    private readonly links: LinkTable,
    private readonly wheel: TimerWheel,
    private readonly actions: MonitorActions,
    private readonly stats: SharedStats,
  ) {
    this.selection = new Selection(peers, links, this.grey);
    this.review = new Review(peers, links, this.grey);
  }

  /** Takes over what the configuration says of a link's life. `fresh`: its row was another link's, or nobody's. */
  configure(link: number, settings: LinkSettings, fresh: boolean): void {
    this.damping.configure(link, settings.damping);
    this.grey.configure(link, settings.quality);
    if (!fresh) return;
    this.damping.reset(link);
    this.grey.reset(link);
    this.drains.reset(link);
  }

  /** The operator wants a link to be drained, or no longer. */
  drain(link: number, wanted: boolean, now: number): void {
    if (this.drains.wish(link, DRAINED_BY.OPERATOR, wanted))
      this.followWishes(link, 'administratively-drained', now);
  }

  /** Goes into or out of the drained states, as both ends want it, and tells the peer at once. */
  private followWishes(link: number, cause: LinkCause, now: number): void {
    if (!isAlive(this.links.state[link])) return;
    if (this.drains.isWanted(link) && !this.isDraining(link)) {
      this.drains.busyUntil(link, now);
      this.change(link, STATE.DRAINING, cause, now);
    } else if (!this.drains.isWanted(link) && this.isDraining(link)) {
      const isDamped = this.damping.isSuppressed(link, now);
      this.change(link, isDamped ? STATE.DAMPED : STATE.UP, 'undrained', now);
    }
    this.actions.beat(link, now);
  }

  private isDraining(link: number): boolean {
    const state = this.links.state[link];
    return state === STATE.DRAINING || state === STATE.DRAINED;
  }

  /** What a beat of a link says of draining. */
  drainFlags(link: number): number {
    const isWanted = this.drains.isWanted(link);
    const asked = this.drains.isAskedHere(link) ? DRAINS : 0;
    return asked | (isWanted && !this.carries(link) ? SENDS_NOTHING : 0);
  }

  /** Whether frames may be sent by a link now. */
  private carries(link: number): boolean {
    return (this.peers.usable[this.links.peer[link]] & (1 << this.links.id[link])) !== 0;
  }

  /** What a beat of the peer says of draining. `sentAt`: when the beat of ours left that it answers. */
  private drainHeard(link: number, flags: number, sentAt: number, now: number): void {
    if (this.drains.wish(link, DRAINED_BY.PEER, (flags & DRAINS) !== 0))
      this.followWishes(link, 'peer-drains', now);
    if (!this.isDraining(link)) return;
    if (this.carries(link)) {
      this.drains.busyUntil(link, now);
      this.change(link, STATE.DRAINING, 'no-other-link', now);
    } else if ((flags & SENDS_NOTHING) !== 0 && this.drains.isBehindLastFrame(link, sentAt)) {
      this.change(link, STATE.DRAINED, 'nothing-under-way', now);
    }
  }

  /** A peer is there now, or goes by another policy. `fresh`: its row was another peer's, or nobody's. */
  peerChanged(peer: number, fresh: boolean, now: number): void {
    if (fresh) this.selection.reset(peer);
    this.reselect(peer, now);
  }

  /** Why the peer's frames take the link they take. */
  explain(peer: number, now: number): PeerExplanation {
    const { peers, links, selection, grey, damping } = this;
    return explainPeer({ peers, links, selection, grey, damping }, peer, now);
  }

  /** Brings a link into service after it was configured, changed or its session came. */
  start(link: number, now: number): void {
    const links = this.links;
    if (links.shutdown[link]) return this.leave(link, STATE.SHUTDOWN, 'administratively-down', now);
    if (!links.hasRemote(link)) return this.change(link, STATE.WAITING, 'path-unknown', now);
    if (links.state[link] === STATE.SHUTDOWN || links.state[link] === STATE.WAITING) {
      this.change(link, STATE.DOWN, 'configured', now);
    }
    this.wheel.schedule(timerOf(link, TIMER.BEAT), now);
    this.rearm(link, now);
  }

  /** The hold time of a link may have changed: its timer works out the deadline anew. */
  rearm(link: number, now: number): void {
    if (isAlive(this.links.state[link])) this.wheel.schedule(timerOf(link, TIMER.HOLD), now);
  }

  /** Takes a link out of service for good. */
  stop(link: number, now: number): void {
    this.wheel.cancel(timerOf(link, TIMER.BEAT));
    this.wheel.cancel(timerOf(link, TIMER.HOLD));
    this.leave(link, STATE.SHUTDOWN, 'administratively-down', now);
  }

  /** The beat timer of a link fired. */
  beatDue(link: number, now: number): void {
    if (this.links.shutdown[link] || !this.links.hasRemote(link)) return;
    if (this.links.carrier[link]) this.actions.beat(link, now);
    this.wheel.schedule(timerOf(link, TIMER.BEAT), now + this.links.intervalUs[link]);
  }

  /** The hold timer of a link fired: down when it was really silent that long. */
  holdDue(link: number, now: number): void {
    const state = this.links.state[link];
    if (!isAlive(state) && state !== STATE.ONE_WAY) return;
    const deadline = this.heardOrExcused(link) + this.holdOf(link);
    if (now < deadline) return this.wheel.schedule(timerOf(link, TIMER.HOLD), deadline);
    if (!this.isPeersStall(link, now)) return this.down(link, 'hold-time-expired', now);
    this.wheel.schedule(timerOf(link, TIMER.HOLD), now + this.peerInterval(link) / 4);
  }

  /** This thread was late by so much: silence of that length is not the links' fault. */
  stalled(lateUs: number): void {
    this.lateness += lateUs;
  }

  /** The peer was heard on this link. */
  heard(link: number, now: number): void {
    this.links.lastHeard[link] = now;
    this.links.latenessHeard[link] = this.lateness;
  }

  /** Hold time in force: ours, or three beats of a peer that beats more slowly than we expect. */
  holdOf(link: number): number {
    return Math.max(this.links.holdUs[link], this.links.peerIntervalUs[link] * DETECT_MULTIPLIER);
  }

  /** Whether the peer has been heard on this link within its hold time. */
  isHeard(link: number, now: number): boolean {
    const links = this.links;
    // After a stall of this thread a link in use is believed in until it has had its time to be heard again.
    const heard = isAlive(links.state[link]) ? this.heardOrExcused(link) : links.lastHeard[link];
    return now - heard < this.holdOf(link) || this.isPeersStall(link, now);
  }

  /**
   * Whether the peer itself seems to be late rather than this link dead: it fell silent on all its links at once. Then
   * no link is better than another, so none is left before the silence has lasted `STALL_HOLDS` hold times.
   */
  private isPeersStall(link: number, now: number): boolean {
    const { links, peers } = this;
    if (!isAlive(links.state[link])) return false;
    if (now - this.heardOrExcused(link) >= STALL_HOLDS * this.holdOf(link)) return false;
    const together = links.lastHeard[link] + STALL_INTERVALS * this.peerInterval(link);
    let others = 0;
    for (let id = 0; id < MAX_LINKS; id++) {
      const other = peers.linkOf(links.peer[link], id);
      if (other < 0 || other === link || !isAlive(links.state[other])) continue;
      if (links.lastHeard[other] > together) return false;
      others++;
    }
    return others > 0;
  }

  private peerInterval(link: number): number {
    return this.links.peerIntervalUs[link] || this.links.intervalUs[link];
  }

  private heardOrExcused(link: number): number {
    return this.links.lastHeard[link] + this.lateness - this.links.latenessHeard[link];
  }

  /** A beat came by this link. `flags`: what it says; `echoedAt`: when the beat of ours was sent that it answers, or 0. */
  beatHeard(link: number, flags: number, echoedAt: number, now: number): void {
    const links = this.links;
    const state = links.state[link];
    if (state === STATE.SHUTDOWN || !links.carrier[link]) return;
    links.goodBeats[link]++;
    const hearsUs = (flags & HEARS_YOU) !== 0;
    links.peerHearsUs[link] = hearsUs ? PEER_HEARS.YES : PEER_HEARS.NO;
    if (!hearsUs) {
      if (state === STATE.ONE_WAY) return;
      const cause = isAlive(state) ? 'peer-does-not-hear-us' : 'beats-heard';
      this.leave(link, STATE.ONE_WAY, cause, now);
      this.wheel.schedule(timerOf(link, TIMER.HOLD), now + this.holdOf(link));
      this.actions.beat(link, now);
    } else if (state === STATE.DAMPED) {
      if (!this.damping.isSuppressed(link, now)) this.change(link, STATE.UP, 'damping-over', now);
    } else if (!isAlive(state)) {
      this.answered(link, now);
    }
    this.drainHeard(link, flags, echoedAt, now);
    if (this.review.isDue(links.peer[link], now)) this.reviewPeer(links.peer[link], now);
  }

  /** Links may have turned grey or clean, or another may be clearly better now. */
  private reviewPeer(peer: number, now: number): void {
    const before = this.peers.activeLink[peer];
    this.review.run(peer, now, (link) => this.qualityChanged(link, now));
    this.reselect(peer, now);
    const active = this.peers.activeLink[peer];
    // Some of what a lossy link was given last may have been lost; the receiver drops what was not.
    if (before >= 0 && active >= 0 && active !== before && this.grey.reasonOf(before) === GREY.LOSS) {
      this.actions.resend(before, active, now);
    }
  }

  private qualityChanged(link: number, now: number): void {
    const reason = this.grey.reasonOf(link);
    this.stats.links[link * LINK_WIDTH + LINK.grey] = reason;
    const cause = reason === GREY.NO ? 'quality-restored' : reason === GREY.LOSS ? 'too-lossy' : 'too-slow';
    this.announce(link, cause, this.facts(link, now), now);
  }

  private facts(link: number, now: number): LinkFacts {
    const stall = this.lateness - this.links.latenessHeard[link];
    const dampedUs = this.damping.leftUs(link, now);
    return factsOf(this.links, this.stats, link, this.holdOf(link), stall, dampedUs, now);
  }

  /** Both directions of a link that was not alive work: it is, after enough good beats. */
  private answered(link: number, now: number): void {
    if (this.hasUpLink(this.links.peer[link]) && this.links.goodBeats[link] < this.links.upAfter[link])
      return;
    // What was lost while it was down says nothing of what it is like now.
    this.links.measureAnew(link, this.stats.links[link * LINK_WIDTH + LINK.rttLastUs]);
    if (this.drains.isWanted(link)) this.change(link, STATE.DRAINING, 'beats-heard', now);
    else if (this.damping.isSuppressed(link, now)) this.change(link, STATE.DAMPED, 'flapping', now);
    else this.change(link, STATE.UP, 'beats-heard', now);
    this.wheel.schedule(timerOf(link, TIMER.HOLD), now + this.holdOf(link));
    // The peer may wait for our word that we hear it, and answers to frames that we send from now on wait with it.
    this.actions.beat(link, now);
  }

  private hasUpLink(peer: number): boolean {
    for (let id = 0; id < MAX_LINKS; id++) {
      const link = this.peers.linkOf(peer, id);
      if (link >= 0 && this.links.state[link] === STATE.UP) return true;
    }
    return false;
  }

  /** A link can no longer carry anything. Idempotent. */
  down(link: number, cause: LinkCause, now: number): void {
    const state = this.links.state[link];
    if (!isAlive(state) && state !== STATE.ONE_WAY) return;
    if (!this.links.isConfiguredPath(link) && this.links.hasConfiguredRemote(link))
      this.links.restorePath(link);
    this.leave(link, STATE.DOWN, cause, now);
  }

  /** A datagram for a link could not be sent; what it was sent goes by another one. */
  sendFailed(link: number, now: number): void {
    if (isAlive(this.links.state[link])) return this.down(link, 'send-error', now);
    const active = this.peers.activeLink[this.links.peer[link]];
    if (active >= 0 && active !== link) this.actions.resend(link, active, now);
  }

  /** A link goes by another path now: what its old one may have swallowed is sent again. */
  moved(link: number, now: number): void {
    const peer = this.links.peer[link];
    this.start(link, now);
    this.reselect(peer, now);
    this.actions.resend(link, link, now);
  }

  carrier(link: number, up: boolean, cause: LinkCause, now: number): void {
    this.links.carrier[link] = up ? 1 : 0;
    if (!up) this.down(link, cause, now);
    else if (this.links.peer[link] >= 0) this.start(link, now);
  }

  /** All links of a peer go down at once, for a cause that is no link's own. */
  peerLost(peer: number, cause: LinkCause, now: number): void {
    for (let id = 0; id < MAX_LINKS; id++) {
      const link = this.peers.linkOf(peer, id);
      if (link < 0) continue;
      const state = this.links.state[link];
      this.links.lastHeard[link] = NEVER;
      if (isAlive(state) || state === STATE.ONE_WAY) this.change(link, STATE.DOWN, cause, now);
    }
  }

  /** Leaves a state in which frames may have been sent: the peer is told and lost frames are sent again. */
  private leave(link: number, state: number, cause: LinkCause, now: number): void {
    const wasAlive = isAlive(this.links.state[link]);
    // That a drained link goes is no surprise.
    const wasInUse = wasAlive && !this.isDraining(link);
    if (wasInUse && FLAP_CAUSES.has(cause)) this.damping.flapped(link, now);
    this.change(link, state, cause, now);
    if (!wasAlive) return;
    const peer = this.links.peer[link];
    const active = this.peers.activeLink[peer];
    if (active < 0) {
      this.actions.strand(link);
      this.actions.emit({ kind: 'all-links-down', peer });
      return;
    }
    if (cause !== 'peer-reported-down') this.actions.reportDown(peer, link, now);
    this.actions.resend(link, active, now);
  }

  private change(link: number, state: number, cause: LinkCause, now: number): void {
    const before = this.links.state[link];
    if (before === state) return;
    this.links.state[link] = state;
    const facts = this.facts(link, now);
    if (!isAlive(state)) this.links.goodBeats[link] = 0;
    const peer = this.links.peer[link];
    const gauges = this.stats.links;
    const base = link * LINK_WIDTH;
    gauges[base + LINK.state] = state;
    gauges[base + LINK.changedUs] = now;
    gauges[base + LINK.dampedUntilUs] = facts.dampedUs > 0 ? now + facts.dampedUs : 0;
    if (before === STATE.UP || state === STATE.UP) gauges[base + LINK.transitions]++;
    this.reselect(peer, now);
    this.announce(link, cause, facts, now);
  }

  private announce(link: number, cause: LinkCause, facts: LinkFacts, now: number): void {
    this.stats.links[link * LINK_WIDTH + LINK.cause] = LINK_CAUSES.indexOf(cause);
    this.actions.emit({
      kind: 'link',
      peer: this.links.peer[link],
      link: this.links.id[link],
      state: LINK_STATES[this.links.state[link]],
      cause,
      atUs: now,
      facts,
    });
  }

  /** Chooses anew and, when a peer can be reached again, sends what had waited for a link. */
  reselect(peer: number, now: number): void {
    this.selection.decide(peer, now);
    const active = this.peers.activeLink[peer];
    this.stats.peers[peer * PEER_WIDTH + PEER.activeLink] = active < 0 ? -1 : this.links.id[active];
    if (active < 0) return;
    for (let id = 0; id < MAX_LINKS; id++) {
      const link = this.peers.linkOf(peer, id);
      if (link < 0 || this.links.resendPending[link] === 0) continue;
      this.links.resendPending[link] = 0;
      this.actions.resend(link, active, now);
    }
  }
}
