/** What becomes of an authentic datagram: its counter is committed, its link was heard, and its kind says who takes it. */

import { DROP } from '../../contract/drops.js';
import { INTERFACE, type SharedStats } from '../../contract/stats.js';
import type { LinkControl } from '../../link/life/control.js';
import type { Arena } from '../../state/arena.js';
import { type Datagram, ORIGIN } from '../../state/datagram.js';
import type { Drops } from '../../state/drops.js';
import type { DatapathIo } from '../../state/io.js';
import type { LinkTable } from '../../state/links.js';
import type { Observer } from '../../state/observer.js';
import { NO_LINK } from '../../state/peers.js';
import type { SessionTable } from '../../state/sessions.js';
import type { Tables } from '../../state/tables.js';
import { KIND, LANE_STREAM } from '../../wire/header.js';
import { HEARTBEAT } from '../../wire/heartbeat.js';
import type { Relay } from '../send/relay.js';
import type { Arrivals } from './arrivals.js';
import type { Delivery } from './delivery.js';
import type { Rebuilder } from './rebuild.js';
import type { Reorder } from './reorder.js';
import { type Shares, WORK } from './shares.js';
import type { Unpacker } from './unpacker.js';

/** Whoever takes datagrams by their kind, and what they work on. */
export interface AcceptanceParts {
  readonly arena: Arena;
  readonly io: DatapathIo;
  readonly tables: Tables;
  readonly arrivals: Arrivals;
  readonly control: LinkControl;
  readonly relay: Relay;
  readonly rebuilder: Rebuilder;
  readonly reorder: Reorder;
  readonly unpacker: Unpacker;
  readonly delivery: Delivery;
  readonly shares: Shares;
  readonly stats: SharedStats;
  readonly drops: Drops;
  readonly observer: Observer;
}

export class Acceptance {
  private readonly bytes: Uint8Array;
  private readonly io: DatapathIo;
  private readonly sessions: SessionTable;
  private readonly links: LinkTable;
  private readonly arrivals: Arrivals;
  private readonly control: LinkControl;
  private readonly relay: Relay;
  private readonly rebuilder: Rebuilder;
  private readonly reorder: Reorder;
  private readonly unpacker: Unpacker;
  private readonly delivery: Delivery;
  private readonly shares: Shares;
  private readonly stats: SharedStats;
  private readonly drops: Drops;

  constructor(parts: AcceptanceParts) {
    this.bytes = parts.arena.bytes;
    this.io = parts.io;
    this.sessions = parts.tables.sessions;
    this.links = parts.tables.links;
    this.arrivals = parts.arrivals;
    this.control = parts.control;
    this.relay = parts.relay;
    this.rebuilder = parts.rebuilder;
    this.reorder = parts.reorder;
    this.unpacker = parts.unpacker;
    this.delivery = parts.delivery;
    this.shares = parts.shares;
    this.stats = parts.stats;
    this.drops = parts.drops;
  }

  accept(datagram: Datagram): void {
    const { sessions } = this;
    const { slot } = datagram;
    if (!sessions.isLive(slot)) return this.drops.message(DROP['unknown-index'], datagram);
    datagram.peer = sessions.peer[slot];
    if (!sessions.commit(slot, datagram.stream, datagram.counter)) {
      this.arrivals.creditCopy(datagram);
      return this.drops.message(DROP.replayed, datagram);
    }
    if (sessions.confirmed[slot] === 0) this.confirm(datagram);
    datagram.link = this.arrivals.find(datagram);
    datagram.linkId = datagram.link < 0 ? NO_LINK : this.links.id[datagram.link];
    if (datagram.origin === ORIGIN.PARITY) this.stats.interface[INTERFACE.repairedDatagrams]++;
    else if (datagram.link >= 0) this.heard(datagram);
    if (this.isOverShare(datagram)) return this.drops.message(DROP['over-share'], datagram);
    if (datagram.stream === LANE_STREAM) this.takeLane(datagram);
    else this.takeByKind(datagram);
  }

  /** Whether a datagram of a batch that was admitted as a whole is more than its peer's share, by what came before it. */
  private isOverShare({ peer }: Datagram): boolean {
    this.shares.wants(peer);
    if (this.shares.isOver(peer)) return true;
    this.shares.charge(peer, WORK.DATAGRAM);
    return false;
  }

  /** The session has carried its first authentic datagram. */
  private confirm(datagram: Datagram): void {
    const { slot, peer } = datagram;
    this.sessions.confirmed[slot] = 1;
    this.io.emit({ kind: 'session-confirmed', slot, peer });
  }

  private heard(datagram: Datagram): void {
    const kind = this.kindOf(datagram);
    // One of another link says nothing of this one, which the peer may not have at all.
    if (kind === KIND.HEARTBEAT && this.bytes[datagram.body + HEARTBEAT.LINK] !== datagram.linkId) return;
    this.rebuilder.keep(datagram);
    this.control.heard(datagram.link, datagram.now);
    // A probe that is lost is no loss of the link.
    this.arrivals.credit(datagram, kind === KIND.MTU_PROBE);
  }

  private kindOf(datagram: Datagram): number {
    return this.bytes[datagram.body];
  }

  private takeByKind(datagram: Datagram): void {
    const kind = this.kindOf(datagram);
    if (kind <= KIND.PIECE) this.countFrame(datagram);
    switch (kind) {
      case KIND.SEGMENT:
      case KIND.BUNDLE:
      case KIND.PIECE:
        return this.unpacker.unpack(datagram);
      case KIND.RELAY:
      case KIND.RELAYED:
        this.shares.charge(datagram.peer, WORK.MORE);
        return this.relay.handle(datagram);
      case KIND.PARITY:
        this.shares.charge(datagram.peer, WORK.MORE);
        return this.takeParity(datagram);
      default:
        this.delivery.closeRun();
        return this.takeMessage(datagram, kind);
    }
  }

  /** A heartbeat that says what the last one said, of a link that stays as it was, is little work. */
  private takeMessage(datagram: Datagram, kind: number): void {
    const { links } = this;
    const { peer, link } = datagram;
    const isBeat = kind === KIND.HEARTBEAT && link >= 0;
    const state = isBeat ? links.state[link] : 0;
    const said = isBeat ? links.beatFlags[link] : 0;
    this.control.handle(datagram);
    const isNews = !isBeat || links.state[link] !== state || links.beatFlags[link] !== said;
    this.shares.charge(peer, isNews ? WORK.MESSAGE : WORK.BEAT);
  }

  /** A datagram of the lane, which carries frames and nothing else, waits for those before it. */
  private takeLane(datagram: Datagram): void {
    const isNext = this.reorder.offer(datagram);
    this.countFrame(datagram);
    if (!isNext) return;
    this.unpacker.unpack(datagram);
    this.reorder.advance(datagram);
  }

  /** A datagram with frames has been taken note of: reports of its link count it. */
  private countFrame(datagram: Datagram): void {
    const { link } = datagram;
    if (link >= 0 && this.links.wantsReports[link] === 1) this.control.frameCame(link, datagram.now);
  }

  private takeParity(datagram: Datagram): void {
    // What was rebuilt stays where it is until it is delivered; only what came by a socket may rebuild more.
    const isDirect = datagram.link >= 0 && datagram.origin === ORIGIN.SOCKET;
    if (isDirect) this.rebuilder.take(datagram);
    else this.drops.message(DROP.malformed, datagram);
  }
}
