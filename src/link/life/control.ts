/**
 * Messages about links, both ways: heartbeats, notices, path checks, echoes. All of them travel sealed, under
 * the peer's session and the stream of the link they concern.
 */

import { readU64, writeU64 } from '../../base/bytes.js';
import { DROP } from '../../contract/drops.js';
import type { DatapathEvent } from '../../contract/events.js';
import { LINK, LINK_WIDTH, type SharedStats } from '../../contract/stats.js';
import type { Reorder } from '../../datapath/frames/reorder.js';
import type { Sealer } from '../../datapath/send/seal.js';
import { Transmitter } from '../../datapath/send/transmit.js';
import type { Arena } from '../../state/arena.js';
import type { LinkTable } from '../../state/links.js';
import { NO_LINK, type PeerTable, POLICY } from '../../state/peers.js';
import { Plaintext, SealedRun } from '../../state/run.js';
import { NO_SESSION, type SessionTable } from '../../state/sessions.js';
import { ECHO } from '../../wire/echo.js';
import { KIND, MAX_LINKS, OUTER } from '../../wire/header.js';
import { HEARS_YOU, HEARTBEAT, NO_ECHO, WANTS_REPORTS } from '../../wire/heartbeat.js';
import { MTU_PROBE } from '../../wire/mtu-probe.js';
import { NOTICE, NOTICE_CODE } from '../../wire/notice.js';
import { PATH_CHECK } from '../../wire/path-check.js';
import { REPORT } from '../../wire/report.js';
import type { Adaptive } from '../lane/adaptive.js';
import { echoedBeat, observeBeat } from './estimate.js';
import type { LinkMonitor } from './monitor.js';
import type { MtuControl } from './mtu-control.js';
import type { Roaming } from './roaming.js';

/** Echo payloads larger than this are refused; the bytes are zero. */
export const MAX_ECHO_BYTES = 65_000;

const U32 = 0x1_0000_0000;
const U16 = 0xffff;
const MAX_EVENTS_PER_SECOND = 2000;
/** Reports of a link are at least so far apart, and come after so many frames, or later after few. */
const REPORT_US = 10_000;
const REPORT_FRAMES = 64;
const LATE_REPORT_US = 25_000;
const FEW_FRAMES = 8;

export class LinkControl {
  /** Set once by the engine: monitor and control call each other. */
  monitor!: LinkMonitor;
  roaming!: Roaming;
  adaptive!: Adaptive;
  reorder!: Reorder;
  mtu!: MtuControl;
  private emitWindow = 0;
  private emitted = 0;
  private readonly plaintext = new Plaintext();
  private readonly run = new SealedRun();

  constructor(
    private readonly arena: Arena,
    private readonly peers: PeerTable,
    private readonly links: LinkTable,
    private readonly sessions: SessionTable,
    private readonly sealer: Sealer,
    private readonly transmit: Transmitter,
    private readonly emit: (event: DatapathEvent) => void,
    private readonly stats: SharedStats,
  ) {}

  // --- out ------------------------------------------------------------------------------------------

