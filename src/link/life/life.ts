/**
 * The life of links: what happens to each, when, and for what cause. Sockets must be drained before silence is judged.
 */
import { LINK_CAUSES, type LinkCause } from '../../api/link-states.js';
import { isAlive, STATE } from '../../contract/link-states.js';
import type { LinkSettings } from '../../contract/settings.js';
import { LINK, LINK_WIDTH } from '../../contract/stats.js';
import { type LinkTable, PEER_HEARS } from '../../state/links.js';
import type { PeerTable } from '../../state/peers.js';
import { DRAINS, HEARS_YOU, SENDS_NOTHING } from '../../wire/heartbeat.js';
import type { Deciders } from '../choice/deciders.js';
import { DRAINED_BY } from '../choice/drain.js';
import type { BeatSender, LinkBase } from '../ports.js';
import type { LinkChanges } from './changes.js';
import { noteRefusal } from './hindrances.js';
import type { Liveness } from './liveness.js';
import type { OwnAddresses } from './own-addresses.js';
import type { Placement } from './placement.js';
import { isDrained } from './states.js';
import { nearestTick, tickFrom } from './ticks.js';
import { TIMER, timerOf } from './timers.js';

/** What a link goes down for when it comes to lack something, where that has a word of its own. */
const LOSSES: Partial<Record<LinkCause, LinkCause>> = {
  'no-carrier': 'carrier-lost',
  'address-absent': 'address-removed',
  'address-duplicate': 'address-removed',
};

export class LinkLife {
  private readonly peers: PeerTable;
  private readonly links: LinkTable;

  constructor(
    private readonly base: LinkBase,
    private readonly deciders: Deciders,
    private readonly liveness: Liveness,
    private readonly changes: LinkChanges,
    private readonly beats: BeatSender,
    private readonly placement: Placement,
    private readonly addresses: OwnAddresses,
  ) {
    this.peers = base.tables.peers;
    this.links = base.tables.links;
  }

  // --- configuration --------------------------------------------------------------------------------

  /**
   * A link is configured. `fresh`: its row was another link's, or nobody's. `moved`: it is to take another path than
   * before.
   */
  configure(link: number, settings: LinkSettings, fresh: boolean): void {
    this.deciders.configure(link, settings, fresh);
    this.base.stats.links[link * LINK_WIDTH + LINK.holdUs] = settings.holdUs;
  }

  /** A peer is there now, or goes by another policy. `fresh`: its row was another peer's, or nobody's. */
  peerChanged(peer: number, fresh: boolean, now: number): void {
    if (fresh) this.deciders.selection.reset(peer);
    this.changes.reselect(peer, now);
  }

  /** Brings a link into service after it was configured, changed or its session came. */
  start(link: number, now: number): void {
    const { links } = this;
    if (links.shutdown[link]) return this.changes.leave(link, 'stopped', 'administratively-down', now);
    if (links.lacks[link] !== 0) this.changes.wait(link, LINK_CAUSES[links.lacks[link]], now);
    else if (!links.hasRemote(link))
      this.changes.move(link, 'pathless', this.placement.whyUnknown(link), now);
    else this.changes.move(link, 'configured', 'configured', now);
    this.schedule(link, TIMER.BEAT, now);
    this.rearm(link, now);
  }

  /** Where the peer of a link was found before a restart. One that is in use, or shall not be, stays as it is. */
  foundBefore(link: number, words: readonly number[], now: number): void {
    const { links, placement } = this;
    if (!links.has(link) || links.shutdown[link] || isAlive(links.state[link])) return;
    placement.foundBefore(link, words);
    this.settle(now);
    this.start(link, now);
  }

  /** Starts every link of a peer. */
  startAll(peer: number, now: number): void {
    for (let link = this.peers.nextLink(peer); link >= 0; link = this.peers.nextLink(peer, link)) {
      this.start(link, now);
    }
  }

  /** Takes a link out of service: it is shut down, or removed. */
  stop(link: number, cause: 'administratively-down' | 'removed', now: number): void {
    this.base.wheel.cancel(timerOf(link, TIMER.BEAT));
    this.base.wheel.cancel(timerOf(link, TIMER.HOLD));
    this.changes.leave(link, 'stopped', cause, now);
  }

  // --- timers ---------------------------------------------------------------------------------------

  private schedule(link: number, timer: number, at: number): void {
    this.base.wheel.schedule(timerOf(link, timer), at);
  }

  /** The next heartbeat of a link is due after its interval. */
  private beatAgain(link: number, now: number): void {
    const interval = this.links.intervalUs[link];
    this.schedule(link, TIMER.BEAT, nearestTick(now + interval, interval));
  }

