/** The bundle being filled: small frames to one peer, in order, until the next would not fit or goes another way. */

import { INTERFACE, type SharedStats } from '../../contract/stats.js';
import type { Arena } from '../../state/arena.js';
import { NO_LINK, type PeerTable } from '../../state/peers.js';
import { Plaintext } from '../../state/run.js';
import type { Frame } from '../../switch/frame.js';
import { KIND, OUTER, SEALED_OVERHEAD } from '../../wire/header.js';
import type { Dispatch } from '../send/dispatch.js';
import { Route } from '../send/route.js';
import type { Transmitter } from '../send/transmit.js';
import { appendFrame, bundledLength } from './bundle.js';

export class Bundler {
  private isOpen = false;
  /** The way of all frames in it. */
  private readonly route = new Route();
  /** Where its plaintext starts and ends, and may end at most. */
  private start = 0;
  private end = 0;
  private limit = 0;
  private readonly plaintext = new Plaintext();

  constructor(
    private readonly arena: Arena,
    private readonly peers: PeerTable,
    private readonly dispatch: Dispatch,
    private readonly transmit: Transmitter,
    private readonly stats: SharedStats,
  ) {}

  /** Link of the bundle being filled for a peer, or -1. */
  linkFor(peer: number): number {
    return this.isOpen && this.route.peer === peer ? this.route.link : NO_LINK;
  }

  /** Takes a frame; false when it is too large for any bundle to its peer. */
  add(route: Route, frame: Frame): boolean {
    const need = bundledLength(frame.length);
    if (this.takes(route) && this.end + need <= this.limit) {
      this.stats.interface[INTERFACE.bundledFrames]++;
    } else {
      this.close();
      if (1 + need > this.peers.smallestPlain[route.peer]) return false;
      this.open(route);
    }
    this.end = appendFrame(this.arena.bytes, this.end, frame);
    return true;
  }

  private takes(route: Route): boolean {
    const { route: own } = this;
    return (
      this.isOpen &&
      own.peer === route.peer &&
      own.link === route.link &&
      own.lane === route.lane &&
      own.twice === route.twice &&
      own.everywhere === route.everywhere
    );
  }

  private open(route: Route): void {
    const room = this.peers.smallestPlain[route.peer];
    const out = this.transmit.reserve(room + SEALED_OVERHEAD, route.peer);
    this.transmit.sealer.hold(this);
    this.isOpen = true;
    this.route.copyFrom(route);
    this.start = out + OUTER.BYTES;
    this.limit = this.start + room;
    this.arena.bytes[this.start] = KIND.BUNDLE;
    this.end = this.start + 1;
  }

  /** Sends the bundle, if there is one. Whoever else reserves room closes it first. */
  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.transmit.sealer.hold(null);
    this.plaintext.setInPlace(this.start, this.end - this.start);
    this.dispatch.sealInPlace(this.route, this.plaintext);
  }
}