  /** Sends a heartbeat by a link. */
  beat(link: number, now: number): void {
    const links = this.links;
    const slot = this.sessionOf(link);
    if (slot < 0) return;
    const body = this.open(KIND.HEARTBEAT, HEARTBEAT.BYTES);
    const { bytes, view } = this.arena;
    bytes[body + HEARTBEAT.LINK] = links.id[link];
    const adaptive = this.peers.policy[links.peer[link]] === POLICY.adaptive;
    if (adaptive) bytes[body + HEARTBEAT.LANE_LINKS] = this.adaptive.carriers(links.peer[link], now);
    bytes[body + HEARTBEAT.FLAGS] =
      (this.monitor.isHeard(link, now) ? HEARS_YOU : 0) |
      (adaptive ? WANTS_REPORTS : 0) |
      this.monitor.drainFlags(link);
    view.setUint16(body + HEARTBEAT.INTERVAL_MS, Math.min(U16, links.intervalUs[link] / 1000));
    view.setUint16(body + HEARTBEAT.HOLD_MS, Math.min(U16, links.holdUs[link] / 1000));
    view.setUint32(body + HEARTBEAT.SENT_AT, now % U32);
    const echoed = links.echoAt[link] > 0 && now - links.echoAt[link] < NO_ECHO;
    view.setUint32(body + HEARTBEAT.ECHO, links.echo[link]);
    view.setUint32(body + HEARTBEAT.ECHO_DELAY, echoed ? now - links.echoAt[link] : NO_ECHO);
    view.setUint32(body + HEARTBEAT.SENT, links.sent[link] % U32);
    view.setUint32(body + HEARTBEAT.ARRIVED, links.loss.arrived[link] % U32);
    writeU64(view, body + HEARTBEAT.ACKNOWLEDGED, this.acknowledged(slot, link));
    view.setUint32(body + HEARTBEAT.ECHO_SENT, links.loss.peerSent[link]);
    view.setUint32(body + HEARTBEAT.COPIES, links.copiesSent[link] % U32);
    writeU64(view, body + HEARTBEAT.DELIVERED, links.loss.delivered[link]);
    view.setUint16(body + HEARTBEAT.LARGEST, links.largestReceived[link]);
    links.largestReceived[link] = 0;
    this.close(link, link, slot, body, HEARTBEAT.BYTES, now);
    if (links.unreported[link] > 0) this.report(link, now);
  }

  /** A frame came by a link whose sender wants reports: one is due under traffic more often than beats are. */
  frameCame(link: number, now: number): void {
    const { links } = this;
    const count = ++links.unreported[link];
    links.frameAt[link] = now;
    const age = now - links.reportedAt[link];
    if (age < REPORT_US || (count < REPORT_FRAMES && (age < LATE_REPORT_US || count < FEW_FRAMES))) return;
    this.report(link, now);
  }

  /** Tells the peer what has come by a link. */
  private report(link: number, now: number): void {
    const { links } = this;
    links.unreported[link] = 0;
    links.reportedAt[link] = now;
    const slot = this.sessionOf(link);
    if (slot < 0) return;
    const body = this.open(KIND.REPORT, REPORT.BYTES);
    const { view } = this.arena;
    this.arena.bytes[body + REPORT.LINK] = links.id[link];
    view.setUint32(body + REPORT.DATAGRAMS, (links.received[link] + links.copies[link]) % U32);
    view.setUint32(body + REPORT.RECEIVED_AT, links.frameAt[link] % U32);
    writeU64(view, body + REPORT.RECEIVED, links.receivedBytes[link] + links.copyBytes[link]);
    writeU64(view, body + REPORT.ACKNOWLEDGED, this.acknowledged(slot, link));
    writeU64(view, body + REPORT.LANE, this.reorder.highestBy(slot, links.id[link]));
    this.close(link, link, slot, body, REPORT.BYTES, now);
  }

  /** Tells the peer by its active link that another one is down here. */
  reportDown(peer: number, link: number, now: number): void {
    const by = this.peers.activeLink[peer];
    const slot = this.peers.session[peer];
    if (by < 0 || slot < 0) return;
    const body = this.open(KIND.NOTICE, NOTICE.BYTES);
    this.arena.bytes[body + NOTICE.CODE] = NOTICE_CODE.LINK_DOWN;
    this.arena.bytes[body + NOTICE.LINK] = this.links.id[link];
    writeU64(this.arena.view, body + NOTICE.ACKNOWLEDGED, this.acknowledged(slot, link));
    writeU64(this.arena.view, body + NOTICE.LANE, this.reorder.highestBy(slot, this.links.id[link]));
    this.close(by, by, slot, body, NOTICE.BYTES, now);
  }

