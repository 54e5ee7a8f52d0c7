/** Notices: a link is down, or the peer says goodbye. */
import { readU64, writeU64 } from '../../base/bytes.js';
import { DROP } from '../../contract/drops.js';
import type { Datagram } from '../../state/datagram.js';
import { KIND } from '../../wire/header.js';
import { NOTICE, NOTICE_CODE } from '../../wire/notice.js';
import type { DownSender, LinkBase } from '../ports.js';
import type { EventLimit } from './event-limit.js';
import type { LinkLife } from './life.js';
import type { Received, UntoldLosses } from './untold.js';

export class Notices implements DownSender {
  private readonly received: Received = { acknowledged: 0, lane: 0 };

  constructor(
    private readonly base: LinkBase,
    private readonly untold: UntoldLosses,
  ) {}

  /** Tells the peer by its active link that another one is down here; without one, as soon as it has one. */
  linkDown(peer: number, link: number, now: number): void {
    const { peers, links, sessions } = this.base.tables;
    const slot = peers.session[peer];
    if (slot < 0) return;
    const { received } = this;
    received.acknowledged = sessions.highest(slot, links.id[link]) + 1;
    received.lane = this.base.ports.laneOrder.highestBy(slot, links.id[link]);
    if (peers.activeLink[peer] >= 0) this.send(peer, link, received, now);
    else this.untold.keep(link, sessions.localIndex[slot], received);
  }

  /** A link of the peer works again, and none did: it is told of those that were lost meanwhile. */
  linksWereDown(peer: number, now: number): void {
    const { peers, sessions } = this.base.tables;
    const slot = peers.session[peer];
    if (slot < 0) return;
    for (let link = peers.nextLink(peer); link >= 0; link = peers.nextLink(peer, link)) {
      const received = this.untold.take(link, sessions.localIndex[slot]);
      if (received !== undefined) this.send(peer, link, received, now);
    }
  }

  private send(peer: number, link: number, received: Received, now: number): void {
    const { peers, links } = this.base.tables;
    const { messages } = this.base.ports;
    const body = messages.open(KIND.NOTICE, NOTICE.BYTES);
    const { bytes, view } = this.base.arena;
    bytes[body + NOTICE.CODE] = NOTICE_CODE.LINK_DOWN;
    bytes[body + NOTICE.LINK] = links.id[link];
    writeU64(view, body + NOTICE.ACKNOWLEDGED, received.acknowledged);
    writeU64(view, body + NOTICE.LANE, received.lane);
    messages.send(peers.session[peer], peers.activeLink[peer], now);
  }

  /** Says goodbye to a peer by every link that has a remote end. */
  goodbye(peer: number, now: number): void {
    const { peers, links } = this.base.tables;
    const { messages } = this.base.ports;
    const slot = peers.session[peer];
    if (slot < 0) return;
    for (let link = peers.nextLink(peer); link >= 0; link = peers.nextLink(peer, link)) {
      if (!links.hasRemote(link) || links.shutdown[link]) continue;
      const body = messages.open(KIND.NOTICE, NOTICE.BYTES);
      this.base.arena.bytes[body + NOTICE.CODE] = NOTICE_CODE.GOODBYE;
      messages.send(slot, link, now);
    }
  }
}

/** Takes the peer's notices. */
export class NoticeReader {
  constructor(
    private readonly base: LinkBase,
    private readonly life: LinkLife,
    private readonly limit: EventLimit,
  ) {}

  heard(datagram: Datagram): void {
    const code = this.base.arena.bytes[datagram.body + NOTICE.CODE];
    if (code === NOTICE_CODE.GOODBYE) this.goodbye(datagram);
    else if (code === NOTICE_CODE.LINK_DOWN) this.linkDown(datagram);
    else this.base.drops.message(DROP['unknown-kind'], datagram);
  }

  private goodbye(datagram: Datagram): void {
    const { peer, now } = datagram;
    if (!this.limit.mayEmit(now)) return this.base.drops.message(DROP['event-limit'], datagram);
    this.life.peerLost(peer, 'peer-said-goodbye', now);
    this.base.ports.emit({ kind: 'goodbye', peer });
  }

  private linkDown(datagram: Datagram): void {
    const { peer, slot, body, now } = datagram;
    const { peers, links } = this.base.tables;
    const { bytes, view } = this.base.arena;
    const link = peers.linkOf(peer, bytes[body + NOTICE.LINK]);
    if (link < 0) return this.base.drops.message(DROP['link-mismatch'], datagram);
    // What heartbeats have confirmed since then may have come after a hole: the notice says what came before it.
    const counter = readU64(view, body + NOTICE.ACKNOWLEDGED) - 1;
    links.setAcknowledged(link, slot, counter, readU64(view, body + NOTICE.LANE) - 1);
    if (link === datagram.link) this.life.wasDown(link, now);
    else this.life.down(link, 'peer-reported-down', now);
  }
}
