/** Links as rows of typed arrays: one row is one path to one peer. */

import { enlarged } from '../base/arrays.js';
import { STATE } from '../contract/link-states.js';
import { PATH, PATH_PLACE_WORDS } from '../contract/ops.js';
import type { LinkSettings } from '../contract/settings.js';
import { SEALED_OVERHEAD } from '../wire/header.js';
import { outerOverhead, RELAY_FAMILY } from '../wire/overhead.js';
import { PARITY_ROOM } from '../wire/parity.js';
import { PATH_CHECK } from '../wire/path-check.js';
import { LossTable } from './loss.js';
import { RttHistograms } from './rtt-histogram.js';

/** What the last beat of the peer said of our direction. */
export const PEER_HEARS = { NO: 0, YES: 1, UNKNOWN: 2 } as const;

/** Datagrams up to this size pass every path that carries a link at all: nobody watches over them. */
export const SMALL_BYTES = 512;

/** Never heard of: far enough in the past for every comparison. */
export const NEVER = -1e15;

export class LinkTable {
  capacity = 0;
  /** Peer row; -1 for a free row. */
  peer = new Int32Array(0);
  id = new Uint8Array(0);
  socket = new Int32Array(0);
  priority = new Uint8Array(0);
  state = new Uint8Array(0);
  shutdown = new Uint8Array(0);
  /** 0 while the local interface has no carrier or the local address is gone. */
  carrier = new Uint8Array(0);
  intervalUs = new Float64Array(0);
  holdUs = new Float64Array(0);
  /** Interval that the peer announced. */
  peerIntervalUs = new Float64Array(0);
  /** Largest packet in use toward the peer, IP header included. */
  mtu = new Int32Array(0);
  /** Largest plaintext of one datagram. */
  maxPlain = new Int32Array(0);
  /** Datagrams that one parity datagram covers: `PARITY_OFF`, `PARITY_AUTO` or a number. */
  parity = new Uint8Array(0);
  /** Links with forward error correction. */
  coveredLinks = 0;
  /** Largest datagram sent since the peer was last known to have got one as large, and when; above `SMALL_BYTES`. */
  largestSent = new Int32Array(0);
  largestSentAt = new Float64Array(0);
  /** Largest datagram received since our last beat. */
  largestReceived = new Int32Array(0);
  lastHeard = new Float64Array(0);
  /** How late this thread had been in all when the link was last heard. */
  latenessHeard = new Float64Array(0);
  /** Beats heard in a row since the link was last down, and how many it takes while another link carries frames. */
  goodBeats = new Int32Array(0);
  upAfter = new Uint8Array(0);
  /** One of `PEER_HEARS`. */
  peerHearsUs = new Uint8Array(0);
  /** The peer's last `sentAt` and when it came, for the echo. */
  echo = new Uint32Array(0);
  echoAt = new Float64Array(0);
  rttSmoothed = new Float64Array(0);
  jitter = new Float64Array(0);
  readonly rttHistograms = new RttHistograms();
  /** When percentiles are to be worked out again. */
  percentilesDue = new Float64Array(0);
  /** Datagrams sent by the link, and how many of them may have gone by another one, too. */
  sent = new Float64Array(0);
  copiesSent = new Float64Array(0);
  /** Datagrams and bytes accepted by the link's path, and those dropped unopened as copies of accepted ones. */
  received = new Float64Array(0);
  receivedBytes = new Float64Array(0);
  copies = new Float64Array(0);
  copyBytes = new Float64Array(0);
  readonly loss = new LossTable();
  /** Session and counter up to which the peer has confirmed this link's stream. */
  ackSession = new Int32Array(0);
  ackCounter = new Float64Array(0);
  /** Counter up to which the peer has confirmed what this link carried of the lane, in the same session. */
  ackLane = new Float64Array(0);
  /** 1 while the peer wants reports of what arrives; frames since the last one, and when that was. */
  wantsReports = new Uint8Array(0);
  unreported = new Int32Array(0);
  reportedAt = new Float64Array(0);
  /** When the last frame came by this link. */
  frameAt = new Float64Array(0);
  /** 1 when unconfirmed datagrams wait for a usable link to be sent again. */
  resendPending = new Uint8Array(0);
  /** Path table: `PATH.WORDS` a row; the row after the last link is scratch for single sends. */
  paths = new Int32Array(PATH.WORDS);
  /** The configured path and its socket, to which a link returns when it is down. */
  configured = new Int32Array(0);
  configuredSocket = new Int32Array(0);
  /** Path being checked before the link moves to it, its socket, token and time. */
  candidates = new Int32Array(0);
  candidateSocket = new Int32Array(0);
  candidateAt = new Float64Array(0);
  candidateToken = new Uint8Array(0);

