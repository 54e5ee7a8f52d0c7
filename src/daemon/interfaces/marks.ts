/**
 * Marks of datagrams that answer a handshake: they go back by the path that it came by, which knows nothing of links.
 * They are marked like the link of that path, or, where none has it yet, as all links of the socket agree to be.
 */
import type { PathRef } from '../../contract/events.js';
import { PATH, PATH_PLACE_WORDS } from '../../contract/ops.js';
import type { LinkEntry, PeerEntry } from './peer-entries.js';

interface Marks {
  dscp: number;
  mark: number;
}

const NONE: Marks = { dscp: 0, mark: 0 };

export class AnswerMarks {
  private readonly byPath = new Map<string, Marks>();
  private readonly bySocket = new Map<number, Marks>();

  /** Learns all links anew. */
  learn(peers: Iterable<PeerEntry>): void {
    this.byPath.clear();
    this.bySocket.clear();
    for (const peer of peers) for (const link of peer.links.values()) this.learnLink(link);
  }

  /** Learns a link, after it has moved for example. */
  learnLink(link: LinkEntry): void {
    if (link.answer === null) return;
    const { row } = link.answer.socket;
    const marks = { dscp: link.configuredPath[PATH.DSCP], mark: link.configuredPath[PATH.MARK] };
    if (!isSame(marks, NONE)) this.byPath.set(keyOf(row, link.learnedPath ?? link.configuredPath), marks);
    const others = this.bySocket.get(row) ?? marks;
    this.bySocket.set(row, isSame(others, marks) ? marks : NONE);
  }

  /** The path with the marks of what shall go back by it. */
  marked({ socket, words }: PathRef): PathRef {
    const marks = this.byPath.get(keyOf(socket, words)) ?? this.bySocket.get(socket) ?? NONE;
    if (isSame(marks, NONE)) return { socket, words };
    return { socket, words: [...words.slice(0, PATH_PLACE_WORDS), marks.dscp, marks.mark] };
  }
}

function isSame(a: Marks, b: Marks): boolean {
  return a.dscp === b.dscp && a.mark === b.mark;
}

/** Of a remote end: the words from its family to its address. */
function keyOf(socket: number, words: readonly number[]): string {
  return `${socket}/${words.slice(0, PATH.LOCAL).join(',')}`;
}
