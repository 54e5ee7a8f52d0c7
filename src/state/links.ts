/** Links as rows of typed arrays: one row is one path to one peer. */

import { Columns, float64, int32, uint8, uint32 } from '../base/columns.js';
import { STATE } from '../contract/link-states.js';
import type { LinkSettings } from '../contract/settings.js';
import { NO_GSO } from '../contract/stats.js';
import { PATH, PATH_PLACE_WORDS } from '../native/ops.js';
import { SEALED_OVERHEAD } from '../wire/header.js';
import { outerOverhead, RELAY_FAMILY } from '../wire/overhead.js';
import { PARITY_ROOM } from '../wire/parity.js';
import { PATH_CHECK } from '../wire/path-check.js';
import { LossTable } from './loss.js';
import { EndIndex, sameRemote } from './remote-ends.js';
import { RttHistograms } from './rtt-histogram.js';
import { RunTrials } from './run-trials.js';

/** What the last heartbeat of the peer said of our direction. */
export const PEER_HEARS = { NO: 0, YES: 1, UNKNOWN: 2 } as const;

/** Datagrams up to this size pass every path that carries a link at all: nobody watches over them. */
export const SMALL_BYTES = 512;

/** Never heard of: far enough in the past for every comparison. */
export const NEVER = -1e15;

/** The kernel chooses the source. */
export const NO_ADDRESS: readonly number[] = [0, 0, 0, 0];

export class LinkTable {
  /** Peer row; -1 for a free row. */
  peer = int32(-1);
  id = uint8();
  socket = int32();
  priority = uint8();
  state = uint8();
  shutdown = uint8();
  /** Index in `LINK_CAUSES` of what its place lacks; 0: nothing. */
  lacks = uint8();
  intervalUs = float64();
  holdUs = float64();
  /** Interval that the peer announced. */
  peerIntervalUs = float64();
  /** Largest packet in use toward the peer, IP header included. */
  mtu = int32();
  /** Largest plaintext of one datagram. */
  maxPlain = int32();
  /** Datagrams that one parity datagram covers: `PARITY_OFF`, `PARITY_AUTO` or a number. */
  parity = uint8();
  /** Links with forward error correction. */
  linksWithParity = 0;
  /** Largest datagram sent since the peer was last known to have got one as large, and when; above `SMALL_BYTES`. */
  largestSent = int32(SMALL_BYTES);
  largestSentAt = float64();
  /** Largest datagram received since our last heartbeat. */
  largestReceived = int32();
  lastHeard = float64(NEVER);
  /** How late this thread had been in all when the link was last heard. */
  latenessHeard = float64();
  /**
   * Heartbeats heard in a row since the link was last down, and how many it takes while another link carries frames.
   */
  goodBeats = int32();
  upAfter = uint8();
  /** Flags of the last heartbeat heard. */
  beatFlags = uint8();
  /** One of `PEER_HEARS`. */
  peerHearsUs = uint8(PEER_HEARS.UNKNOWN);
  /** The peer's last `sentAt` and when it came, for the echo. */
  echo = uint32();
  echoAt = float64(NEVER);
  rttSmoothed = float64();
  jitter = float64();
  readonly rttHistograms = new RttHistograms();
  /** When percentiles are to be worked out again. */
  percentilesDue = float64();
  /** One of `NO_GSO`: why nothing may leave by it as a run. */
  noGso = uint8(NO_GSO.NONE);
  /** Datagrams sent by the link, and how many of them may have gone by another one, too. */
  sent = float64();
  copiesSent = float64();
  /** Datagrams and bytes accepted by the link's path, and those dropped unopened as copies of accepted ones. */
  received = float64();
  receivedBytes = float64();
  copies = float64();
  copyBytes = float64();
  readonly loss = new LossTable();
  readonly runTrials = new RunTrials();
  /** Session and counter up to which the peer has confirmed this link's stream. */
  ackSession = int32(-1);
  ackCounter = float64(-1);
  /** Counter up to which the peer has confirmed what this link carried of the lane, in the same session. */
  ackLane = float64(-1);
  /** 1 while the peer wants reports of what arrives; frames since the last one, and when that was. */
  wantsReports = uint8();
  unreported = int32();
  reportedAt = float64();
  /** When the last frame came by this link. */
  frameAt = float64();
  /** 1 when unconfirmed datagrams wait for a usable link to be sent again. */
  resendPending = uint8();
  /** Path table: `PATH.WORDS` a row; the last row is no link's. */
  paths = int32(0, PATH.WORDS);
  /** The configured path, and the rows of the sockets for IPv4 and IPv6. */
  configured = int32(0, PATH.WORDS);
  sockets = int32(-1, 2);
  /** Path being checked before the link moves to it, its socket, token and time. */
  candidates = int32(0, PATH.WORDS);
  candidateSocket = int32();
  candidateAt = float64(NEVER);
  candidateToken = uint8(0, PATH_CHECK.TOKEN_BYTES);
  private readonly columns = new Columns(this, 'links');
  private readonly configuredEnds = new EndIndex();
  private readonly endsInUse = new EndIndex();

