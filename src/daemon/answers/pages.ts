/** Long listings in parts, so that no answer grows with the number of peers. */
import type { Page, PageParams } from '../../api/index.js';
import { RequestError } from '../base/request-errors.js';
import type { PeerEntry } from '../interfaces/peer-entries.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';

/** Some peers of one interface; `begins`: they are its first ones. */
interface Stretch {
  runtime: InterfaceRuntime;
  peers: PeerEntry[];
  begins: boolean;
}

/**
 * The next `limit` peers after `cursor`, as rows. Peers come in the order of their rows in the tables, so that one which
 * stays configured is listed exactly once, whatever is added or removed between two pages.
 */
export function pageOf<Row>(
  runtimes: readonly InterfaceRuntime[],
  { cursor, limit }: PageParams,
  rowsOf: (stretch: Stretch) => Row[],
): Page<Row> {
  const from = cursor === undefined ? null : readCursor(cursor);
  let at = from === null ? 0 : runtimes.findIndex(({ name }) => name === from.name);
  // The interface is gone, and with it the peers that were still to come.
  if (at < 0) return { rows: [], next: null };
  let row = from?.row ?? 0;
  let room = limit;
  const rows: Row[] = [];
  for (; at < runtimes.length; at++) {
    const runtime = runtimes[at];
    const { peers, nextRow } = runtime.peers.from(row, room);
    rows.push(...rowsOf({ runtime, peers, begins: row === 0 }));
    if (nextRow !== null) return { rows, next: `${runtime.name}:${nextRow}` };
    room -= peers.length;
    row = 0;
  }
  return { rows, next: null };
}

/** `octo0:1024`: interface and row. */
export function readCursor(cursor: string): { name: string; row: number } {
  const found = /^([^:]+):(\d{1,9})$/.exec(cursor);
  if (found === null) throw new RequestError(`${cursor} is no cursor that a page has named`);
  return { name: found[1], row: Number(found[2]) };
}
