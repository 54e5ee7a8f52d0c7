/** Texts and edits that must be right to go on. */
import { ERROR, type Problem } from '../../api/index.js';
import type { EditResult } from '../../config/edit.js';
import type { Config } from '../../config/model.js';
import { validateConfig } from '../../config/validate.js';
import { ProblemsError } from '../base/errors.js';

/** The edit itself. Throws when it has anything wrong. */
export function checked(edit: EditResult): EditResult {
  if (edit.syntax.length > 0) throw new ProblemsError(ERROR.SYNTAX, edit.syntax);
  if (edit.contradictions.length > 0) throw new ProblemsError(ERROR.BAD_CONFIG, edit.contradictions);
  return edit;
}

/** What the lines did not touch and was so before is not news. */
export function newWarnings(warnings: Problem[], before: Config): Problem[] {
  const known = new Set(validateConfig(before).map(({ message }) => message));
  return warnings.filter(({ line, message }) => line > 0 || !known.has(message));
}
