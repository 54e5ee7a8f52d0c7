/**
 * Marks of datagrams that answer a handshake. They go back by the path that the handshake came by, which belongs to no
 * link yet. They are marked like the link that has this path, or like the socket's links if these all agree.
 */
import type { PathRef } from '../../contract/events.js';
import { PATH, PATH_PLACE_WORDS } from '../../native/ops.js';
import { type LinkEntry, type PeerEntry, pathOf } from './peer-entries.js';

interface Marks {
  dscp: number;
  mark: number;
}

const NONE: Marks = { dscp: 0, mark: 0 };

export class AnswerMarks {
  private readonly byPath = new Map<string, Marks>();
  private readonly bySocket = new Map<number, Marks>();

  /** Forgets everything and learns all links. */
  learn(peers: Iterable<PeerEntry>): void {
    this.byPath.clear();
    this.bySocket.clear();
    for (const peer of peers) for (const link of peer.links.values()) this.learnLink(link);
  }

  /** Learns a link, for example after it has moved. */
  learnLink(link: LinkEntry): void {
    const marks = { dscp: link.configuredPath[PATH.DSCP], mark: link.configuredPath[PATH.MARK] };
    for (const socket of link.sockets) {
      if (socket === null) continue;
      const { row } = socket;
      if (!isSame(marks, NONE)) this.byPath.set(keyOf(row, pathOf(link)), marks);
      const others = this.bySocket.get(row) ?? marks;
      this.bySocket.set(row, isSame(others, marks) ? marks : NONE);
    }
  }

  /** The path with the marks of answers that go back by it. */
  marked({ socket, words }: PathRef): PathRef {
    const marks = this.byPath.get(keyOf(socket, words)) ?? this.bySocket.get(socket) ?? NONE;
    if (isSame(marks, NONE)) return { socket, words };
    return { socket, words: [...words.slice(0, PATH_PLACE_WORDS), marks.dscp, marks.mark] };
  }
}

function isSame(a: Marks, b: Marks): boolean {
  return a.dscp === b.dscp && a.mark === b.mark;
}

/** The socket and the remote end: the words from its family to its address. */
function keyOf(socket: number, words: readonly number[]): string {
  return `${socket}/${words.slice(0, PATH.LOCAL).join(',')}`;
}
