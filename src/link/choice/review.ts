/** Looks at what is measured of a peer's links from time to time, and says when one has turned grey or clean. */
import { Columns, float64 } from '../../base/columns.js';
import { isAlive } from '../../contract/link-states.js';
import type { LinkTable } from '../../state/links.js';
import { NO_LINK, type PeerTable } from '../../state/peers.js';
import { lossOutOf } from './cost.js';
import { GREY, type GreyWatch } from './grey.js';

/** A peer's links are looked at this often at most, however often heartbeats come. */
const REVIEW_US = 100_000;

export class Review {
  private dueAt = float64();
  private readonly columns = new Columns(this, 'peers', 16);

  constructor(
    private readonly peers: PeerTable,
    private readonly links: LinkTable,
    private readonly grey: GreyWatch,
  ) {}

  /** Whether it is time to look at a peer's links; if so, the next time is set. */
  isDue(peer: number, now: number): boolean {
    this.columns.ensure(peer + 1);
    if (now < this.dueAt[peer] && this.dueAt[peer] - now <= REVIEW_US) return false;
    this.dueAt[peer] = now + REVIEW_US;
    return true;
  }

  /** Reviews every link of a peer that is alive; calls `changed` for each that has turned grey or clean. */
  run(peer: number, now: number, changed: (link: number) => void): void {
    for (let link = this.peers.nextLink(peer); link >= 0; link = this.peers.nextLink(peer, link)) {
      if (!isAlive(this.links.state[link])) continue;
      const fastest = this.fastestOther(peer, link);
      const slowerUs = fastest < 0 ? 0 : this.links.rttSmoothed[link] - this.links.rttSmoothed[fastest];
      if (this.grey.review(link, lossOutOf(this.links, link), slowerUs, now)) changed(link);
    }
  }

  /** The link of lowest round-trip time among the others that are alive and do not lose too much; -1 for none. */
  private fastestOther(peer: number, link: number): number {
    let fastest: number = NO_LINK;
    for (let other = this.peers.nextLink(peer); other >= 0; other = this.peers.nextLink(peer, other)) {
      if (other === link || !isAlive(this.links.state[other])) continue;
      if (this.links.rttSmoothed[other] === 0 || this.grey.reasonOf(other) === GREY.LOSS) continue;
      if (fastest < 0 || this.links.rttSmoothed[other] < this.links.rttSmoothed[fastest]) fastest = other;
    }
    return fastest;
  }
}
