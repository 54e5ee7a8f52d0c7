/**
 * The remote ends at which the peer of a link may be found: that which it is configured with, those its name was resolved to,
 * and the one that was learned last. While the link is down they are tried in turn, each for as long as `silent` is not called;
 * the one that answers stays.
 */

import { Columns, int32, uint8 } from '../../base/columns.js';
import { PATH } from '../../native/ops.js';
import type { LinkTable } from '../../state/links.js';
import { sameRemote } from '../../state/remote-ends.js';

/** A remote end: its path, in words from `path`, which are those of a table. */
export interface End {
  readonly words: Int32Array;
  readonly path: number;
  /** The peer was heard there: the path tells by which own address and interface. */
  readonly isLearned: boolean;
}

export class Remotes {
  /** The end of each link that was learned last; of family 0: none. */
  private readonly learned = int32(0, PATH.WORDS);
  /** 0 for one that its name led to while the peer answered there. */
  private readonly wasHeard = uint8();
  /** Which of its ends a link is sent to: those that are configured or resolved come first, in the order of preference. */
  private readonly turn = int32();
  private readonly columns = new Columns(this, 'links');
  /** What the names of links lead to: paths, one after another. */
  private readonly resolved = new Map<number, Int32Array>();

  constructor(private readonly links: LinkTable) {}

  /** Makes room for a link, and forgets what there was. */
  reset(link: number): void {
    this.columns.ensure(link + 1);
    this.columns.reset(link);
    this.resolved.delete(link);
  }

  /** The end to send to; null: none is known. */
  current(link: number): End | null {
    return this.end(link, this.turn[link]);
  }

  /**
   * Takes over what a name was resolved to, in the order of preference. The end in use is kept if it is among them, or if the
   * peer answers there (`isAnswering`).
   */
  resolve(link: number, paths: readonly (readonly number[])[], isAnswering: boolean): void {
    const before = this.current(link);
    const words = new Int32Array(paths.length * PATH.WORDS);
    for (const [index, path] of paths.entries()) words.set(path, index * PATH.WORDS);
    this.resolved.set(link, words);
    if (isAnswering && before !== null) this.found(link, before);
    else this.goTo(link, before);
  }

  /** The peer was found at an end. */
  found(link: number, end: End): void {
    if (this.placeAmongKnown(link, end) < 0) {
      const { words, path, isLearned } = end;
      this.learned.set(words.subarray(path, path + PATH.WORDS), link * PATH.WORDS);
      this.wasHeard[link] = isLearned ? 1 : 0;
    }
    this.goTo(link, end);
  }

  /** The end in use has not answered for long enough: the next one has its turn. Returns whether it is another one. */
  silent(link: number): boolean {
    const count = this.count(link);
    if (count < 2) return false;
    this.turn[link] = (this.turn[link] + 1) % count;
    return true;
  }

  /** The ends that wait for their turn. */
  others(link: number): End[] {
    const others: End[] = [];
    for (let place = 0; place < this.count(link); place++) {
      if (place !== this.turn[link]) others.push(this.end(link, place) as End);
    }
    return others;
  }

  /** What the name of a link led to, to be measured. */
  objectOf(link: number): unknown {
    return this.resolved.get(link);
  }

  private goTo(link: number, end: End | null): void {
    this.turn[link] = end === null ? 0 : this.placeOf(link, end);
  }

  private placeOf(link: number, end: End): number {
    const known = this.placeAmongKnown(link, end);
    if (known >= 0) return known;
    return this.hasLearned(link) && sameEnd(this.learnedEnd(link), end) ? this.knownCount(link) : 0;
  }

  /** Ends of a link that are configured or resolved. */
  private knownCount(link: number): number {
    const resolved = this.resolved.get(link);
    if (resolved !== undefined) return resolved.length / PATH.WORDS;
    return this.links.configured[this.links.pathOf(link) + PATH.FAMILY] === 0 ? 0 : 1;
  }

  private count(link: number): number {
    const known = this.knownCount(link);
    return known + (this.hasLearned(link) && this.placeAmongKnown(link, this.learnedEnd(link)) < 0 ? 1 : 0);
  }

  private end(link: number, place: number): End | null {
    const known = this.knownCount(link);
    if (place < known) return this.knownEnd(link, place);
    return place < this.count(link) ? this.learnedEnd(link) : null;
  }

  private knownEnd(link: number, place: number): End {
    const resolved = this.resolved.get(link);
    if (resolved !== undefined) return { words: resolved, path: place * PATH.WORDS, isLearned: false };
    return { words: this.links.configured, path: this.links.pathOf(link), isLearned: false };
  }

  private learnedEnd(link: number): End {
    return { words: this.learned, path: link * PATH.WORDS, isLearned: this.wasHeard[link] === 1 };
  }

  private hasLearned(link: number): boolean {
    return this.learned[link * PATH.WORDS + PATH.FAMILY] !== 0;
  }

  /** Place of an end among those that are configured or resolved; -1: it is none of them. */
  private placeAmongKnown(link: number, end: End): number {
    for (let place = 0; place < this.knownCount(link); place++) {
      if (sameEnd(this.knownEnd(link, place), end)) return place;
    }
    return -1;
  }
}

export function sameEnd(a: End, b: End): boolean {
  return sameRemote(a.words, a.path, b.words, b.path);
}
