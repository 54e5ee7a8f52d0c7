/** The error texts that fingers and scripts know from routers. */
import { displayWidth } from './display-width.js';
import type { Match } from './match.js';

export type Mismatch = Exclude<Match<unknown>, { kind: 'command' | 'empty' }>;

/** `Did you mean …?`, or nothing. */
function didYouMean(suggestions: readonly string[]): string | null {
  return suggestions.length === 0
    ? null
    : `Did you mean ${suggestions.map((word) => `"${word}"`).join(' or ')}?`;
}

/** Lines to print under the command line at a terminal; `indent` is the width of the prompt before it. */
export function explainAtPrompt(mismatch: Mismatch, source: string, indent: number): string[] {
  switch (mismatch.kind) {
    case 'invalid': {
      const caret = `${' '.repeat(indent + displayWidth(source.slice(0, mismatch.at)))}^`;
      return [
        caret,
        "% Invalid input detected at '^' marker.",
        ...details(mismatch.reason, mismatch.suggestions),
      ];
    }
    case 'unknown':
      return [`% Unknown command: ${source.trim()}`, ...details(null, mismatch.suggestions)];
    case 'ambiguous':
      return [
        `% Ambiguous command:  "${source.trim()}"`,
        ...details(`one of: ${mismatch.candidates.join(', ')}`, []),
      ];
    case 'incomplete':
      return ['% Incomplete command.'];
  }
}

/** The same in one sentence, for a message that names line and column already. */
export function explainInWords(mismatch: Mismatch): string {
  switch (mismatch.kind) {
    case 'invalid':
      return ['Invalid input', mismatch.reason, didYouMean(mismatch.suggestions)].filter(Boolean).join(': ');
    case 'unknown':
      return [`Unknown command: ${mismatch.word}`, didYouMean(mismatch.suggestions)]
        .filter(Boolean)
        .join('. ');
    case 'ambiguous':
      return `Ambiguous command: one of ${mismatch.candidates.join(', ')}`;
    case 'incomplete':
      return 'Incomplete command';
  }
}

function details(reason: string | null, suggestions: readonly string[]): string[] {
  return [reason, didYouMean(suggestions)].filter((line) => line !== null).map((line) => `  ${line}`);
}
