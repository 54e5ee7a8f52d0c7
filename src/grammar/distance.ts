/** "Did you mean": words within a small edit distance. */

const MAX_DISTANCE = 2;
/** Among words this short, two edits make nearly anything of anything. */
const SHORT_WORD = 4;

/** The nearest of `candidates`, best first, at most three; none when the word is too short to guess from. */
export function closestWords(word: string, candidates: Iterable<string>): string[] {
  if (word.length < 3 || word.length > 40) return [];
  const limit = word.length <= SHORT_WORD ? 1 : MAX_DISTANCE;
  return [...new Set(candidates)]
    .map((candidate) => ({ candidate, distance: distanceToBeginning(word, candidate) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance || a.candidate.localeCompare(b.candidate, 'en'))
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** A word may also be a misspelt abbreviation: `runing` of `running-config`. */
function distanceToBeginning(word: string, candidate: string): number {
  const beginnings = [candidate.length, word.length, word.length + 1].map((length) =>
    candidate.slice(0, length),
  );
  return Math.min(...beginnings.map((beginning) => editDistance(word, beginning)));
}

/** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > MAX_DISTANCE) return MAX_DISTANCE + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const substitution = last[column - 1] + (a[row - 1] === b[column - 1] ? 0 : 1);
      let best = Math.min(substitution, last[column] + 1, current[column - 1] + 1);
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        best = Math.min(best, beforeLast[column - 2] + 1);
      }
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length];
}
