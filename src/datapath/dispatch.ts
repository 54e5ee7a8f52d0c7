/** Sealed runs to links, as the policy of their peer has it. */
import type { Adaptive } from '../link/adaptive.js';
import type { LinkTable } from '../link/links.js';
import { nextTurn } from '../link/selection.js';
import { type PeerTable, POLICY } from './peers.js';
import type { SealedRun } from './run.js';
import type { Transmitter } from './transmit.js';
import { LANE_STREAM, MAX_LINKS } from './wire.js';

export class Dispatch {
  constructor(
    private readonly peers: PeerTable,
    private readonly links: LinkTable,
    private readonly transmit: Transmitter,
    private readonly adaptive: Adaptive,
  ) {}

  /** Row of the link whose stream the next frames of a peer are counted in; -1 while it never had one. */
  linkFor(peer: number): number {
    const link =
      this.peers.policy[peer] === POLICY['round-robin']
        ? nextTurn(this.peers, peer)
        : this.peers.activeLink[peer];
    // While no link is usable, frames wait in the transmit ring as if the last one had lost them.
    return link < 0 ? this.peers.lastLink[peer] : link;
  }

  /** By the link chosen, under the policy `active` by every usable one, or into the ring while there is none. */
  send(link: number, run: SealedRun, now: number): void {
    const peer = this.links.peer[link];
    const usable = this.peers.usable[peer];
    if (usable === 0) return this.transmit.hold(link, run, now);
    if (run.stream === LANE_STREAM) return this.adaptive.sendLane(peer, run, now);
    // A flush in the middle of a batch may have found the link dead after frames were counted for it.
    if ((usable & (1 << this.links.id[link])) === 0) link = this.peers.activeLink[peer];
    if (this.peers.policy[peer] === POLICY.adaptive) return this.adaptive.sendBy(link, run, now);
    const copies = this.peers.policy[peer] === POLICY.active && (usable & (usable - 1)) !== 0;
    if (!copies) return this.transmit.send(link, run, now);
    this.transmit.keepCopied(link, run, now, usable);
    for (let id = 0; id < MAX_LINKS; id++) {
      if ((usable & (1 << id)) !== 0) this.transmit.sendCopy(this.peers.linkOf(peer, id), run, now);
    }
  }
}
