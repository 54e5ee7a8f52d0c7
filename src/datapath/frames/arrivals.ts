/** Which link a datagram came by, and what that link is credited with. */

import { LINK, LINK_WIDTH, type SharedStats } from '../../contract/stats.js';
import type { Datagram } from '../../state/datagram.js';
import { NO_LINK } from '../../state/peers.js';
import type { Tables } from '../../state/tables.js';
import { MAX_LINKS } from '../../wire/header.js';

export class Arrivals {
  /** The path last looked up, so that a message of many datagrams is looked up once. */
  private message = -1;
  private peer = -1;
  private link = NO_LINK;

  constructor(
    private readonly tables: Tables,
    private readonly stats: SharedStats,
  ) {}

  /** Another batch is in hand. */
  nextBatch(): void {
    this.message = -1;
  }

  /** Finds the link of the datagram's peer whose path the socket says that it came by; its row, or -1. */
  find(datagram: Datagram): number {
    if (this.message !== datagram.message || this.peer !== datagram.peer) this.look(datagram);
    return this.link;
  }

  private look(datagram: Datagram): void {
    const { peers, links } = this.tables;
    const { peer, socket, paths, path } = datagram;
    let found = NO_LINK;
    for (let id = 0; id < MAX_LINKS && found < 0; id++) {
      const row = peers.linkOf(peer, id);
      if (row >= 0 && links.matches(row, socket, paths, path)) found = row;
    }
    this.message = datagram.message;
    this.peer = peer;
    this.link = found;
  }

  /** Credits the link of an authentic datagram; one that is `unmeasured` says nothing of the link's loss. */
  credit(datagram: Datagram, unmeasured: boolean): void {
    const { links } = this.tables;
    const { link, length } = datagram;
    if (!unmeasured) {
      links.received[link]++;
      links.receivedBytes[link] += length;
    }
    if (length > links.largestReceived[link]) links.largestReceived[link] = length;
    this.stats.links[link * LINK_WIDTH + LINK.rxDatagrams]++;
    this.stats.links[link * LINK_WIDTH + LINK.rxBytes] += length;
  }

  /** A datagram that was accepted before says of its link that it is not lost there, and no more: it is not opened. */
  creditCopy(datagram: Datagram): void {
    const { links } = this.tables;
    const { length } = datagram;
    const link = this.find(datagram);
    if (link < 0) return;
    links.copies[link]++;
    links.copyBytes[link] += length;
    this.stats.links[link * LINK_WIDTH + LINK.rxCopies]++;
    this.stats.links[link * LINK_WIDTH + LINK.rxCopyBytes] += length;
  }
}
