/** Errors of requests: the message for the user, and its code. */
import { ERROR, type Problem } from '../../api/index.js';
import type { EditResult } from '../../config/edit.js';
import { withoutSecrets } from '../../config/secrets.js';

/** A request that was understood and cannot be carried out; its message is shown to the user unchanged. */
export class RequestError extends Error {
  constructor(
    message: string,
    /** One of `ERROR`; absent: `ERROR.FAILED`. */
    readonly code: number = ERROR.FAILED,
  ) {
    super(message);
  }
}

/** A configuration that cannot be accepted, with everything that is wrong with it. */
export class ProblemsError extends RequestError {
  readonly problems: Problem[];

  /** Lines are quoted without secrets: the startup file is quoted to anybody who may read, too. */
  constructor(code: typeof ERROR.SYNTAX | typeof ERROR.BAD_CONFIG, problems: readonly Problem[]) {
    super(withoutSecrets(problems[0].message), code);
    this.problems = problems.map((problem) => ({
      ...problem,
      text: withoutSecrets(problem.text),
      message: withoutSecrets(problem.message),
    }));
  }
}

/** Returns the edit itself. Throws `ProblemsError` when anything is wrong with it. */
export function checked(edit: EditResult): EditResult {
  if (edit.syntax.length > 0) throw new ProblemsError(ERROR.SYNTAX, edit.syntax);
  if (edit.contradictions.length > 0) throw new ProblemsError(ERROR.BAD_CONFIG, edit.contradictions);
  return edit;
}
