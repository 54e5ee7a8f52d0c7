/** Long listings in parts, so that no answer grows with the number of peers. */
import type { Page, PageParams } from '../../api/index.js';
import { RequestError } from '../base/request-errors.js';
import { Slices } from '../base/slices.js';

/** Peers made into rows before the time is looked at. */
const PEERS_AT_ONCE = 8;
/** A page is made into text in one go, so that many peers on it would keep handshakes waiting. */
const PEERS_OF_A_PAGE = 64;

/** The peers of one interface, in the order of their rows. */
export interface Source<Peer> {
  name: string;
  /** Up to `limit` peers at row `row` and above, and the next row to continue at; null when no peer is left. */
  from(row: number, limit: number): { peers: Peer[]; nextRow: number | null };
}

/**
 * The next peers after `cursor`, `limit` at most, as rows. Peers come in the order of their rows in the tables, so that one which
 * stays configured is listed exactly once, whatever is added or removed between two pages or while one is made: that takes
 * several slices of time. `begins`: the peers given to `rowsOf` are the first ones of their interface.
 */
export async function pageOf<Peer, Row, From extends Source<Peer>>(
  sources: readonly (From & Source<Peer>)[],
  { cursor, limit }: PageParams,
  rowsOf: (peers: Peer[], source: From, begins: boolean) => Row[],
): Promise<Page<Row>> {
  const from = cursor === undefined ? null : readCursor(cursor);
  let at = from === null ? 0 : sources.findIndex(({ name }) => name === from.name);
  // The interface is gone, and with it the peers that were still to come.
  if (at < 0) return { rows: [], next: null };
  let row = from?.row ?? 0;
  let room = Math.min(limit, PEERS_OF_A_PAGE);
  const rows: Row[] = [];
  const slices = new Slices();
  while (at < sources.length) {
    const source = sources[at];
    if (room === 0) return { rows, next: `${source.name}:${row}` };
    const { peers, nextRow } = source.from(row, Math.min(room, PEERS_AT_ONCE));
    rows.push(...rowsOf(peers, source, row === 0));
    room -= peers.length;
    row = nextRow ?? 0;
    if (nextRow === null) at++;
    await slices.pause();
  }
  return { rows, next: null };
}

/** `octo0:1024`: interface and row. */
export function readCursor(cursor: string): { name: string; row: number } {
  const found = /^([^:]+):(\d{1,9})$/.exec(cursor);
  if (found === null) throw new RequestError(`cursor ${cursor} is not one that a page has returned`);
  return { name: found[1], row: Number(found[2]) };
}
