/** A line to be run, and how its faults are shown to whoever gave it. */
import type { Problem } from '../../api/index.js';
import { displayWidth } from '../../grammar/display-width.js';
import { explainAtPrompt, type Mismatch } from '../../grammar/explain.js';
import { CliFailure, EXIT, problemLine } from '../base/failure.js';

/** Where a line comes from, to name it in errors. */
export interface Origin {
  source: string;
  /** 1-based. */
  line: number;
}

export interface GivenLine {
  text: string;
  /** null: typed, or an argument of this program. */
  origin: Origin | null;
  /** Columns before the line on the screen, so that the caret stands under the right word. */
  indent: number;
  /** It is not on the screen: what was given is an alias for it. */
  isExpanded?: true;
}

/** What follows the first `offset` characters of a line. */
export function restFrom({ text, origin, indent }: GivenLine, offset: number): GivenLine {
  return { text: text.slice(offset), origin, indent: indent + displayWidth(text.slice(0, offset)) };
}

/** The grammar refuses the line. At a terminal it stands above the error; elsewhere the error repeats it. */
export function refusal(mismatch: Mismatch, line: GivenLine, typed: boolean): CliFailure {
  const { text, origin, indent } = line;
  const lines = explainAtPrompt(mismatch, text, indent);
  if (typed && !line.isExpanded) return new CliFailure(EXIT.SYNTAX, lines);
  const column = [...text.slice(0, mismatch.at)].length + 1;
  const place = origin === null ? [] : [`${origin.source}:${origin.line}:${column}:`];
  return new CliFailure(EXIT.SYNTAX, [...place, text, ...lines]);
}

/** A problem with the place of its line, one of those `given`. */
export function placedProblem(problem: Problem, given: readonly GivenLine[], kind: string): string {
  const origin = problem.line === 0 ? null : (given[problem.line - 1]?.origin ?? null);
  return problemLine(
    problem,
    origin === null ? '' : `${origin.source}:${origin.line}:${problem.column}`,
    kind,
  );
}
