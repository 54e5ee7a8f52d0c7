/**
 * Which link of a peer carries its frames. Worked out when a link changes or a measurement says so, and not for each
 * frame, which only looks it up.
 *
 * In this order: how a link stands (up before damped, clean before grey); priority; what was measured. A measured difference
 * moves traffic only when it is clear, has lasted, and the last such move is some time ago. The rest between two
 * moves doubles while they follow each other closely, so that two links that are worse only when used do not
 * pass the traffic to and fro.
 */
import { Columns, float64, int32, uint8 } from '../../base/columns.js';
import { STATE } from '../../contract/link-states.js';
import type { LinkTable } from '../../state/links.js';
import { NO_LINK, type PeerTable, POLICY } from '../../state/peers.js';
import { MAX_LINKS } from '../../wire/header.js';
import { costOf, isClearlyBetter } from './cost.js';
import { GREY, type GreyWatch } from './grey.js';

/**
 * How gladly a link is taken, in steps: every link of a higher standing goes before all of a lower one. What is held
 * back, by damping or by the operator, is still better than nothing.
 */
export const STANDING = { UNUSABLE: 0, DRAINED: 1, DAMPED: 2, GREY: 3, CLEAN: 4 } as const;

/** Which rule decided, and so what the decision hangs on. */
export const RULE = {
  /** No link is usable. */
  NONE: 0,
  /** The only one that is usable. */
  ONLY: 1,
  /** The others that are usable are held back or grey. */
  STANDING: 2,
  /** The highest priority. */
  PRIORITY: 3,
  /** Of equal priority; clearly better measured than the others, or the first of them. */
  MEASURED: 4,
  /** Of equal priority and in use; no other is clearly better, or has been for long enough. */
  STAYS: 5,
} as const;

/** How long a better measurement must last before traffic follows it. */
export const BETTER_FOR_US = 5_000_000;
/** Rest after such a move, at first and at most. */
const REST_US = 10_000_000;
const MAX_REST_US = 300_000_000;
/** A move within this many rests of the one before it doubles the rest. */
const CLOSE_RESTS = 4;

export class Selection {
  /** By peer row: rule of the last decision, since when its link is in use. */
  rule = uint8();
  since = float64();
  /** Link that is clearly better than the one in use, or -1; since when; until when no measurement moves traffic. */
  challenger = int32(NO_LINK);
  challengerSince = float64();
  restUntil = float64(Number.NEGATIVE_INFINITY);
  private restUs = float64(REST_US);
  private movedAt = float64(Number.NEGATIVE_INFINITY);
  private readonly columns = new Columns(this, 'peers', 16);

  constructor(
    private readonly peers: PeerTable,
    private readonly links: LinkTable,
    private readonly grey: GreyWatch,
  ) {}

  /** Makes room for a peer, and forgets whoever had its row. */
  reset(peer: number): void {
    this.columns.ensure(peer + 1);
    this.columns.reset(peer);
  }

  standingOf(link: number): number {
    const state = this.links.state[link];
    if (state === STATE.UP) return this.grey.reasonOf(link) === GREY.NO ? STANDING.CLEAN : STANDING.GREY;
    if (state === STATE.DAMPED) return STANDING.DAMPED;
    return state === STATE.DRAINING || state === STATE.DRAINED ? STANDING.DRAINED : STANDING.UNUSABLE;
  }

  /**
   * Recomputes a peer's active link, the set of links that its policy may use, and the largest plaintext that every link
   * takes that could be chosen later, so that what was sealed for one fits the others.
   */
  decide(peer: number, now: number): void {
    const { peers } = this;
    const before = peers.activeLink[peer];
    const chosen = this.choose(peer, before, now);
    if (chosen !== before) {
      this.since[peer] = now;
      this.challenger[peer] = NO_LINK;
    }
    peers.activeLink[peer] = chosen;
    if (chosen >= 0) peers.lastLink[peer] = chosen;
    peers.usable[peer] = this.usableOf(peer, chosen);
    const smallest = this.smallestPlain(peer);
    // While none is usable, frames are still sealed, to wait.
    if (smallest > 0) peers.smallestPlain[peer] = smallest;
  }

  private choose(peer: number, before: number, now: number): number {
    let best: number = NO_LINK;
    let alive = 0;
    let equals = 0;
    for (let link = this.peers.nextLink(peer); link >= 0; link = this.peers.nextLink(peer, link)) {
      if (this.standingOf(link) === STANDING.UNUSABLE) continue;
      alive++;
      const order = best < 0 ? 1 : this.compare(link, best);
      if (order > 0) equals = 1;
      else if (order === 0) equals++;
      if (order > 0 || (order === 0 && this.isBetterEqual(link, best, before))) best = link;
    }
    if (best < 0 || alive === 1) {
      this.rule[peer] = best < 0 ? RULE.NONE : RULE.ONLY;
      return best;
    }
    if (equals > 1) return this.amongEquals(peer, before, best, now);
    this.rule[peer] = this.isPriority(peer, best) ? RULE.PRIORITY : RULE.STANDING;
    return best;
  }