  /** Says goodbye to a peer by every link that has a remote end. */
  goodbye(peer: number, now: number): void {
    const slot = this.peers.session[peer];
    if (slot < 0) return;
    for (let id = 0; id < MAX_LINKS; id++) {
      const link = this.peers.linkOf(peer, id);
      if (link < 0 || !this.links.hasRemote(link) || this.links.shutdown[link]) continue;
      const body = this.open(KIND.NOTICE, NOTICE.BYTES);
      this.arena.bytes[body + NOTICE.CODE] = NOTICE_CODE.GOODBYE;
      this.close(link, link, slot, body, NOTICE.BYTES, now);
    }
  }

  /** Asks for an echo by a link (-1: the one that data would take). Returns false when there is none. */
  echo(peer: number, link: number, id: number, sequence: number, size: number, now: number): boolean {
    const by = link >= 0 ? link : this.peers.activeLink[peer];
    const slot = this.peers.session[peer];
    if (by < 0 || slot < 0 || !this.links.hasRemote(by)) return false;
    const room = this.links.maxPlain[by] - ECHO.BYTES;
    const padding = Math.max(0, Math.min(size, room, MAX_ECHO_BYTES));
    const body = this.open(KIND.ECHO, ECHO.BYTES + padding);
    this.arena.view.setUint16(body + ECHO.ID, id);
    this.arena.view.setUint32(body + ECHO.SEQUENCE, sequence);
    this.arena.view.setUint32(body + ECHO.SENT_AT, now % U32);
    this.close(by, by, slot, body, ECHO.BYTES + padding, now);
    this.transmit.flush();
    return true;
  }

  /** Sends a path check or its answer to the path in the scratch row of the path table. */
  pathMessage(kind: number, fd: number, link: number, token: Uint8Array, tokenAt: number): void {
    const slot = this.sessionOf(link);
    if (slot < 0) return;
    const body = this.open(kind, PATH_CHECK.BYTES);
    this.arena.bytes[body + PATH_CHECK.LINK] = this.links.id[link];
    for (let byte = 0; byte < PATH_CHECK.TOKEN_BYTES; byte++) {
      this.arena.bytes[body + PATH_CHECK.TOKEN + byte] = token[tokenAt + byte];
    }
    if (this.seal(link, slot, body, PATH_CHECK.BYTES)) {
      this.transmit.sendByPath(fd, this.run.offset, this.run.length);
    }
    // The scratch row serves one send at a time.
    this.transmit.flush();
  }

  private sessionOf(link: number): number {
    const peer = this.links.peer[link];
    return peer < 0 ? NO_SESSION : this.peers.session[peer];
  }

  private acknowledged(slot: number, link: number): number {
    return this.sessions.highest(slot, this.links.id[link]) + 1;
  }

  /** Reserves room for a message and zeroes it; returns the place of its kind byte. */
  private open(kind: number, length: number): number {
    const body = this.transmit.reserve(Transmitter.sealedLength(length)) + OUTER.BYTES;
    this.arena.bytes.fill(0, body, body + length);
    this.arena.bytes[body] = kind;
    return body;
  }

  private close(link: number, by: number, slot: number, body: number, length: number, now: number): void {
    if (this.seal(link, slot, body, length)) this.transmit.sendOnce(by, this.run, now);
  }

  /** Queues the seal of a message written in place, in the stream of `link`; false when counters ran out. */
  private seal(link: number, slot: number, body: number, length: number): boolean {
    this.plaintext.setInPlace(body, length);
    return this.sealer.sealInPlace(slot, this.links.id[link], this.plaintext, this.run);
  }

  // --- in -------------------------------------------------------------------------------------------