  /** Has the silence of a link be judged at a time, or soon afterwards. */
  private judgeAt(link: number, at: number): void {
    this.schedule(link, TIMER.HOLD, tickFrom(at, this.liveness.peerInterval(link)));
  }

  /** The hold time of a link may have changed: its timer works out the deadline again. */
  rearm(link: number, now: number): void {
    if (isAlive(this.links.state[link])) this.schedule(link, TIMER.HOLD, now);
  }

  /** The heartbeat timer of a link fired. */
  beatDue(link: number, now: number): void {
    if (this.links.shutdown[link]) return;
    if (!isAlive(this.links.state[link])) {
      this.placement.tryNext(link, this.liveness.holdOf(link), now);
      this.addresses.tell(link, now);
    } else if (this.liveness.isBeatMissed(link, now)) this.placement.doubt(link, now);
    if (!this.links.hasRemote(link)) return;
    this.settle(now);
    const lacked = this.links.lacks[link];
    if (lacked === 0) this.beats.beat(link, now);
    else this.changes.wait(link, LINK_CAUSES[lacked], now);
    this.beatAgain(link, now);
  }

  /** The hold timer of a link fired: down when it was really silent that long. */
  holdDue(link: number, now: number): void {
    if (!this.isHeldUp(link)) return;
    const deadline = this.liveness.deadlineOf(link);
    if (now < deadline) return this.judgeAt(link, deadline);
    if (!this.liveness.isPeerStalled(link, now)) return this.down(link, 'hold-time-expired', now);
    this.changes.peerSilent(this.links.peer[link], now);
    this.judgeAt(link, now + this.liveness.peerInterval(link) / 4);
  }

  /** Whether a link goes down when nothing is heard of it. */
  private isHeldUp(link: number): boolean {
    const state = this.links.state[link];
    return isAlive(state) || state === STATE.ONE_WAY;
  }

  // --- heartbeats ----------------------------------------------------------------------------------------

  /**
   * A heartbeat came by this link. `flags`: what it says; `echoedAt`: when the heartbeat of ours was sent that it
   * answers, or 0.
   */
  beatHeard(link: number, flags: number, echoedAt: number, now: number): void {
    const { links } = this;
    if (links.lacks[link] !== 0) this.heardWaiting(link, now);
    const state = links.state[link];
    if (state === STATE.SHUTDOWN || links.lacks[link] !== 0) return;
    links.goodBeats[link]++;
    const hearsUs = (flags & HEARS_YOU) !== 0;
    links.peerHearsUs[link] = hearsUs ? PEER_HEARS.YES : PEER_HEARS.NO;
    if (!hearsUs) {
      if (state === STATE.ONE_WAY) return;
      this.unheard(link, now);
    } else if (state === STATE.DAMPED) {
      if (!this.deciders.damping.isSuppressed(link, now))
        this.changes.move(link, 'free', 'damping-over', now);
    } else if (!isAlive(state)) {
      this.answered(link, now);
    }
    this.drainHeard(link, flags, echoedAt, now);
    const peer = links.peer[link];
    if (this.deciders.review.isDue(peer, now)) this.changes.review(peer, now);
  }

  private unheard(link: number, now: number): void {
    const cause = isAlive(this.links.state[link]) ? 'peer-does-not-hear-us' : 'beats-heard';
    this.changes.leave(link, 'unheard', cause, now);
    this.judgeAt(link, now + this.liveness.holdOf(link));
    this.beats.beat(link, now);
  }

  /** Both directions of a link that was not alive work: it is, after enough good heartbeats. */
  private answered(link: number, now: number): void {
    const { links } = this;
    if (this.hasUpLink(links.peer[link]) && links.goodBeats[link] < links.upAfter[link]) return;
    // What was lost while it was down says nothing of what it is like now.
    links.measureAnew(link, this.base.stats.links[link * LINK_WIDTH + LINK.rttLastUs]);
    if (this.deciders.drains.isWanted(link)) this.changes.move(link, 'drained', 'beats-heard', now);
    else if (this.deciders.damping.isSuppressed(link, now))
      this.changes.move(link, 'flapping', 'flapping', now);
    else this.changes.move(link, 'free', 'beats-heard', now);
    this.judgeAt(link, now + this.liveness.holdOf(link));
    // The peer may wait for our word that we hear it, and answers to frames that we send from now on wait with it.
    this.beats.beat(link, now);
  }

  private hasUpLink(peer: number): boolean {
    for (let link = this.peers.nextLink(peer); link >= 0; link = this.peers.nextLink(peer, link)) {
      if (this.links.state[link] === STATE.UP) return true;
    }
    return false;
  }

  // --- draining -------------------------------------------------------------------------------------

