import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LinkSettings } from '../../src/contract/settings.js';
import { type End, Remotes } from '../../src/link/life/remotes.js';
import { PATH } from '../../src/native/ops.js';
import { LinkTable } from '../../src/state/links.js';

/** A link with neighbours on both sides, which have ends of their own. */
const LINK = 1;

/** The path to an end that is called by a letter. */
function pathTo(letter: string): number[] {
  const words = new Array<number>(PATH.WORDS).fill(0);
  words.splice(0, 3, 4, 7700, letter.charCodeAt(0));
  return words;
}

const endAt = (letter: string, isLearned = true): End => ({
  words: Int32Array.from([9, ...pathTo(letter)]),
  path: 1,
  isLearned,
});

class Ends {
  private readonly links = new LinkTable();
  private readonly remotes = new Remotes(this.links);

  constructor(...resolved: string[]) {
    for (const link of [0, 1, 2]) {
      this.configure('', link);
      this.remotes.reset(link);
    }
    for (const link of [0, 2]) this.remotes.found(link, endAt('n'));
    if (resolved.length > 0) this.resolve(resolved);
  }

  configure(letter: string, link = LINK): void {
    const path = letter === '' ? [] : pathTo(letter);
    this.links.configure(link, 0, link, { path, sockets: [0, 1], parity: 0 } as unknown as LinkSettings);
  }

  resolve(letters: readonly string[], isAnswering = false): void {
    this.remotes.resolve(LINK, letters.map(pathTo), isAnswering);
  }

  found(letter: string): void {
    this.remotes.found(LINK, endAt(letter));
  }

  get current(): string | null {
    return nameOf(this.remotes.current(LINK));
  }

  get isLearned(): boolean | undefined {
    return this.remotes.current(LINK)?.isLearned;
  }

  get others(): (string | null)[] {
    return this.remotes.others(LINK).map(nameOf);
  }

  silent(): boolean {
    return this.remotes.silent(LINK);
  }

  /** The ends that have their turn in the next `count` silences. */
  turns(count: number): (string | null)[] {
    return Array.from({ length: count }, () => {
      this.silent();
      return this.current;
    });
  }
}

function nameOf(end: End | null): string | null {
  return end === null ? null : String.fromCharCode(end.words[end.path + PATH.ADDR]);
}

describe('the remote ends of a link', () => {
  it('are tried in turn while nobody answers, what was learned among them', () => {
    const ends = new Ends('a', 'b');
    ends.found('c');
    expect(ends.current).toBe('c');
    expect(ends.others).toEqual(['a', 'b']);
    expect(ends.turns(4)).toEqual(['a', 'b', 'c', 'a']);
  });

  it('are the configured one and the one that was learned beside it', () => {
    const ends = new Ends();
    expect([ends.current, ends.silent(), ends.others]).toEqual([null, false, []]);
    ends.configure('a');
    expect([ends.current, ends.silent(), ends.others]).toEqual(['a', false, []]);
    ends.found('a');
    expect([ends.isLearned, ends.silent()]).toEqual([false, false]);
    ends.found('x');
    expect([ends.current, ends.isLearned, ends.others]).toEqual(['x', true, ['a']]);
    expect(ends.turns(2)).toEqual(['a', 'x']);
    ends.found('y');
    expect(ends.turns(2)).toEqual(['a', 'y']);
  });

  it('stay at the one that answers, whatever is resolved beside it', () => {
    const ends = new Ends('a', 'b');
    ends.found('b');
    ends.resolve(['c', 'b', 'a']);
    expect(ends.current).toBe('b');
    ends.resolve(['c']);
    expect(ends.current).toBe('c');
  });

  it('keep one at which the peer answers when its name leads there no more', () => {
    const ends = new Ends('a', 'b');
    ends.resolve(['c', 'd'], true);
    expect([ends.current, ends.isLearned]).toEqual(['a', false]);
    expect(ends.turns(3)).toEqual(['c', 'd', 'a']);
  });

  it('keep what was learned when all that is resolved goes', () => {
    const ends = new Ends('a');
    ends.found('x');
    ends.resolve([]);
    expect([ends.current, ends.silent(), ends.current]).toEqual(['x', false, 'x']);
  });

  it('each come up within as many silences as there are ends', () => {
    const letters = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 });
    const learned = fc.option(fc.constantFrom('a', 'x'));
    fc.assert(
      fc.property(letters, learned, (resolved, found) => {
        const ends = new Ends(...resolved);
        if (found !== null) ends.found(found);
        const all = new Set(found === null ? resolved : [...resolved, found]);
        const seen = new Set([ends.current, ...ends.turns(all.size)]);
        expect(seen).toEqual(all.size === 0 ? new Set([null]) : all);
      }),
    );
  });
});