  constructor() {
    this.ensure(0);
  }

  get capacity(): number {
    return this.columns.capacity;
  }

  /** Has at least so many rows for links, and one more. */
  private ensure(rows: number): void {
    if (!this.columns.ensure(rows + 1)) return;
    this.rttHistograms.ensure(this.capacity);
    this.loss.ensure(this.capacity);
    this.runTrials.ensure(this.capacity);
  }

  /** Path row for single sends that belong to no link (handshakes, path checks). */
  get scratchPath(): number {
    return this.capacity - 1;
  }

  /** Where the path of a row begins in `paths`, and its configured one in `configured`. */
  pathOf(row: number): number {
    return row * PATH.WORDS;
  }

  has(row: number): boolean {
    return row >= 0 && row < this.capacity && this.peer[row] >= 0;
  }

  /** Fills a row with settings; a fresh row starts as never heard. Returns whether its remote end is another one. */
  configure(row: number, peer: number, id: number, settings: LinkSettings): boolean {
    this.ensure(row + 1);
    const fresh = this.peer[row] < 0;
    if (fresh) this.reset(row);
    const base = this.pathOf(row);
    let moved = fresh;
    for (let word = 0; word < PATH_PLACE_WORDS; word++) {
      const value = settings.path[word] ?? 0;
      if (this.configured[base + word] !== value) moved = true;
      this.configured[base + word] = value;
    }
    this.configured[base + PATH.DSCP] = settings.path[PATH.DSCP] ?? 0;
    this.configured[base + PATH.MARK] = settings.path[PATH.MARK] ?? 0;
    this.markPath(row, row);
    this.peer[row] = peer;
    this.id[row] = id;
    this.rebind(row, settings.sockets);
    this.priority[row] = settings.priority;
    this.intervalUs[row] = settings.intervalUs;
    this.holdUs[row] = settings.holdUs;
    this.upAfter[row] = settings.upAfter;
    this.shutdown[row] = settings.shutdown ? 1 : 0;
    this.setParity(row, settings.parity);
    if (!moved) return false;
    this.configuredEnds.changed(row, this.configured);
    this.aim(row, this.configured, base, this.socketFor(row, this.configured[base]));
    this.setLocal(row, NO_ADDRESS, 0);
    return true;
  }

  /** Other sockets take the place of those it has, for what goes by them as well. */
  private rebind(row: number, rows: LinkSettings['sockets']): void {
    const own = this.sockets.subarray(row * 2, row * 2 + 2);
    const usesOwn = own.includes(this.socket[row]);
    own.set(rows);
    if (usesOwn) this.socket[row] = this.socketFor(row, this.family(row));
  }

  /** Row of the link's own socket for a family; -1: none. */
  socketFor(row: number, family: number): number {
    return this.sockets[row * 2 + (family === 6 ? 1 : 0)];
  }

  private reset(row: number): void {
    this.columns.reset(row);
    this.rttHistograms.reset(row);
    this.loss.reset(row);
    this.runTrials.reset(row);
  }

  /** The peer was heard on a link at `now`, when this thread had been late by `latenessUs` in all. */
  heard(row: number, now: number, latenessUs: number): void {
    this.lastHeard[row] = now;
    this.latenessHeard[row] = latenessUs;
  }

  /** Largest datagram received since this was asked last, in bytes; 0 for none. */
  takeLargestReceived(row: number): number {
    const largest = this.largestReceived[row];
    this.largestReceived[row] = 0;
    return largest;
  }

  /** The peer has got everything of this link's stream up to `counter`, under a session. */
  acknowledge(row: number, session: number, counter: number): void {
    if (this.ackSession[row] !== session) this.setAcknowledged(row, session, counter, -1);
    else if (counter > this.ackCounter[row]) this.ackCounter[row] = counter;
  }

  /** The peer has got what this link carried of the lane up to `counter`, under the session acknowledged last. */
  acknowledgeLane(row: number, counter: number): void {
    if (counter > this.ackLane[row]) this.ackLane[row] = counter;
  }

  /**
   * What the peer has got of this link is known exactly: `counter` of its stream, `lane` of the lane; -1 for nothing.
   */
  setAcknowledged(row: number, session: number, counter: number, lane: number): void {
    this.ackSession[row] = session;
    this.ackCounter[row] = counter;
    this.ackLane[row] = lane;
  }

