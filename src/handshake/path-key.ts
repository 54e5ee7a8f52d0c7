/** Paths as keys of maps. */
import type { PathRef } from '../contract/events.js';
import { PATH_PLACE_WORDS } from '../native/ops.js';

/** The same for two datagrams exactly when an answer to both goes the same way. */
export function pathKey({ socket, words }: PathRef): string {
  return `${socket}/${words.slice(0, PATH_PLACE_WORDS).join(',')}`;
}
