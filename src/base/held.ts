/**
 * How much memory things hold, as far as it can be known without asking V8, which does not say: typed arrays to the byte, objects
 * by the layout that V8 gives them on 64-bit machines without pointer compression.
 */
import { ByRow } from './by-row.js';
import { Columns, type RowsOf } from './columns.js';

const WORD = 8;
/** Map, properties and elements of an object, before its fields. */
const OBJECT = 3 * WORD;
/** A number that is not a small integer stands in a place of its own. */
const NUMBER = 2 * WORD;
const STRING = 2 * WORD;
const ARRAY = OBJECT + WORD + 2 * WORD;
/** An object for the view, one for its buffer, and the C library's own bytes. */
const TYPED_ARRAY = 25 * WORD;
const HASH_TABLE = 8 * WORD;
/** An entry of a `Map` or `Set`, when it is three quarters full: key, value, chain, and its part of the buckets. */
export const MAP_ENTRY = 5 * WORD;
/** Things looked at for one value: what holds more is held wrongly, by what many share. */
const MOST_VISITED = 1024;

/** Bytes of one row of each kind, in the tables that a tree of parts has. Of peers and links, tables without rows count for none. */
export function rowBytes(parts: object): Record<RowsOf, number> {
  const bytes = { peers: 0, links: 0, timers: 0, sessions: 0, streams: 0, histograms: 0, others: 0 };
  const seen = new Set<object>();
  const open: object[] = [parts];
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    if (seen.has(part)) continue;
    seen.add(part);
    if (part instanceof Columns) {
      const isInUse = part.capacity > 0 || (part.of !== 'peers' && part.of !== 'links');
      if (isInUse) bytes[part.of] += part.bytesPerRow;
    }
    if (part instanceof ByRow && part.end > 0) bytes[part.of] += WORD;
    if (isPart(part)) open.push(...Object.values(part).filter((value) => Object(value) === value));
  }
  return bytes;
}

/** Tables are reached by fields, never through lists. */
function isPart(value: object): boolean {
  return typeof value === 'object' && !ArrayBuffer.isView(value) && !(Symbol.iterator in value);
}

/**
 * Bytes that one of several alike holds for itself, on average: `each` lists what is held for it, and what is reached from more
 * than one counts for none. 0 for fewer than two, which show no difference between their own and what is shared.
 */
export function ownBytes(each: readonly (readonly unknown[])[]): number {
  if (each.length < 2) return 0;
  const sizes = new Map<unknown, number>();
  const holders = new Map<unknown, number>();
  for (const roots of each) {
    for (const [value, size] of reached(roots)) {
      sizes.set(value, size);
      holders.set(value, (holders.get(value) ?? 0) + 1);
    }
  }
  let own = 0;
  for (const [value, size] of sizes) if (holders.get(value) === 1) own += size;
  return Math.round(own / each.length);
}

/** All that is reached from some values, with the bytes of each. */
function reached(roots: readonly unknown[]): Map<unknown, number> {
  const sizes = new Map<unknown, number>();
  const open = [...roots];
  while (open.length > 0 && sizes.size < MOST_VISITED) {
    const value = open.pop();
    if (sizes.has(value)) continue;
    if (typeof value === 'string') sizes.set(value, STRING + WORD * Math.ceil(value.length / WORD));
    else if (typeof value === 'object' && value !== null) sizes.set(value, visit(value, open));
  }
  return sizes;
}

/** Bytes of one object; what it refers to is added to `open`. */
function visit(value: object, open: unknown[]): number {
  if (ArrayBuffer.isView(value)) return TYPED_ARRAY + value.byteLength;
  if (value instanceof Map || value instanceof Set) {
    for (const entry of value.entries()) open.push(...entry);
    return OBJECT + WORD + HASH_TABLE + value.size * MAP_ENTRY;
  }
  const held: unknown[] = Object.values(value);
  open.push(...held);
  const numbers = held.filter(isBoxed).length * NUMBER;
  return (Array.isArray(value) ? ARRAY : OBJECT) + held.length * WORD + numbers;
}

function isBoxed(value: unknown): boolean {
  return typeof value === 'number' && (!Number.isInteger(value) || Math.abs(value) >= 2 ** 31);
}
