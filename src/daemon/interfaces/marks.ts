/** The marks of links, by which the worker marks what answers a handshake. */
import type { AnswerMark } from '../../contract/events.js';
import { PATH } from '../../native/ops.js';
import type { PeerEntry } from './peer-entries.js';

/** Of each path with marks, and of each socket whose links all have the same marks. */
export function answerMarks(peers: Iterable<PeerEntry>): AnswerMark[] {
  const paths: AnswerMark[] = [];
  const sockets = new Map<number, AnswerMark>();
  for (const peer of peers) {
    for (const { answer, configuredPath, learnedPath } of peer.links.values()) {
      if (answer === null) continue;
      const socket = answer.socket.row;
      const marks = { dscp: configuredPath[PATH.DSCP], mark: configuredPath[PATH.MARK] };
      if (isMarked(marks)) {
        paths.push({ socket, words: (learnedPath ?? configuredPath).slice(0, PATH.LOCAL), ...marks });
      }
      const others = sockets.get(socket) ?? { socket, words: [], ...marks };
      const agree = others.dscp === marks.dscp && others.mark === marks.mark;
      sockets.set(socket, agree ? others : { socket, words: [], dscp: 0, mark: 0 });
    }
  }
  return [...paths, ...[...sockets.values()].filter(isMarked)];
}

function isMarked({ dscp, mark }: { dscp: number; mark: number }): boolean {
  return dscp !== 0 || mark !== 0;
}
