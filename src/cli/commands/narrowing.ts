/** What narrows a listing: `state`, `name`, `sort` and `limit`, which work on the rows as they come. */
import { keyword, oneOf, value } from '../../grammar/command.js';
import { range, WORD } from '../../grammar/values.js';

export const BY_NAME = [
  keyword('name', 'Only peers whose name fits a pattern'),
  value('pattern', WORD, 'Name, with * for any characters'),
] as const;
export const LIMIT = [
  keyword('limit', 'Only the first'),
  value('limit', range(1, 100_000, 'rows'), 'Number'),
] as const;

/** `state WORD`: only what is in that state. */
export function byState<W extends string>(words: Readonly<Record<W, string>>) {
  return [keyword('state', 'Only what is in this state'), oneOf('state', words)] as const;
}

/** `sort COLUMN`. */
export function sortBy<W extends string>(words: Readonly<Record<W, string>>) {
  return [keyword('sort', 'In the order of a column'), oneOf('sort', words)] as const;
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
