/** Which links carry a run, and in which stream it is counted, as the policy of its peer has it. */

import { backupOf } from '../../link/choice/backup.js';
import { nextTurn } from '../../link/choice/selection.js';
import type { Adaptive } from '../../link/lane/adaptive.js';
import type { LinkTable } from '../../state/links.js';
import { NO_LINK, type PeerTable, POLICY } from '../../state/peers.js';
import { type Plaintext, SealedRun } from '../../state/run.js';
import type { Tables } from '../../state/tables.js';
import type { Frame } from '../../switch/frame.js';
import { COPIES_STREAM, LANE_STREAM, MAX_LINKS } from '../../wire/header.js';
import type { Route } from './route.js';
import type { Transmitter } from './transmit.js';

export class Dispatch {
  private readonly peers: PeerTable;
  private readonly links: LinkTable;
  private readonly run = new SealedRun();

  constructor(
    private readonly bytes: Uint8Array,
    tables: Tables,
    private readonly transmit: Transmitter,
    private readonly adaptive: Adaptive,
  ) {
    this.peers = tables.peers;
    this.links = tables.links;
  }

  /**
   * Chooses the link for a frame to the peer of `route`, and whether it goes by the lane. `bundled` is the link of a
   * bundle that is being filled for that peer, or -1: it is kept, unless flows choose theirs. The link is -1 while the
   * peer never
   * had one.
   */
  choose(route: Route, frame: Frame, bundled: number): void {
    const { peer } = route;
    route.lane = false;
    if (this.peers.policy[peer] === POLICY.adaptive && this.peers.usable[peer] !== 0) {
      route.link = this.adaptive.route(peer, this.bytes, frame.offset, frame.length, route.now);
      route.lane = this.adaptive.inLane && !route.twice && !route.everywhere;
    } else {
      route.link = bundled >= 0 ? bundled : this.linkFor(peer);
    }
  }

  private linkFor(peer: number): number {
    const link =
      this.peers.policy[peer] === POLICY['round-robin']
        ? nextTurn(this.peers, peer)
        : this.peers.activeLink[peer];
    // While no link is usable, frames wait in the transmit ring as if the last one had lost them.
    return link < 0 ? this.peers.lastLink[peer] : link;
  }

  /** Seals a plaintext for a route and sends it. */
  seal(route: Route, plaintext: Plaintext): void {
    const { run } = this;
    if (this.transmit.sealer.seal(route.slot, this.streamFor(route), plaintext, run)) this.send(route, run);
  }

  /** The same for a plaintext that is written already where it will be sealed. */
  sealInPlace(route: Route, plaintext: Plaintext): void {
    const { run } = this;
    const { sealer } = this.transmit;
    if (sealer.sealInPlace(route.slot, this.streamFor(route), plaintext, run)) this.send(route, run);
  }

  /**
   * The stream that a run is counted in: how many links carry it may have changed since its link was chosen. Copies
   * have a stream of their own: what they confirm by one link says nothing of what another has carried alone. What has
   * to wait for
   * a link is counted there as well: the heartbeats that bring a link back would move its own stream's replay window
   * past it.
   */
  private streamFor(route: Route): number {
    if (route.lane) return LANE_STREAM;
    if (this.peers.usable[route.peer] === 0) return COPIES_STREAM;
    return hasSeveral(this.carriers(route)) ? COPIES_STREAM : this.links.id[route.link];
  }

  /** Sends a run by the link chosen, and copies by others where they are wanted; into the ring while there is none. */
  private send(route: Route, run: SealedRun): void {
    const { peer, link, now } = route;
    const usable = this.peers.usable[peer];
    if (usable === 0) return this.transmit.hold(link, run, now);
    if (run.stream === LANE_STREAM) return this.adaptive.sendLane(peer, run, now);
    const carriers = this.carriers(route);
    if (hasSeveral(carriers)) return this.sendCopies(route, run, carriers);
    // A flush in the middle of a batch may have found the link dead after frames were counted for it.
    const isUsable = (usable & (1 << this.links.id[link])) !== 0;
    const carrier = isUsable ? link : this.peers.activeLink[peer];
    if (this.peers.policy[peer] === POLICY.adaptive) this.adaptive.sendBy(carrier, run, now);
    else this.transmit.send(carrier, run, now);
  }

  private sendCopies(route: Route, run: SealedRun, carriers: number): void {
    this.transmit.keepCopied(route.link, run, route.now, carriers);
    for (let id = 0; id < MAX_LINKS; id++) {
      if ((carriers & (1 << id)) === 0) continue;
      this.transmit.sendCopy(this.peers.linkOf(route.peer, id), run, route.now);
    }
  }

  /** Ids of the links that carry a run, as a bit set. */
  private carriers(route: Route): number {
    const { peer, link } = route;
    if (route.everywhere || this.peers.policy[peer] === POLICY.active) return this.peers.usable[peer];
    const second = route.twice ? backupOf(this.peers, this.links, link) : NO_LINK;
    return (1 << this.links.id[link]) | (second < 0 ? 0 : 1 << this.links.id[second]);
  }
}

function hasSeveral(ids: number): boolean {
  return (ids & (ids - 1)) !== 0;
}
