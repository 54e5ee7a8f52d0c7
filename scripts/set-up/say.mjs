/** Progress lines of the set-up, on standard error so that `--json` output stays clean. */
export function say(text) {
  process.stderr.write(`${text}\n`);
}

/** A reason to stop that the user can act on; `exitCode` 77 means "cannot run here", as in automake's tests. */
export class SetUpError extends Error {
  constructor(message, exitCode = 1) {
    super(message);
    this.name = 'SetUpError';
    this.exitCode = exitCode;
  }
}

/** Exit code for a command line that cannot be meant. */
export const USAGE_ERROR = 64;

/** Exit code for a machine or a user that cannot run what was asked for. */
export const CANNOT_RUN = 77;
