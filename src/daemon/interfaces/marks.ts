/** The marks of links, by which the worker marks what answers a handshake. */
import type { AnswerMark } from '../../contract/events.js';
import { PATH } from '../../native/ops.js';
import { type PeerEntry, pathOf } from './peer-entries.js';

/** Of each path with marks, and of each socket whose links all have the same marks. */
export function answerMarks(peers: Iterable<PeerEntry>): AnswerMark[] {
  const paths: AnswerMark[] = [];
  const ofSockets = new Map<number, AnswerMark>();
  for (const peer of peers) {
    for (const link of peer.links.values()) {
      const marks = { dscp: link.configuredPath[PATH.DSCP], mark: link.configuredPath[PATH.MARK] };
      for (const socket of link.sockets) {
        if (socket === null) continue;
        const { row } = socket;
        if (isMarked(marks)) paths.push({ socket: row, words: pathOf(link).slice(0, PATH.LOCAL), ...marks });
        const others = ofSockets.get(row) ?? { socket: row, words: [], ...marks };
        const agree = others.dscp === marks.dscp && others.mark === marks.mark;
        ofSockets.set(row, agree ? others : { socket: row, words: [], dscp: 0, mark: 0 });
      }
    }
  }
  return [...paths, ...[...ofSockets.values()].filter(isMarked)];
}

function isMarked({ dscp, mark }: { dscp: number; mark: number }): boolean {
  return dscp !== 0 || mark !== 0;
}
