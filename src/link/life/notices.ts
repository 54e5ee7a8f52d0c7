/** Notices: a link is down, or the peer says goodbye. */
import { readU64, writeU64 } from '../../base/bytes.js';
import { DROP } from '../../contract/drops.js';
import type { Datagram } from '../../state/datagram.js';
import { KIND } from '../../wire/header.js';
import { NOTICE, NOTICE_CODE } from '../../wire/notice.js';
import type { LinkBase } from '../ports.js';
import type { EventLimit } from './event-limit.js';
import type { LinkLife } from './life.js';

export class Notices {
  constructor(private readonly base: LinkBase) {}

  /** Tells the peer by its active link that another one is down here. */
  linkDown(peer: number, link: number, now: number): void {
    const { peers, links, sessions } = this.base.tables;
    const by = peers.activeLink[peer];
    const slot = peers.session[peer];
    if (by < 0 || slot < 0) return;
    const { messages, laneOrder } = this.base.ports;
    const body = messages.open(KIND.NOTICE, NOTICE.BYTES);
    const { bytes, view } = this.base.arena;
    const id = links.id[link];
    bytes[body + NOTICE.CODE] = NOTICE_CODE.LINK_DOWN;
    bytes[body + NOTICE.LINK] = id;
    writeU64(view, body + NOTICE.ACKNOWLEDGED, sessions.highest(slot, id) + 1);
    writeU64(view, body + NOTICE.LANE, laneOrder.highestBy(slot, id));
    messages.send(slot, by, now);
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
    this.life.down(link, 'peer-reported-down', now);
  }
}
