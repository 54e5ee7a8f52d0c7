/**
 * Links that move. When authentic heartbeats of a link come from an address that is not its own and its own has
 * fallen silent (or was never known), the new path is checked with a random token; the link moves there when
 * the answer comes back by that very path. Copying somebody's datagrams is therefore not enough to draw traffic
 * away, one must be able to answer from the new address.
 */

import { PATH, PATH_PLACE_WORDS } from '../../contract/ops.js';
import type { DatapathIo } from '../../state/io.js';
import { type LinkTable, sameRemote } from '../../state/links.js';
import type { SocketTable } from '../../state/sockets.js';
import { KIND } from '../../wire/header.js';
import { RELAY_FAMILY } from '../../wire/overhead.js';
import { PATH_CHECK } from '../../wire/path-check.js';
import type { LinkControl } from './control.js';
import type { LinkMonitor } from './monitor.js';

/** Checks of one link are at least this far apart. */
const CHECK_INTERVAL_US = 20_000;
const CHECK_LIFETIME_US = 1_000_000;
/** Own path silent for this many of the peer's intervals before a move is considered. */
const SILENT_BEATS = 2;

/** Relayed paths do not roam: they are named by peers, not by addresses. */
export class Roaming {
  constructor(
    private readonly links: LinkTable,
    private readonly sockets: SocketTable,
    private readonly control: LinkControl,
    private readonly monitor: LinkMonitor,
    private readonly io: DatapathIo,
  ) {}

  /** A heartbeat of `link` came from the path `words` at `at`, which is no link's. */
  consider(link: number, socket: number, words: Int32Array, at: number, now: number): void {
    const links = this.links;
    if (links.shutdown[link] || words[at + PATH.FAMILY] === RELAY_FAMILY) return;
    const known = links.family(link) !== 0;
    const silence = now - links.lastHeard[link];
    if (known && silence < SILENT_BEATS * Math.max(links.peerIntervalUs[link], links.intervalUs[link]))
      return;
    const base = link * PATH.WORDS;
    const same = links.candidateSocket[link] === socket && sameRemote(links.candidates, base, words, at);
    const age = now - links.candidateAt[link];
    if (age < CHECK_INTERVAL_US) return;
    if (!same || age > CHECK_LIFETIME_US) {
      const from = link * PATH_CHECK.TOKEN_BYTES;
      this.io.random(links.candidateToken.subarray(from, from + PATH_CHECK.TOKEN_BYTES));
      copyPath(words, at, links.candidates, base);
      links.candidateSocket[link] = socket;
    }
    links.candidateAt[link] = now;
    copyPath(words, at, links.paths, links.scratchPath * PATH.WORDS);
    links.markPath(link, links.scratchPath);
    this.control.pathMessage(
      KIND.PATH_CHECK,
      this.sockets.fd(socket),
      link,
      links.candidateToken,
      link * PATH_CHECK.TOKEN_BYTES,
    );
  }

  /** Answers a path check by the path it came by. */
  answer(link: number, socket: number, words: Int32Array, at: number, token: Uint8Array): void {
    if (words[at + PATH.FAMILY] === RELAY_FAMILY) return;
    copyPath(words, at, this.links.paths, this.links.scratchPath * PATH.WORDS);
    this.links.markPath(link, this.links.scratchPath);
    this.control.pathMessage(KIND.PATH_ANSWER, this.sockets.fd(socket), link, token, 0);
  }

  /** An answer came: the link moves when path and token are those that were asked. */
  confirm(
    link: number,
    socket: number,
    words: Int32Array,
    at: number,
    bytes: Uint8Array,
    tokenAt: number,
    now: number,
  ): boolean {
    const links = this.links;
    const base = link * PATH.WORDS;
    if (now - links.candidateAt[link] > CHECK_LIFETIME_US) return false;
    if (links.candidateSocket[link] !== socket || !sameRemote(links.candidates, base, words, at))
      return false;
    const token = link * PATH_CHECK.TOKEN_BYTES;
    for (let byte = 0; byte < PATH_CHECK.TOKEN_BYTES; byte++) {
      if (links.candidateToken[token + byte] !== bytes[tokenAt + byte]) return false;
    }
    links.candidateAt[link] = Number.NEGATIVE_INFINITY;
    copyPath(words, at, links.paths, base);
    links.socket[link] = socket;
    links.lastHeard[link] = now;
    this.control.mtu.restart(link, now);
    this.io.emit({
      kind: 'roamed',
      peer: links.peer[link],
      link: links.id[link],
      path: { socket, words: [...words.subarray(at, at + PATH.WORDS)] },
    });
    this.monitor.moved(link, now);
    return true;
  }
}

function copyPath(from: Int32Array, fromAt: number, to: Int32Array, toAt: number): void {
  for (let word = 0; word < PATH_PLACE_WORDS; word++) to[toAt + word] = from[fromAt + word];
}