  ensure(rows: number): void {
    if (rows <= this.capacity) return;
    const capacity = Math.max(32, 2 ** Math.ceil(Math.log2(rows)));
    this.peer = enlarged(this.peer, capacity, -1);
    this.id = enlarged(this.id, capacity);
    this.socket = enlarged(this.socket, capacity);
    this.priority = enlarged(this.priority, capacity);
    this.state = enlarged(this.state, capacity);
    this.shutdown = enlarged(this.shutdown, capacity);
    this.carrier = enlarged(this.carrier, capacity);
    this.intervalUs = enlarged(this.intervalUs, capacity);
    this.holdUs = enlarged(this.holdUs, capacity);
    this.peerIntervalUs = enlarged(this.peerIntervalUs, capacity);
    this.mtu = enlarged(this.mtu, capacity);
    this.maxPlain = enlarged(this.maxPlain, capacity);
    this.parity = enlarged(this.parity, capacity);
    this.largestSent = enlarged(this.largestSent, capacity);
    this.largestSentAt = enlarged(this.largestSentAt, capacity);
    this.largestReceived = enlarged(this.largestReceived, capacity);
    this.lastHeard = enlarged(this.lastHeard, capacity);
    this.latenessHeard = enlarged(this.latenessHeard, capacity);
    this.goodBeats = enlarged(this.goodBeats, capacity);
    this.upAfter = enlarged(this.upAfter, capacity);
    this.peerHearsUs = enlarged(this.peerHearsUs, capacity);
    this.echo = enlarged(this.echo, capacity);
    this.echoAt = enlarged(this.echoAt, capacity);
    this.rttSmoothed = enlarged(this.rttSmoothed, capacity);
    this.jitter = enlarged(this.jitter, capacity);
    this.rttHistograms.ensure(capacity);
    this.percentilesDue = enlarged(this.percentilesDue, capacity);
    this.sent = enlarged(this.sent, capacity);
    this.copiesSent = enlarged(this.copiesSent, capacity);
    this.received = enlarged(this.received, capacity);
    this.receivedBytes = enlarged(this.receivedBytes, capacity);
    this.copies = enlarged(this.copies, capacity);
    this.copyBytes = enlarged(this.copyBytes, capacity);
    this.loss.ensure(capacity);
    this.ackSession = enlarged(this.ackSession, capacity);
    this.ackCounter = enlarged(this.ackCounter, capacity);
    this.ackLane = enlarged(this.ackLane, capacity);
    this.wantsReports = enlarged(this.wantsReports, capacity);
    this.unreported = enlarged(this.unreported, capacity);
    this.reportedAt = enlarged(this.reportedAt, capacity);
    this.frameAt = enlarged(this.frameAt, capacity);
    this.resendPending = enlarged(this.resendPending, capacity);
    this.configured = enlarged(this.configured, capacity * PATH.WORDS);
    this.configuredSocket = enlarged(this.configuredSocket, capacity);
    this.candidates = enlarged(this.candidates, capacity * PATH.WORDS);
    this.candidateSocket = enlarged(this.candidateSocket, capacity);
    this.candidateAt = enlarged(this.candidateAt, capacity);
    this.candidateToken = enlarged(this.candidateToken, capacity * PATH_CHECK.TOKEN_BYTES);
    this.paths = enlarged(this.paths, (capacity + 1) * PATH.WORDS);
    this.capacity = capacity;
  }

  /** Path row for single sends that belong to no link (handshakes, path checks). */
  get scratchPath(): number {
    return this.capacity;
  }

  has(row: number): boolean {
    return row >= 0 && row < this.capacity && this.peer[row] >= 0;
  }

  /** Fills a row with settings; a fresh row starts as never heard. Returns whether the path changed. */
  configure(row: number, peer: number, id: number, settings: LinkSettings): boolean {
    this.ensure(row + 1);
    const fresh = this.peer[row] < 0;
    const base = row * PATH.WORDS;
    let moved = fresh || this.configuredSocket[row] !== settings.socket;
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
    this.configuredSocket[row] = settings.socket;
    this.priority[row] = settings.priority;
    this.intervalUs[row] = settings.intervalUs;
    this.holdUs[row] = settings.holdUs;
    this.upAfter[row] = settings.upAfter;
    this.shutdown[row] = settings.shutdown ? 1 : 0;
    this.setParity(row, settings.parity);
    if (fresh) this.reset(row);
    if (moved) this.restorePath(row);
    return moved;
  }

