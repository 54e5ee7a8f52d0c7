/**
 * Marks of datagrams that answer a handshake: they go back by the path that it came by, which knows nothing of links.
 * They are marked like the link of that path or, where no link has it yet, as all links of the socket agree.
 */
import type { AnswerMark } from '../contract/events.js';
import { PATH } from '../native/ops.js';

const NO_MARK: AnswerMark = { socket: -1, words: [], dscp: 0, mark: 0 };

export class AnswerMarks {
  private byPath = new Map<string, AnswerMark>();
  private bySocket = new Map<number, AnswerMark>();

  /** Replaces all marks: of sockets (without words) and of single paths. */
  set(marks: readonly AnswerMark[]): void {
    this.byPath = new Map();
    this.bySocket = new Map();
    for (const one of marks) {
      if (one.words.length === 0) this.bySocket.set(one.socket, one);
      else this.byPath.set(keyOf(one.socket, one.words, 0), one);
    }
  }

  /** Marks the path in `words` from `at` as an answer by `socket` is to be marked. */
  mark(words: Int32Array | number[], at: number, socket: number): void {
    let found = NO_MARK;
    if (this.byPath.size > 0 || this.bySocket.size > 0) {
      found = this.byPath.get(keyOf(socket, words, at)) ?? this.bySocket.get(socket) ?? NO_MARK;
    }
    words[at + PATH.DSCP] = found.dscp;
    words[at + PATH.MARK] = found.mark;
  }
}

/** Of a remote end: the words from its family to its address. */
function keyOf(socket: number, words: ArrayLike<number>, at: number): string {
  let key = `${socket}`;
  for (let word = at; word < at + PATH.LOCAL; word++) key += `,${words[word]}`;
  return key;
}
