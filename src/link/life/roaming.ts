/**
 * Links that move. When authentic heartbeats of a link come from an address that is not its own and its own has
 * fallen silent (or was never known), the new path is checked with a random token; the link moves there when
 * the answer comes back by that very path. Copying somebody's datagrams is therefore not enough to draw traffic
 * away, one must be able to answer from the new address.
 */

import { DROP } from '../../contract/drops.js';
import { isAlive } from '../../contract/link-states.js';
import { PATH, PATH_PLACE_WORDS } from '../../native/ops.js';
import type { Datagram } from '../../state/datagram.js';
import type { LinkTable } from '../../state/links.js';
import { sameRemote } from '../../state/remote-ends.js';
import { KIND } from '../../wire/header.js';
import { RELAY_FAMILY } from '../../wire/overhead.js';
import { OWN_ADDRESS } from '../../wire/own-address.js';
import { PATH_CHECK } from '../../wire/path-check.js';
import type { LinkBase } from '../ports.js';
import type { LinkLife } from './life.js';
import type { Liveness } from './liveness.js';
import type { MtuControl } from './mtu-control.js';
import type { Placement } from './placement.js';

/** Checks of one link are at least this far apart. */
const CHECK_INTERVAL_US = 20_000;
/** Checks for what the peer only says are this far apart: it shall not make us ask strangers often. */
const TOLD_INTERVAL_US = 200_000;
const CHECK_LIFETIME_US = 1_000_000;
/** Own path silent for this many of the peer's intervals before a move is considered. */
const SILENT_BEATS = 2;
const { TOKEN, TOKEN_BYTES } = PATH_CHECK;

/** A path, in words from `path`, and the row of the socket by which it goes. */
type Way = Pick<Datagram, 'socket' | 'paths' | 'path'>;

/** Relayed paths do not roam: they are named by peers, not by addresses. */
export class Roaming {
  private readonly links: LinkTable;
  /** A path that the peer has told of. */
  private readonly toldPath = new Int32Array(PATH.WORDS);
  /** The token of the check that is being answered. */
  private readonly token = new Uint8Array(TOKEN_BYTES);

  constructor(
    private readonly base: LinkBase,
    private readonly placement: Placement,
    private readonly liveness: Liveness,
    private readonly life: LinkLife,
    private readonly mtu: MtuControl,
  ) {
    this.links = base.tables.links;
  }

  /** A heartbeat of `link` came by a path that is no link's. */
  consider(link: number, datagram: Datagram): void {
    const { links } = this;
    const { now } = datagram;
    if (links.shutdown[link] || links.isRelayed(link) || isRelayed(datagram)) return;
    const known = links.family(link) !== 0;
    const silence = now - links.lastHeard[link];
    if (known && silence < SILENT_BEATS * Math.max(links.peerIntervalUs[link], links.intervalUs[link]))
      return;
    if (now - links.candidateAt[link] >= CHECK_INTERVAL_US) this.check(link, datagram, now);
  }

  /** Asks by a path whether the peer is there. */
  private check(link: number, way: Way, now: number): void {
    const { links } = this;
    const from = link * TOKEN_BYTES;
    const token = links.candidateToken.subarray(from, from + TOKEN_BYTES);
    if (!this.isCandidate(link, way) || now - links.candidateAt[link] > CHECK_LIFETIME_US) {
      this.base.ports.random(token);
      copyPath(way.paths, way.path, links.candidates, links.pathOf(link));
      links.candidateSocket[link] = way.socket;
    }
    links.candidateAt[link] = now;
    this.send(KIND.PATH_CHECK, link, way, token);
  }

  /**
   * The peer says by another link that it has this address where `link` leaves it: if nothing is heard of the link, it is
   * asked for there, at the port that it had.
   */
  private told(link: number, { body, now }: Datagram): void {
    const { links, toldPath } = this;
    const { bytes } = this.base.arena;
    if (links.shutdown[link] || links.isRelayed(link) || isAlive(links.state[link])) return;
    if (now - links.candidateAt[link] < TOLD_INTERVAL_US) return;
    const family = bytes[body + OWN_ADDRESS.FAMILY];
    const port = links.paths[links.pathOf(link) + PATH.PORT];
    const socket = family === 4 || family === 6 ? links.socketFor(link, family) : -1;
    const at = body + OWN_ADDRESS.ADDRESS;
    if (port === 0 || socket < 0 || !isUnicast(bytes, at, family)) return;
    toldPath.fill(0);
    toldPath[PATH.FAMILY] = family;
    toldPath[PATH.PORT] = port;
    const length = family === 4 ? 4 : 16;
    new Uint8Array(toldPath.buffer, PATH.ADDR * 4, length).set(bytes.subarray(at, at + length));
    if (!sameRemote(links.paths, links.pathOf(link), toldPath, 0))
      this.check(link, { socket, paths: toldPath, path: 0 }, now);
  }

