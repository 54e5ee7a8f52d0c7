/** Long listings in parts, so that no answer grows with the number of peers. */
import type { Page, PageParams } from '../../api/index.js';
import { RequestError } from '../base/request-errors.js';
import { Slices } from '../base/slices.js';
import type { PeerEntry } from '../interfaces/peer-entries.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';

/** Peers made into rows before the time is looked at. */
const PEERS_AT_ONCE = 8;
/** A page is made into text in one go, so that many peers on it would keep handshakes waiting. */
const PEERS_OF_A_PAGE = 64;
const ROWS_OF_A_PAGE = 1000;
/** Rows of a table that a worker makes entries of between two batches of frames. */
export const ROWS_AT_ONCE = 500;
/** Answers about more rows of such a table are given in pages only. */
export const MAX_UNPAGED_ROWS = 4096;
/** How often it is asked for one page: there may be little in what it looks at. */
const ASKED_FOR_A_PAGE = 64;

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

/** The peers of a running interface. */
export function peersOf(runtime: InterfaceRuntime): Source<PeerEntry> & { runtime: InterfaceRuntime } {
  return { name: runtime.name, runtime, from: (row, limit) => runtime.peers.from(row, limit) };
}

/** Entries among some rows of a table, and the row to go on at; -1 at its end. */
export interface Stretch<Row> {
  rows: Row[];
  next: number;
}

/**
 * The next entries after `cursor` of the tables that workers have, `limit` at most; fewer, or none, where a table has holes. `ask`
 * asks for those among `count` rows from `row` on, and gives null when the worker has ended. `most`: how often it is asked.
 */
export async function tablePageOf<Row, From extends { name: string }>(
  sources: readonly From[],
  { cursor, limit }: PageParams,
  ask: (source: From, row: number, count: number) => Promise<Stretch<Row> | null>,
  most = ASKED_FOR_A_PAGE,
): Promise<Page<Row>> {
  const from = cursor === undefined ? null : readCursor(cursor);
  let at = from === null ? 0 : sources.findIndex(({ name }) => name === from.name);
  let row = from?.row ?? 0;
  const half = Math.min(Math.ceil(limit / 2), ROWS_AT_ONCE);
  const rows: Row[] = [];
  const slices = new Slices();
  for (let asked = 1; at >= 0 && at < sources.length; asked++) {
    const stretch = await ask(sources[at], row, half);
    slices.begun();
    rows.push(...(stretch?.rows ?? []));
    await slices.pause();
    row = stretch?.next ?? -1;
    if (row < 0) {
      at++;
      row = 0;
    }
    const isFull = rows.length >= half || asked === most;
    if (isFull && at < sources.length) return { rows, next: `${sources[at].name}:${row}` };
  }
  return { rows, next: null };
}

/** The rows of all pages, in one answer; throws `RequestError`, which says of `what` they are too many, where they are more than `most`. */
export async function allOf<Row>(
  pageAt: (page: PageParams) => Page<Row> | Promise<Page<Row>>,
  most: number,
  what: string,
): Promise<Row[]> {
  const all: Row[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Row> = await pageAt({ limit: ROWS_OF_A_PAGE, ...(cursor !== null && { cursor }) });
    all.push(...page.rows);
    if (all.length > most) throw tooLong(what);
    cursor = page.next;
  } while (cursor !== null);
  return all;
}

export function tooLong(what: string): RequestError {
  return new RequestError(`${what} too many for one answer: ask for pages`);
}

/** `octo0:1024`: interface and row. */
export function readCursor(cursor: string): { name: string; row: number } {
  const found = /^([^:]+):(\d{1,9})$/.exec(cursor);
  if (found === null) throw new RequestError(`cursor ${cursor} is not one that a page has returned`);
  return { name: found[1], row: Number(found[2]) };
}
