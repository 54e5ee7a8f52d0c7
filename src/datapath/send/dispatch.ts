/** Which links carry a run, and in which stream it is counted, as the policy of its peer has it. */

import { backupOf } from '../../link/choice/backup.js';
import { nextTurn } from '../../link/choice/selection.js';
import type { Adaptive } from '../../link/lane/adaptive.js';
import type { LinkTable } from '../../state/links.js';
import { NO_LINK, type PeerTable, POLICY } from '../../state/peers.js';
import type { SealedRun } from '../../state/run.js';
import { COPIES_STREAM, LANE_STREAM, MAX_LINKS } from '../../wire/header.js';
import type { Transmitter } from './transmit.js';

export class Dispatch {
  constructor(
    private readonly peers: PeerTable,
    private readonly links: LinkTable,
    private readonly transmit: Transmitter,
    private readonly adaptive: Adaptive,
  ) {}

  /** Row of the link that carries the next frames of a peer; -1 while it never had one. */
  linkFor(peer: number): number {
    const link =
      this.peers.policy[peer] === POLICY['round-robin']
        ? nextTurn(this.peers, peer)
        : this.peers.activeLink[peer];
    // While no link is usable, frames wait in the transmit ring as if the last one had lost them.
    return link < 0 ? this.peers.lastLink[peer] : link;
  }

  /**
   * The stream of a run that `link` was chosen for, and a second link if it is to go twice. Copies have one of their
   * own: what they confirm by one link says nothing of what another has carried alone. What has to wait for a link is
   * counted there as well: the beats that bring a link back would move its own stream's replay window past it.
   */
  streamFor(link: number, twice: boolean): number {
    if (this.peers.usable[this.links.peer[link]] === 0) return COPIES_STREAM;
    return hasSeveral(this.carriers(link, twice)) ? COPIES_STREAM : this.links.id[link];
  }

  /** Sends a run by the link chosen, and copies by others where they are wanted; into the ring while there is none. */
  send(link: number, twice: boolean, run: SealedRun, now: number): void {
    const peer = this.links.peer[link];
    const usable = this.peers.usable[peer];
    if (usable === 0) return this.transmit.hold(link, run, now);
    if (run.stream === LANE_STREAM) return this.adaptive.sendLane(peer, run, now);
    const carriers = this.carriers(link, twice);
    if (!hasSeveral(carriers)) {
      // A flush in the middle of a batch may have found the link dead after frames were counted for it.
      const isUsable = (usable & (1 << this.links.id[link])) !== 0;
      const carrier = isUsable ? link : this.peers.activeLink[peer];
      if (this.peers.policy[peer] === POLICY.adaptive) return this.adaptive.sendBy(carrier, run, now);
      return this.transmit.send(carrier, run, now);
    }
    this.transmit.keepCopied(link, run, now, carriers);
    for (let id = 0; id < MAX_LINKS; id++) {
      if ((carriers & (1 << id)) !== 0) this.transmit.sendCopy(this.peers.linkOf(peer, id), run, now);
    }
  }

  /** Ids of the links that carry a run for which `link` was chosen, as a bit set. */
  private carriers(link: number, twice: boolean): number {
    const peer = this.links.peer[link];
    if (this.peers.policy[peer] === POLICY.active) return this.peers.usable[peer];
    const second = twice ? backupOf(this.peers, this.links, link) : NO_LINK;
    return (1 << this.links.id[link]) | (second < 0 ? 0 : 1 << this.links.id[second]);
  }
}

function hasSeveral(ids: number): boolean {
  return (ids & (ids - 1)) !== 0;
}