  private reset(row: number): void {
    this.mtu[row] = 0;
    this.largestSent[row] = SMALL_BYTES;
    this.largestReceived[row] = 0;
    this.state[row] = STATE.DOWN;
    this.carrier[row] = 1;
    this.lastHeard[row] = NEVER;
    this.peerIntervalUs[row] = 0;
    this.goodBeats[row] = 0;
    this.peerHearsUs[row] = PEER_HEARS.UNKNOWN;
    this.echoAt[row] = NEVER;
    this.rttSmoothed[row] = 0;
    this.jitter[row] = 0;
    this.rttHistograms.reset(row);
    this.percentilesDue[row] = 0;
    this.sent[row] = 0;
    this.copiesSent[row] = 0;
    this.received[row] = 0;
    this.receivedBytes[row] = 0;
    this.copies[row] = 0;
    this.copyBytes[row] = 0;
    this.loss.reset(row);
    this.ackSession[row] = -1;
    this.ackCounter[row] = -1;
    this.ackLane[row] = -1;
    this.wantsReports[row] = 0;
    this.unreported[row] = 0;
    this.reportedAt[row] = 0;
    this.resendPending[row] = 0;
    this.candidateAt[row] = NEVER;
  }

  /** Forgets the averages by which links are judged, but for the last round trip in µs; counting goes on. */
  measureAnew(row: number, rttUs: number): void {
    this.rttSmoothed[row] = rttUs;
    this.jitter[row] = rttUs / 2;
    this.loss.inbound.reset(row);
    this.loss.outbound.reset(row);
  }

  /** Goes back to the configured remote end (unknown for a dynamic link). */
  restorePath(row: number): void {
    const base = row * PATH.WORDS;
    this.paths.set(this.configured.subarray(base, base + PATH.WORDS), base);
    this.socket[row] = this.configuredSocket[row];
    this.setMtu(row, this.mtu[row]);
  }

  /** Marks what goes by row `path` of the path table as the link `row` is configured. */
  markPath(row: number, path: number): void {
    const from = row * PATH.WORDS;
    const to = path * PATH.WORDS;
    this.paths[to + PATH.DSCP] = this.configured[from + PATH.DSCP];
    this.paths[to + PATH.MARK] = this.configured[from + PATH.MARK];
  }

  /** Whether the configuration names a remote end (a dynamic link has none). */
  hasConfiguredRemote(row: number): boolean {
    return this.configured[row * PATH.WORDS + PATH.FAMILY] !== 0;
  }

  isConfiguredPath(row: number): boolean {
    const base = row * PATH.WORDS;
    for (let word = base; word < base + PATH_PLACE_WORDS; word++) {
      if (this.paths[word] !== this.configured[word]) return false;
    }
    return true;
  }

  setMtu(row: number, mtu: number): void {
    this.mtu[row] = mtu;
    const parity = this.parity[row] === 0 ? 0 : PARITY_ROOM;
    this.maxPlain[row] = mtu - this.outerOverhead(row) - SEALED_OVERHEAD - parity;
  }

  private setParity(row: number, datagrams: number): void {
    this.coveredLinks += Math.sign(datagrams) - Math.sign(this.parity[row]);
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

  remove(row: number): void {
    this.setParity(row, 0);
    this.peer[row] = -1;
    this.state[row] = STATE.DOWN;
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

/** Same remote address, port, family and scope. */
export function sameRemote(a: Int32Array, aAt: number, b: Int32Array, bAt: number): boolean {
  return (
    a[aAt + PATH.FAMILY] === b[bAt + PATH.FAMILY] &&
    a[aAt + PATH.PORT] === b[bAt + PATH.PORT] &&
    a[aAt + PATH.ADDR] === b[bAt + PATH.ADDR] &&
    a[aAt + PATH.ADDR + 1] === b[bAt + PATH.ADDR + 1] &&
    a[aAt + PATH.ADDR + 2] === b[bAt + PATH.ADDR + 2] &&
    a[aAt + PATH.ADDR + 3] === b[bAt + PATH.ADDR + 3]
  );
}