  /** Forgets the averages by which links are judged, but for the last round trip in µs; counting goes on. */
  measureAnew(row: number, rttUs: number): void {
    this.rttSmoothed[row] = rttUs;
    this.jitter[row] = rttUs / 2;
    this.loss.inbound.reset(row);
    this.loss.outbound.reset(row);
  }

  /** Turns a link to the remote end of a path (words at `at`), by a socket. Its local end is for others to say. */
  aim(row: number, words: Int32Array, at: number, socket: number): void {
    const base = row * PATH.WORDS;
    for (let word = 0; word < PATH.LOCAL; word++) this.paths[base + word] = words[at + word];
    this.endsInUse.changed(row, this.paths);
    this.socket[row] = socket;
    this.setMtu(row, this.mtu[row]);
  }

  /**
   * Gives a link's datagrams their source address (all zero: the kernel's choice), and link-local ends their
   * interface.
   */
  setLocal(row: number, source: readonly number[], scope: number): void {
    const base = row * PATH.WORDS;
    for (let word = 0; word < NO_ADDRESS.length; word++) this.paths[base + PATH.LOCAL + word] = source[word];
    this.paths[base + PATH.IFINDEX] = scope;
    this.paths[base + PATH.SCOPE] = scope;
  }

  /** Marks what goes by row `path` of the path table as the link `row` is configured. */
  markPath(row: number, path: number): void {
    const from = row * PATH.WORDS;
    const to = path * PATH.WORDS;
    this.paths[to + PATH.DSCP] = this.configured[from + PATH.DSCP];
    this.paths[to + PATH.MARK] = this.configured[from + PATH.MARK];
  }

  setMtu(row: number, mtu: number): void {
    this.mtu[row] = mtu;
    const parity = this.parity[row] === 0 ? 0 : PARITY_ROOM;
    this.maxPlain[row] = mtu - this.outerOverhead(row) - SEALED_OVERHEAD - parity;
  }

  private setParity(row: number, datagrams: number): void {
    this.linksWithParity += Math.sign(datagrams) - Math.sign(this.parity[row]);
    this.parity[row] = datagrams;
    this.setMtu(row, this.mtu[row]);
  }

  /** Bytes of a packet around a datagram of this link. */
  outerOverhead(row: number): number {
    return outerOverhead(this.family(row));
  }

  /** 4, 6, or 0 while the remote end is unknown. */
  family(row: number): number {
    return this.paths[row * PATH.WORDS + PATH.FAMILY];
  }

  /** Whether the link goes through another peer. */
  isRelayed(row: number): boolean {
    return this.family(row) === RELAY_FAMILY;
  }

  hasRemote(row: number): boolean {
    return this.family(row) !== 0 && this.socket[row] >= 0;
  }

  /** Whether something can leave by a link now: it is in service, knows its remote end and lacks nothing. */
  hasPath(row: number): boolean {
    return this.hasRemote(row) && this.shutdown[row] === 0 && this.lacks[row] === 0;
  }

  remove(row: number): void {
    this.setParity(row, 0);
    this.peer[row] = -1;
    this.state[row] = STATE.DOWN;
    this.configuredEnds.removed(row);
    this.endsInUse.removed(row);
  }

  /**
   * Whether a path (words at `at`) leads to a remote end of some link: the configured one, or the one in use. What comes from there
   * is not proved to be a peer's, but strangers who do not know these addresses cannot send from them.
   */
  isRemoteEnd(words: Int32Array, at: number): boolean {
    return this.configuredEnds.has(this.configured, words, at) || this.endsInUse.has(this.paths, words, at);
  }

  /** The first link in use toward the address and port of a path (words at `at`); -1: none. */
  toward(words: Int32Array, at: number): number {
    return this.endsInUse.lowest(this.paths, words, at);
  }

  /** Whether a received path (words at `at`) is this link's: same socket, same remote end, same local address. */
  matches(row: number, socket: number, words: Int32Array, at: number): boolean {
    const base = row * PATH.WORDS;
    return (
      this.socket[row] === socket && sameRemote(this.paths, base, words, at) && this.isLocal(base, words, at)
    );
  }

  /** A link bound to its socket's own address names none; one on a wildcard socket may. */
  private isLocal(base: number, words: Int32Array, at: number): boolean {
    const first = this.paths[base + PATH.LOCAL];
    const last = this.paths[base + PATH.LOCAL + 3];
    if (first === 0 && last === 0) return true;
    return first === words[at + PATH.LOCAL] && last === words[at + PATH.LOCAL + 3];
  }
}
