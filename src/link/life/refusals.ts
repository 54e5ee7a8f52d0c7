/**
 * What ICMP says of servers: that nobody listens at a port any more, as when a daemon was killed. Anybody can forge that, so
 * it is believed only of a link that misses a heartbeat as well, and only moves an uplink group to another server sooner: a
 * heartbeat and a half of silence then count as a hold time does. The first authentic datagram refutes it.
 */
import { isAlive } from '../../contract/link-states.js';
import { SOCKET_ERROR } from '../../native/ops.js';
import { NEVER } from '../../state/links.js';
import { sameRemote } from '../../state/remote-ends.js';
import type { LinkBase } from '../ports.js';
import { isPortClosed } from './icmp.js';
import type { Liveness } from './liveness.js';
import { TIMER, timerOf } from './timers.js';
import type { Uplinks } from './uplinks.js';

export class Refusals {
  /** By link: when its port was said to be closed. */
  private readonly saidAt = new Map<number, number>();

  constructor(
    private readonly base: LinkBase,
    private readonly liveness: Liveness,
    private readonly uplinks: Uplinks,
  ) {}

  /** Answers by ICMP to what was sent by the socket of a row: `count` rows of `SOCKET_ERROR`. */
  take(errors: Int32Array, count: number, socket: number, now: number): void {
    const { peers, links } = this.base.tables;
    for (const peer of this.uplinks.actives) {
      for (let link = peers.nextLink(peer); link >= 0; link = peers.nextLink(peer, link)) {
        if (links.socket[link] !== socket || !isAlive(links.state[link])) continue;
        for (let row = 0; row < count; row++) {
          const at = row * SOCKET_ERROR.WORDS;
          if (!isPortClosed(errors, at)) continue;
          if (sameRemote(links.paths, links.pathOf(link), errors, at + SOCKET_ERROR.TO))
            this.refused(link, now);
        }
      }
    }
  }

  private refused(link: number, now: number): void {
    if (this.isRefused(link)) return;
    this.saidAt.set(link, now);
    const missed = Math.max(now, this.liveness.missedFrom(link) + 1);
    this.base.wheel.schedule(timerOf(link, TIMER.REFUSED), missed);
  }

  /** Whether a link's port was said to be closed since the peer was last heard by it. */
  private isRefused(link: number): boolean {
    return (this.saidAt.get(link) ?? NEVER) > this.base.tables.links.lastHeard[link];
  }

  /** A link whose port was said to be closed may miss a heartbeat by now. */
  due(link: number, now: number): void {
    const { peers, links } = this.base.tables;
    const peer = links.peer[link];
    for (let each = peers.nextLink(peer); each >= 0; each = peers.nextLink(peer, each)) {
      if (!isAlive(links.state[each])) continue;
      if (!this.isRefused(each) || !this.liveness.isBeatMissed(each, now)) return;
    }
    this.uplinks.silent(peer, now);
  }

  /** A link is no more; its row will be another's. */
  linkRemoved(link: number): void {
    this.saidAt.delete(link);
    this.base.wheel.cancel(timerOf(link, TIMER.REFUSED));
  }
}
