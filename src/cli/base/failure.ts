/** Exit codes, and errors that carry one. */
import type { Problem } from '../../api/index.js';

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

/** `peer.conf:12:8: % Error: link id must be 0-7`; `place` is empty where the line has none. */
export function problemLine({ line, text, message }: Problem, place: string, kind: string): string {
  return `${place === '' ? '' : `${place}: `}${kind}: ${message}${line === 0 ? ` (${text})` : ''}`;
}