  /**
   * Takes an authentic message that is no frame. `link` is the peer's link that the socket says it came by, or
   * -1; `words` at `at` is that path.
   */
  handle(
    peer: number,
    slot: number,
    link: number,
    socket: number,
    words: Int32Array,
    at: number,
    body: number,
    end: number,
    now: number,
  ): void {
    const length = end - body;
    switch (this.arena.bytes[body]) {
      case KIND.HEARTBEAT:
        if (length < HEARTBEAT.BYTES) return this.drop(DROP.malformed);
        return this.heartbeat(peer, slot, link, socket, words, at, body, now);
      case KIND.MTU_PROBE:
        if (length < MTU_PROBE.BYTES) return this.drop(DROP.malformed);
        return this.mtu.arrived(peer, slot, link, body, now);
      case KIND.NOTICE:
        if (length < NOTICE.BYTES) return this.drop(DROP.malformed);
        return this.notice(peer, slot, body, now);
      case KIND.PATH_CHECK:
      case KIND.PATH_ANSWER:
        if (length < PATH_CHECK.BYTES) return this.drop(DROP.malformed);
        return this.pathCheck(peer, socket, words, at, body, now);
      case KIND.ECHO:
        if (length < ECHO.BYTES) return this.drop(DROP.malformed);
        return this.echoArrived(peer, link, body, length, now);
      case KIND.REPORT:
        if (length < REPORT.BYTES) return this.drop(DROP.malformed);
        return this.reportArrived(peer, slot, body, now);
      default:
        return this.drop(DROP['unknown-kind']);
    }
  }

  private heartbeat(
    peer: number,
    slot: number,
    link: number,
    socket: number,
    words: Int32Array,
    at: number,
    body: number,
    now: number,
  ): void {
    const claimed = this.peers.linkOf(peer, this.arena.bytes[body + HEARTBEAT.LINK]);
    if (claimed < 0) return this.drop(DROP['link-mismatch']);
    if (claimed !== link) {
      // A link may have moved to a new address, but never onto the path of another link.
      if (link !== NO_LINK) return this.drop(DROP['link-mismatch']);
      return this.roaming.consider(claimed, socket, words, at, now);
    }
    const peerInterval = this.links.peerIntervalUs[link];
    observeBeat(this.links, this.stats, this.arena.view, link, body, now);
    if (this.links.peerIntervalUs[link] !== peerInterval) this.monitor.rearm(link, now);
    this.acknowledge(link, slot, readU64(this.arena.view, body + HEARTBEAT.ACKNOWLEDGED) - 1);
    const flags = this.arena.bytes[body + HEARTBEAT.FLAGS];
    this.links.wantsReports[link] = (flags & WANTS_REPORTS) === 0 ? 0 : 1;
    this.reorder.announced(slot, this.arena.bytes[body + HEARTBEAT.LANE_LINKS], now);
    this.stats.links[link * LINK_WIDTH + LINK.heardUs] = now;
    const hearsUs = (flags & HEARS_YOU) !== 0;
    const arrivedAt = echoedBeat(this.arena.view, body, now);
    const largest = this.arena.view.getUint16(body + HEARTBEAT.LARGEST);
    this.monitor.beatHeard(link, flags, arrivedAt, now);
    if (hearsUs && arrivedAt > 0) this.mtu.heardBack(link, arrivedAt, largest, now);
  }

  private acknowledge(link: number, slot: number, counter: number): void {
    if (this.links.ackSession[link] !== slot) {
      this.links.ackSession[link] = slot;
      this.links.ackCounter[link] = counter;
      this.links.ackLane[link] = -1;
    } else if (counter > this.links.ackCounter[link]) {
      this.links.ackCounter[link] = counter;
    }
  }

  private reportArrived(peer: number, slot: number, body: number, now: number): void {
    const { view } = this.arena;
    const link = this.peers.linkOf(peer, this.arena.bytes[body + REPORT.LINK]);
    if (link < 0) return this.drop(DROP['link-mismatch']);
    const own = readU64(view, body + REPORT.ACKNOWLEDGED);
    const lane = readU64(view, body + REPORT.LANE);
    this.acknowledge(link, slot, own - 1);
    this.links.ackLane[link] = Math.max(this.links.ackLane[link], lane - 1);
    if (this.peers.policy[peer] !== POLICY.adaptive || slot !== this.peers.session[peer]) return;
    this.adaptive.reported(
      link,
      own,
      lane,
      view.getUint32(body + REPORT.DATAGRAMS),
      readU64(view, body + REPORT.RECEIVED),
      view.getUint32(body + REPORT.RECEIVED_AT),
      now,
    );
  }