  /**
   * A session with a peer is in use. Heartbeats that came before could not be answered: who calls us has the session
   * first. Their paths are checked now, so that nobody has to wait for the next ones.
   */
  sessionCame(peer: number, now: number): void {
    const { links } = this;
    const { peers } = this.base.tables;
    for (let link = peers.nextLink(peer); link >= 0; link = peers.nextLink(peer, link)) {
      if (links.family(link) !== 0 || now - links.candidateAt[link] > CHECK_LIFETIME_US) continue;
      links.candidateAt[link] = now;
      const token = links.candidateToken.subarray(link * TOKEN_BYTES, (link + 1) * TOKEN_BYTES);
      const way = { socket: links.candidateSocket[link], paths: links.candidates, path: links.pathOf(link) };
      this.send(KIND.PATH_CHECK, link, way, token);
    }
  }

  /** Whether a path is the one to which a link may move. */
  private isCandidate(link: number, { socket, paths, path }: Way): boolean {
    const { links } = this;
    if (links.candidateSocket[link] !== socket) return false;
    return sameRemote(links.candidates, links.pathOf(link), paths, path);
  }

  /** Takes a check of the peer, the answer to one of ours, or where the peer says it is. */
  heard(datagram: Datagram): void {
    const { bytes } = this.base.arena;
    const { peer, body } = datagram;
    const link = this.base.tables.peers.linkOf(peer, bytes[body + PATH_CHECK.LINK]);
    if (link < 0) return this.base.drops.message(DROP['link-mismatch'], datagram);
    if (bytes[body] === KIND.OWN_ADDRESS) this.told(link, datagram);
    else if (bytes[body] === KIND.PATH_CHECK) this.answer(link, datagram);
    else if (this.isAnswer(link, datagram)) this.move(link, datagram);
    else this.base.drops.message(DROP['path-check-unknown'], datagram);
  }

  /** Answers a path check by the path it came by. */
  private answer(link: number, datagram: Datagram): void {
    if (isRelayed(datagram)) return;
    const { bytes } = this.base.arena;
    const at = datagram.body + TOKEN;
    for (let byte = 0; byte < TOKEN_BYTES; byte++) this.token[byte] = bytes[at + byte];
    this.send(KIND.PATH_ANSWER, link, datagram, this.token);
  }

  /** Sends a path check or its answer by the path that a datagram came by. */
  private send(kind: number, link: number, { socket, paths, path }: Way, token: Uint8Array): void {
    const { links } = this;
    const { peers, sockets } = this.base.tables;
    const { messages } = this.base.ports;
    copyPath(paths, path, links.paths, links.pathOf(links.scratchPath));
    links.markPath(link, links.scratchPath);
    const slot = peers.session[links.peer[link]];
    if (slot < 0) return;
    const body = messages.open(kind, PATH_CHECK.BYTES);
    const { bytes } = this.base.arena;
    bytes[body + PATH_CHECK.LINK] = links.id[link];
    bytes.set(token, body + TOKEN);
    messages.sendByPath(slot, link, sockets.fd(socket));
  }

  /** Whether path and token of an answer are those that were asked. */
  private isAnswer(link: number, datagram: Datagram): boolean {
    const { links } = this;
    if (datagram.now - links.candidateAt[link] > CHECK_LIFETIME_US) return false;
    if (!this.isCandidate(link, datagram)) return false;
    const { bytes } = this.base.arena;
    for (let byte = 0; byte < TOKEN_BYTES; byte++) {
      if (links.candidateToken[link * TOKEN_BYTES + byte] !== bytes[datagram.body + TOKEN + byte])
        return false;
    }
    return true;
  }

  private move(link: number, datagram: Datagram): void {
    const { now } = datagram;
    this.links.candidateAt[link] = Number.NEGATIVE_INFINITY;
    this.placement.found(link, datagram);
    this.liveness.heard(link, now);
    this.mtu.restart(link, now);
    this.life.moved(link, now);
  }
}

/** Whether an address may be a host's beyond this link: no loopback, link-local, multicast or unspecified one. */
function isUnicast(bytes: Uint8Array, at: number, family: number): boolean {
  const first = bytes[at];
  if (family === 4) return first !== 0 && first !== 127 && first < 224;
  return first !== 0 && first !== 0xff && !(first === 0xfe && (bytes[at + 1] & 0xc0) === 0x80);
}

function isRelayed({ paths, path }: Datagram): boolean {
  return paths[path + PATH.FAMILY] === RELAY_FAMILY;
}

function copyPath(from: Int32Array, fromAt: number, to: Int32Array, toAt: number): void {
  for (let word = 0; word < PATH_PLACE_WORDS; word++) to[toAt + word] = from[fromAt + word];
}
