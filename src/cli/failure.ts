/** Exit codes, and errors that carry one. */
export const EXIT = {
  OK: 0,
  FAILED: 1,
  SYNTAX: 2,
  USAGE: 64,
  BAD_CONFIG: 65,
  NO_DAEMON: 69,
  BUSY: 75,
  NOT_PERMITTED: 77,
  INTERRUPTED: 130,
} as const;

/** A command that failed in a way that the user can understand. */
export class CliFailure extends Error {
  constructor(
    readonly exitCode: number,
    /** What is printed, as it stands. */
    readonly lines: string[],
  ) {
    super(lines.join('\n'));
  }
}

/** A failure at run time: `% Error: …`. */
export function failure(exitCode: number, message: string): CliFailure {
  return new CliFailure(exitCode, [`% Error: ${message}`]);
}