  private notice(peer: number, slot: number, body: number, now: number): void {
    const { bytes, view } = this.arena;
    const code = bytes[body + NOTICE.CODE];
    if (code === NOTICE_CODE.GOODBYE) {
      if (!this.mayEmit(now)) return this.drop(DROP['event-limit']);
      this.monitor.peerLost(peer, 'peer-said-goodbye', now);
      this.emit({ kind: 'goodbye', peer });
    } else if (code === NOTICE_CODE.LINK_DOWN) {
      const link = this.peers.linkOf(peer, bytes[body + NOTICE.LINK]);
      if (link < 0) return this.drop(DROP['link-mismatch']);
      // What beats have confirmed since then may lie behind a hole: the notice says what came before it.
      this.links.ackSession[link] = slot;
      this.links.ackCounter[link] = readU64(view, body + NOTICE.ACKNOWLEDGED) - 1;
      this.links.ackLane[link] = readU64(view, body + NOTICE.LANE) - 1;
      this.monitor.down(link, 'peer-reported-down', now);
    } else {
      this.drop(DROP['unknown-kind']);
    }
  }

  private pathCheck(
    peer: number,
    socket: number,
    words: Int32Array,
    at: number,
    body: number,
    now: number,
  ): void {
    const link = this.peers.linkOf(peer, this.arena.bytes[body + PATH_CHECK.LINK]);
    if (link < 0) return this.drop(DROP['link-mismatch']);
    if (this.arena.bytes[body] === KIND.PATH_CHECK) {
      this.roaming.answer(
        link,
        socket,
        words,
        at,
        this.arena.bytes.slice(body + PATH_CHECK.TOKEN, body + PATH_CHECK.BYTES),
      );
    } else if (
      !this.roaming.confirm(link, socket, words, at, this.arena.bytes, body + PATH_CHECK.TOKEN, now)
    ) {
      this.drop(DROP['path-check-unknown']);
    }
  }

  private echoArrived(peer: number, link: number, body: number, length: number, now: number): void {
    const { bytes, view } = this.arena;
    if (bytes[body + ECHO.REPLY] === 0) {
      const slot = this.peers.session[peer];
      const by = link >= 0 ? link : this.peers.activeLink[peer];
      if (slot < 0 || by < 0) return this.drop(DROP['no-usable-link']);
      if (length > this.links.maxPlain[by]) return this.drop(DROP['tx-too-big']);
      const reply = this.open(KIND.ECHO, length);
      bytes.copyWithin(reply, body, body + length);
      bytes[reply + ECHO.REPLY] = 1;
      return this.close(by, by, slot, reply, length, now);
    }
    if (!this.mayEmit(now)) return this.drop(DROP['event-limit']);
    this.emit({
      kind: 'echo',
      peer,
      link: link < 0 ? -1 : this.links.id[link],
      id: view.getUint16(body + ECHO.ID),
      sequence: view.getUint32(body + ECHO.SEQUENCE),
      rttUs: ((now % U32) - view.getUint32(body + ECHO.SENT_AT) + U32) % U32,
    });
  }

  /** An authentic peer can send much; the control thread hears of no more than so many messages a second. */
  private mayEmit(now: number): boolean {
    if (now - this.emitWindow >= 1e6) {
      this.emitWindow = now;
      this.emitted = 0;
    }
    return this.emitted++ < MAX_EVENTS_PER_SECOND;
  }

  private drop(reason: number): void {
    this.stats.drops[reason]++;
  }
}