  /** Standing, then priority. Among links that are all grey, what was measured says more than priority. */
  private compare(a: number, b: number): number {
    const standing = this.standingOf(a);
    const order = standing - this.standingOf(b);
    if (order !== 0 || standing === STANDING.GREY) return order;
    return this.links.priority[a] - this.links.priority[b];
  }

  private isBetterEqual(link: number, best: number, before: number): boolean {
    if (best === before) return false;
    return link === before || isClearlyBetter(this.links, link, best);
  }

  /** Whether a link won by priority over another of its standing. */
  private isPriority(peer: number, best: number): boolean {
    for (let link = this.peers.nextLink(peer); link >= 0; link = this.peers.nextLink(peer, link)) {
      if (link !== best && this.standingOf(link) === this.standingOf(best)) return true;
    }
    return false;
  }

  /** Several links are first: the one in use stays, unless another has been clearly better for a while. */
  private amongEquals(peer: number, before: number, best: number, now: number): number {
    if (best !== before) {
      this.rule[peer] = RULE.MEASURED;
      return best;
    }
    const challenger = this.challengerOf(peer, best);
    if (challenger !== this.challenger[peer]) {
      this.challenger[peer] = challenger;
      this.challengerSince[peer] = now;
    }
    this.rule[peer] = RULE.STAYS;
    if (challenger < 0 || now - this.challengerSince[peer] < BETTER_FOR_US || now < this.restUntil[peer])
      return best;
    this.rest(peer, now);
    this.rule[peer] = RULE.MEASURED;
    return challenger;
  }

  /** The best measured of the links that are equal to the one in use and clearly better than it; -1 for none. */
  private challengerOf(peer: number, current: number): number {
    let found: number = NO_LINK;
    const known = this.challenger[peer];
    for (let link = this.peers.nextLink(peer); link >= 0; link = this.peers.nextLink(peer, link)) {
      if (link === current || this.compare(link, current) !== 0) continue;
      if (!isClearlyBetter(this.links, link, current)) continue;
      // One that has begun to wait does not start over because another is slightly better.
      if (found < 0 || link === known) found = link;
      else if (found !== known && costOf(this.links, link) < costOf(this.links, found)) found = link;
    }
    return found;
  }

  private rest(peer: number, now: number): void {
    const isClose = now - this.movedAt[peer] < CLOSE_RESTS * this.restUs[peer];
    this.restUs[peer] = isClose ? Math.min(MAX_REST_US, 2 * this.restUs[peer]) : REST_US;
    this.movedAt[peer] = now;
    this.restUntil[peer] = now + this.restUs[peer];
  }

  /**
   * Bit set of the link ids that may carry frames: those that stand as well as the one chosen. Grey links may carry
   * copies, and `adaptive` judges them by itself. Under `active` with a limit, copies go by the best, the one chosen
   * among them.
   */
  private usableOf(peer: number, chosen: number): number {
    if (chosen < 0) return 0;
    const policy = this.peers.policy[peer];
    const takesGrey = policy === POLICY.active || policy === POLICY.adaptive;
    const standing = this.standingOf(chosen);
    const least = takesGrey ? Math.min(STANDING.GREY, standing) : standing;
    let usable = 0;
    for (let link = this.peers.nextLink(peer); link >= 0; link = this.peers.nextLink(peer, link)) {
      if (this.standingOf(link) >= least) usable |= 1 << this.links.id[link];
    }
    return policy === POLICY.active ? this.bestOf(peer, usable, chosen) : usable;
  }

  /** As many of a set of links as the peer's copies are limited to, `chosen` first. */
  private bestOf(peer: number, usable: number, chosen: number): number {
    let left = this.peers.copies[peer] || MAX_LINKS;
    let picked = 1 << this.links.id[chosen];
    while (--left > 0 && picked !== usable) {
      let best: number = NO_LINK;
      for (let id = 0; id < MAX_LINKS; id++) {
        if ((usable & ~picked & (1 << id)) === 0) continue;
        const link = this.peers.linkOf(peer, id);
        if (best < 0 || this.compare(link, best) > 0) best = link;
      }
      picked |= 1 << this.links.id[best];
    }
    return picked;
  }

  private smallestPlain(peer: number): number {
    let smallest = 0;
    for (let link = this.peers.nextLink(peer); link >= 0; link = this.peers.nextLink(peer, link)) {
      if (this.standingOf(link) === STANDING.UNUSABLE) continue;
      const plain = this.links.maxPlain[link];
      if (smallest === 0 || plain < smallest) smallest = plain;
    }
    return smallest;
  }
}

/** Round-robin: the next usable link after the one that had the last turn. -1 when there is none. */
export function nextTurn(peers: PeerTable, peer: number): number {
  const usable = peers.usable[peer];
  for (let step = 1; step <= MAX_LINKS; step++) {
    const id = (peers.lastTurn[peer] + step) % MAX_LINKS;
    if ((usable & (1 << id)) === 0) continue;
    peers.lastTurn[peer] = id;
    return peers.linkOf(peer, id);
  }
  return NO_LINK;
}