  /** The operator wants a link to be drained, or no longer. */
  drain(link: number, wanted: boolean, now: number): void {
    if (this.deciders.drains.wish(link, DRAINED_BY.OPERATOR, wanted)) {
      this.followWishes(link, 'administratively-drained', now);
    }
  }

  /** Goes into or out of the drained states, as both ends want it, and tells the peer at once. */
  private followWishes(link: number, cause: LinkCause, now: number): void {
    if (!isAlive(this.links.state[link])) return;
    const { drains, damping } = this.deciders;
    const wasDrained = isDrained(this.links.state[link]);
    if (drains.isWanted(link) && !wasDrained) {
      drains.busyUntil(link, now);
      this.changes.move(link, 'drained', cause, now);
    } else if (!drains.isWanted(link) && wasDrained) {
      this.changes.move(link, damping.isSuppressed(link, now) ? 'flapping' : 'free', 'undrained', now);
    }
    this.beats.beat(link, now);
  }

  /** What a heartbeat of the peer says of draining. `sentAt`: when the heartbeat of ours left that it answers. */
  private drainHeard(link: number, flags: number, sentAt: number, now: number): void {
    const { drains } = this.deciders;
    if (drains.wish(link, DRAINED_BY.PEER, (flags & DRAINS) !== 0))
      this.followWishes(link, 'peer-drains', now);
    if (!isDrained(this.links.state[link])) return;
    if (this.peers.carriesBy(this.links.peer[link], this.links.id[link])) {
      drains.busyUntil(link, now);
      this.changes.move(link, 'busy', 'no-other-link', now);
    } else if ((flags & SENDS_NOTHING) !== 0 && drains.isAfterLastFrame(link, sentAt)) {
      this.changes.move(link, 'empty', 'nothing-under-way', now);
    }
  }

  // --- losses ---------------------------------------------------------------------------------------

  /** A link can no longer carry anything. Idempotent. */
  down(link: number, cause: LinkCause, now: number): void {
    if (this.isHeldUp(link)) this.changes.leave(link, 'lost', cause, now);
    else if (this.links.state[link] === STATE.DOWN) this.changes.startOver(link, cause, now);
  }

  /**
   * The peer tells by a link that it had lost that very one. Heartbeats are counted anew; a peer that says so again before the
   * next one is not listened to.
   */
  wasDown(link: number, now: number): void {
    if (this.links.goodBeats[link] === 0) return;
    this.links.goodBeats[link] = 0;
    this.changes.missed(link, now);
  }

  /** All links of a peer go down at once, for a cause that is no link's own. */
  peerLost(peer: number, cause: LinkCause, now: number): void {
    for (let link = this.peers.nextLink(peer); link >= 0; link = this.peers.nextLink(peer, link)) {
      this.liveness.forget(link);
      this.changes.move(link, 'lost', cause, now);
    }
  }

  /** A datagram for a link could not be sent, with a negative errno; what it was sent goes by another one. */
  sendFailed(link: number, errno: number, now: number): void {
    noteRefusal(this.base.stats, link, errno, now);
    if (isAlive(this.links.state[link])) return this.down(link, 'send-error', now);
    const active = this.peers.activeLink[this.links.peer[link]];
    if (active >= 0 && active !== link) this.base.ports.resends.resend(link, active, now);
  }

  /**
   * A link has taken another path, by which it was heard just now: what its old one may have swallowed is sent again.
   */
  moved(link: number, now: number): void {
    this.settle(now);
    this.start(link, now);
    this.changes.reselect(this.links.peer[link], now);
    this.base.ports.resends.resend(link, link, now);
  }

  // --- places ---------------------------------------------------------------------------------------

  /** Something was learned of where links are: those that lack something else than before follow. */
  settle(now: number): void {
    // Every heartbeat asks, and hardly one finds anything.
    if (this.placement.isStale) this.settleAll(now);
  }

  private settleAll(now: number): void {
    this.placement.settle((link) => this.placed(link, now));
  }

  /** A link's own datagrams came out of the TAP: they are routed into their own tunnel. */
  cameBack(link: number, now: number): void {
    this.placement.cameBack(link);
    this.settle(now);
  }

  private placed(link: number, now: number): void {
    const { links } = this;
    const cause = LINK_CAUSES[links.lacks[link]];
    if (links.lacks[link] !== 0) this.down(link, LOSSES[cause] ?? cause, now);
    // One that was lost just now begins to wait when its next heartbeat would be due.
    if (links.lacks[link] === 0 ? !isAlive(links.state[link]) : links.state[link] === STATE.WAITING)
      this.start(link, now);
  }

  /** A heartbeat is stronger than what the kernel said before it. */
  private heardWaiting(link: number, now: number): void {
    this.placement.heard(link);
    this.settle(now);
  }
}
