/** The last example of a drop reason, in words. */
import type { DropExample } from '../../api/index.js';
import { DROPPED, type DropExample as Kept, REMOTE_WORDS } from '../../contract/drop-examples.js';
import { DROP, type DropReason } from '../../contract/drops.js';
import { PATH } from '../../native/ops.js';
import { formatPath } from '../interfaces/addresses.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';
import { messageWords } from './captures.js';
import { frameWords } from './frame-words.js';

/**
 * The example of a reason; null where none was kept. `nowUs`: the worker's clock. Only who `maySeeFrames` is told what it
 * was: addresses of frames are plaintext, too.
 */
export function dropExample(
  runtime: InterfaceRuntime,
  reason: string,
  nowUs: number,
  maySeeFrames: boolean,
): DropExample | null {
  const number: number | undefined = DROP[reason as DropReason];
  const kept = number === undefined ? undefined : runtime.datapath.dropExamples.read(number);
  if (kept === undefined) return null;
  return {
    secondsAgo: Math.max(0, Math.round((nowUs - kept.atUs) / 1e5) / 10),
    peer: kept.peer < 0 ? null : (runtime.peers.atRow(kept.peer)?.config.name ?? null),
    link: kept.link < 0 ? null : kept.link,
    direction: kept.isOut ? 'out' : 'in',
    from: fromText(kept),
    length: kept.length,
    text: maySeeFrames ? wordsOf(kept) : null,
  };
}

/** Only of what came by a socket; a path through a relay has no address. */
function fromText({ remote }: Kept): string | null {
  const family = remote[PATH.FAMILY];
  const words = Array.from({ length: PATH.WORDS }, (_, word) => (word < REMOTE_WORDS ? remote[word] : 0));
  return family === 4 || family === 6 ? formatPath(words) : null;
}

function wordsOf({ form, head }: Kept): string {
  if (form === DROPPED.FRAME) return frameWords(head);
  return form === DROPPED.SEALED ? 'sealed datagram' : messageWords(head[0]);
}
