import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Remotes } from '../../src/link/life/remotes.js';

const make = (...ends: string[]) => {
  const remotes = new Remotes<string>((a, b) => a === b);
  remotes.configure(ends, false);
  return remotes;
};

/** The ends that have their turn in the next `count` silences. */
function turns(remotes: Remotes<string>, count: number): (string | null)[] {
  return Array.from({ length: count }, () => {
    remotes.silent();
    return remotes.current;
  });
}

describe('the remote ends of a link', () => {
  it('are tried in turn while nobody answers, what was learned among them', () => {
    const remotes = make('a', 'b');
    remotes.found('c');
    expect(remotes.current).toBe('c');
    expect(turns(remotes, 4)).toEqual(['a', 'b', 'c', 'a']);
  });

  it('stay at the one that answers, whatever is configured beside it', () => {
    const remotes = make('a', 'b');
    remotes.found('b');
    remotes.configure(['c', 'b', 'a'], false);
    expect(remotes.current).toBe('b');
    remotes.configure(['c'], false);
    expect(remotes.current).toBe('c');
  });

  it('keep what was learned when all that is configured goes', () => {
    const remotes = make('a');
    remotes.found('x');
    remotes.configure([], false);
    expect([remotes.current, remotes.silent(), remotes.current]).toEqual(['x', false, 'x']);
  });

  it('each come up within as many silences as there are ends', () => {
    const ends = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 });
    const learned = fc.option(fc.constantFrom('a', 'x'));
    fc.assert(
      fc.property(ends, learned, (configured, found) => {
        const remotes = make(...configured);
        if (found !== null) remotes.found(found);
        const all = new Set(found === null ? configured : [...configured, found]);
        const seen = new Set([remotes.current, ...turns(remotes, all.size)]);
        expect(seen).toEqual(all.size === 0 ? new Set([null]) : all);
      }),
    );
  });
});
