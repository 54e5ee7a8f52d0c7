/** The remote ends of paths: whether two are one, and whether one is that of a row in a table of paths. */
import { mixed, RowIndex } from '../base/row-index.js';
import { PATH } from '../native/ops.js';

export class EndIndex {
  private readonly rows = new RowIndex('links');

  /** A row of `paths` leads to another end than before, or to none. A peer that relays is no end. */
  changed(row: number, paths: Int32Array): void {
    this.rows.remove(row);
    const path = row * PATH.WORDS;
    const family = paths[path + PATH.FAMILY];
    if (family === 4 || family === 6) this.rows.add(row, hashOf(paths, path));
  }

  removed(row: number): void {
    this.rows.remove(row);
  }

  /** Whether a row of `paths` has the remote end of the path in `words` from `at`. */
  has(paths: Int32Array, words: Int32Array, at: number): boolean {
    const { rows } = this;
    for (let row = rows.first(hashOf(words, at)); row >= 0; row = rows.after(row)) {
      if (sameRemote(paths, row * PATH.WORDS, words, at)) return true;
    }
    return false;
  }

  /** The lowest row of `paths` that leads to the address and port of the path in `words` from `at`, whatever its scope; -1: none. */
  lowest(paths: Int32Array, words: Int32Array, at: number): number {
    const { rows } = this;
    let lowest = -1;
    for (let row = rows.first(hashOf(words, at)); row >= 0; row = rows.after(row)) {
      if ((lowest < 0 || row < lowest) && sameAddress(paths, row * PATH.WORDS, words, at)) lowest = row;
    }
    return lowest;
  }
}

function hashOf(words: Int32Array, path: number): number {
  let hash = 0;
  for (let word = PATH.PORT; word < PATH.LOCAL; word++) hash = mixed(hash, words[path + word]);
  return hash;
}

/** Same remote address, port and family, and scope where `a` names one. */
export function sameRemote(a: Int32Array, aAt: number, b: Int32Array, bAt: number): boolean {
  const isInScope = a[aAt + PATH.SCOPE] === b[bAt + PATH.SCOPE] || a[aAt + PATH.SCOPE] === 0;
  return isInScope && sameAddress(a, aAt, b, bAt);
}

function sameAddress(a: Int32Array, aAt: number, b: Int32Array, bAt: number): boolean {
  return (
    a[aAt + PATH.FAMILY] === b[bAt + PATH.FAMILY] &&
    a[aAt + PATH.PORT] === b[bAt + PATH.PORT] &&
    a[aAt + PATH.ADDR] === b[bAt + PATH.ADDR] &&
    a[aAt + PATH.ADDR + 1] === b[bAt + PATH.ADDR + 1] &&
    a[aAt + PATH.ADDR + 2] === b[bAt + PATH.ADDR + 2] &&
    a[aAt + PATH.ADDR + 3] === b[bAt + PATH.ADDR + 3]
  );
}
