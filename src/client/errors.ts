/** What can go wrong between a program and the daemon. */
import type { ErrorBody, Problem } from '../api/index.js';

/** An error that the daemon answered with; the connection remains usable. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  /** One of `ERROR`. */
  readonly code: number;
  /** What is wrong with a configuration, line by line; empty for other errors. */
  readonly problems: readonly Problem[];

  constructor({ code, message, data }: ErrorBody) {
    super(message);
    this.code = code;
    this.problems = data ?? [];
  }
}

export type ConnectionFault =
  /** Nobody listens on the socket. */
  | 'no-daemon'
  /** The socket may not be opened by this user. */
  | 'not-permitted'
  /** Something listens and does not answer in time. */
  | 'silent'
  /** The connection has ended. */
  | 'closed'
  /** What answers does not speak the control protocol. */
  | 'not-octolink'
  /** The daemon and this library have no version of the protocol in common. */
  | 'incompatible';

/** The connection could not be made, or has been lost. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';

  constructor(
    readonly fault: ConnectionFault,
    message: string,
  ) {
    super(message);
  }
}
