/**
 * Three-way merge of configurations: what a candidate changed since it was taken is applied to the configuration that
 * runs now, together with what others have changed meanwhile.
 *
 * It works on data, not on lines, so that a new setting needs no code here: blocks are merged field by field, lists of
 * blocks by name, lists of values as sets, and every other value as a whole.
 */
import type { Config } from '../api/config.js';

interface MergeResult {
  config: Config;
  /** What both sides changed to different values; the value of `ours` was taken. */
  conflicts: string[];
}

type Value = unknown;
type Fields = Record<string, Value>;

/** Merges the changes from `base` to `ours` with those from `base` to `theirs`. The arguments are not changed. */
export function mergeConfigs(base: Config, ours: Config, theirs: Config): MergeResult {
  const conflicts: string[] = [];
  const config = mergeFields(
    base as unknown as Fields,
    ours as unknown as Fields,
    theirs as unknown as Fields,
    [],
    conflicts,
  );
  return { config: structuredClone(config) as unknown as Config, conflicts };
}

function mergeFields(
  base: Fields,
  ours: Fields,
  theirs: Fields,
  path: readonly string[],
  conflicts: string[],
): Fields {
  const result: Fields = {};
  for (const key of new Set([...Object.keys(theirs), ...Object.keys(ours)])) {
    const merged = mergeValue(base[key], ours[key], theirs[key], path, spelled(key), conflicts);
    if (merged !== undefined) result[key] = merged;
  }
  return result;
}

function mergeValue(
  base: Value,
  ours: Value,
  theirs: Value,
  path: readonly string[],
  key: string,
  conflicts: string[],
): Value {
  if (same(ours, base) || same(ours, theirs)) return theirs;
  if (same(theirs, base)) return ours;
  if (Array.isArray(ours) && Array.isArray(theirs)) {
    return mergeLists(Array.isArray(base) ? base : [], ours, theirs, path, key, conflicts);
  }
  conflicts.push([...path, key].join(', '));
  return ours;
}

function mergeLists(
  base: readonly Value[],
  ours: readonly Value[],
  theirs: readonly Value[],
  path: readonly string[],
  key: string,
  conflicts: string[],
): Value[] {
  const [was, we, they] = [base, ours, theirs].map(
    (list) => new Map(list.map((element) => [identityOf(element), element])),
  );
  const result: Value[] = [];
  for (const identity of new Set([...they.keys(), ...we.keys()])) {
    const [before, left, right] = [was.get(identity), we.get(identity), they.get(identity)];
    // The list "peers" holds the blocks "peer NAME".
    const place = [...path, `${key.replace(/s$/, '')} ${identity}`];
    const merged =
      isBlock(left) && isBlock(right)
        ? mergeFields(isBlock(before) ? before : {}, left, right, place, conflicts)
        : mergeValue(before, left, right, path, place[place.length - 1], conflicts);
    if (merged !== undefined) result.push(merged);
  }
  return result;
}

function identityOf(element: Value): string {
  if (isBlock(element)) return String(element['name'] ?? element['id']);
  return typeof element === 'string' ? element : JSON.stringify(element);
}

/** A peer, a link, an interface: an object of fields with a name or an id. */
function isBlock(value: Value): value is Fields {
  return typeof value === 'object' && value !== null && ('name' in value || 'id' in value);
}

/** Equal as data, whatever the order in which fields were set. */
function same(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [a as Fields, b as Fields];
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => same(left[key], right[key]));
}

/** `presharedKeyFile` as spelled in the configuration: `preshared-key-file`. */
function spelled(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
