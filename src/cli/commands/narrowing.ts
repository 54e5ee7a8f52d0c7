/** What narrows a listing: `state`, `name`, `sort` and `limit`, which work on the rows as they come. */
import { keyword, oneOf, type Token, value } from '../../grammar/command.js';
import { fits } from '../../grammar/pattern.js';
import { range, WORD } from '../../grammar/values.js';

/** How the rows of a listing can be told apart and ordered; what is absent is no way of that listing. */
export interface Ways<Row> {
  states?: { words: Readonly<Record<string, string>>; of(row: Row): string | null };
  /** What a pattern is compared with. */
  name?: { help: string; of(row: Row): string };
  sorts?: Readonly<Record<string, { help: string; order: (a: Row, b: Row) => number }>>;
}

/** What the user has given of them. */
export interface NarrowArgs {
  state?: string;
  pattern?: string;
  sort?: string;
  limit?: number;
}

const LIMIT = [
  keyword('limit', 'Only the first rows'),
  value('limit', range(1, 100_000, 'rows'), 'Number of rows'),
] as const;

/** The groups of tokens by which a listing is narrowed: `state`, `name`, `sort`, `limit`. */
export function groupsOf<Row>({ states, name, sorts }: Ways<Row>): (readonly Token[])[] {
  const groups: (readonly Token[])[] = [LIMIT];
  if (states !== undefined)
    groups.push([keyword('state', 'Only rows in this state'), oneOf('state', states.words)]);
  if (name !== undefined)
    groups.push([keyword('name', name.help), value('pattern', WORD, 'Name, with * for any characters')]);
  if (sorts !== undefined) {
    const words = Object.fromEntries(Object.entries(sorts).map(([word, { help }]) => [word, help]));
    groups.push([keyword('sort', 'Sort by a column'), oneOf('sort', words)]);
  }
  return groups;
}

/** What a listing leaves of its rows. */
export function narrowingOf<Row>(ways: Ways<Row>, given: NarrowArgs): Narrowing<Row> {
  const { state, pattern, sort, limit = Number.POSITIVE_INFINITY } = given;
  const { states, name, sorts } = ways;
  return {
    keep: (row) =>
      (state === undefined || states?.of(row) === state) &&
      (pattern === undefined || (name !== undefined && fits(pattern, name.of(row)))),
    order: sort === undefined ? null : (sorts?.[sort].order ?? null),
    limit,
  };
}

/** The rows that a narrowing leaves, where all are at hand. */
export function narrowedRows<Row>(rows: readonly Row[], { keep, order, limit }: Narrowing<Row>): Row[] {
  const kept = rows.filter(keep);
  return (order === null ? kept : kept.sort(order)).slice(0, limit);
}

/** The larger first; what is not known last. */
export function larger(a: number | null, b: number | null): number {
  return (b ?? -1) - (a ?? -1);
}

export interface Narrowing<Row> {
  keep(row: Row): boolean;
  /** Null: as they come. */
  order: ((a: Row, b: Row) => number) | null;
  limit: number;
}

/** Rows that the narrowing leaves, in parts as they come; sorted ones come at the end, all at once. */
export async function* narrowed<Row>(
  pages: AsyncIterable<Row[]>,
  { keep, order, limit }: Narrowing<Row>,
): AsyncGenerator<Row[]> {
  const gathered: Row[] = [];
  let room = limit;
  for await (const page of pages) {
    const kept = page.filter(keep);
    if (order !== null) {
      gathered.push(...kept);
      continue;
    }
    yield kept.slice(0, room);
    room -= kept.length;
    if (room <= 0) return;
  }
  if (order !== null) yield gathered.sort(order).slice(0, limit);
}
