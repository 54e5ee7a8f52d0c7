/**
 * What the control thread hears of links. A link that changes faster than anybody can follow is told of now and then only,
 * with the number of changes in between; its last state is always told. A link of a client that comes is told of when it is up, or
 * when it has not come up for a while: what it goes through until then is worth nothing, and thousands come at once.
 */
import { LINK_CAUSES, LINK_STATES, type LinkCause, type LinkFacts } from '../../api/link-states.js';
import { Columns, float64, int32, uint8, uint32 } from '../../base/columns.js';
import { isAlive } from '../../contract/link-states.js';
import { LINK, LINK_WIDTH } from '../../contract/stats.js';
import type { LinkBase } from '../ports.js';

/** Changes of one link told in quick succession, and how long it takes until one more may be, in µs. */
const BURST = 16;
const REFILL_US = 500_000;
/** How long a link of a client may be on its way up until it is told of. In µs. */
const COMING_US = 1_000_000;

export class Announcements {
  /** When all of the burst is there again. */
  fullAt = float64();
  /** Changes that were not told. */
  withheld = uint32();
  /** The cause of the last one: its place in `LINK_CAUSES`. */
  cause = int32();
  /** Whether it was alive when it was told of last. */
  wasAlive = uint8();
  private readonly columns = new Columns(this, 'links', 64);
  private readonly waiting = new Set<number>();
  /** Links of clients on their way up, with the time at which they are told of all the same, in its order. */
  private readonly coming = new Map<number, number>();

  constructor(
    private readonly base: LinkBase,
    private readonly factsOf: (link: number, now: number) => LinkFacts,
    private readonly isOfClient: (link: number) => boolean,
  ) {}

  /** A link has changed. */
  changed(link: number, cause: LinkCause, facts: LinkFacts, now: number): void {
    this.columns.ensure(link + 1);
    const index = LINK_CAUSES.indexOf(cause);
    this.base.stats.links[link * LINK_WIDTH + LINK.cause] = index;
    this.cause[link] = index;
    if (isAlive(this.base.tables.links.state[link])) this.coming.delete(link);
    else if (this.wasAlive[link] === 0 && this.withheld[link] === 0 && this.isOfClient(link)) {
      if (!this.coming.has(link)) this.coming.set(link, now + COMING_US);
      return;
    }
    this.announce(link, facts, now);
  }

  private announce(link: number, facts: LinkFacts, now: number): void {
    if (this.withheld[link] === 0 && this.mayTell(link, now)) return this.tell(link, facts, now);
    this.withheld[link]++;
    this.waiting.add(link);
  }

  /** The last link of a peer went down, and was told of or will be. */
  peerLost(peer: number, link: number): void {
    if (this.withheld[link] === 0) this.base.ports.emit({ kind: 'all-links-down', peer });
  }

  linkRemoved(link: number): void {
    if (link >= this.withheld.length) return;
    this.waiting.delete(link);
    this.coming.delete(link);
    this.withheld[link] = 0;
    this.fullAt[link] = 0;
    this.wasAlive[link] = 0;
  }

  /** Tells what may be told by now. */
  sweep(now: number): void {
    const { peers, links } = this.base.tables;
    for (const [link, at] of this.coming) {
      if (at > now) break;
      this.coming.delete(link);
      this.announce(link, this.factsOf(link, now), now);
    }
    for (const link of this.waiting) {
      if (!this.mayTell(link, now)) continue;
      this.waiting.delete(link);
      // The last of them is told now.
      this.withheld[link]--;
      this.tell(link, this.factsOf(link, now), now);
      this.withheld[link] = 0;
      const peer = links.peer[link];
      if (peers.activeLink[peer] < 0) this.peerLost(peer, link);
    }
  }

  private mayTell(link: number, now: number): boolean {
    const full = Math.max(this.fullAt[link], now) + REFILL_US;
    if (full - now > BURST * REFILL_US) return false;
    this.fullAt[link] = full;
    return true;
  }

  private tell(link: number, facts: LinkFacts, now: number): void {
    const { links } = this.base.tables;
    this.wasAlive[link] = isAlive(links.state[link]) ? 1 : 0;
    this.base.ports.emit({
      kind: 'link',
      peer: links.peer[link],
      link: links.id[link],
      state: LINK_STATES[links.state[link]],
      cause: LINK_CAUSES[this.cause[link]],
      atUs: now,
      facts,
      suppressed: this.withheld[link],
    });
  }
}
