/** Numbers, limits, errors and envelopes of the control protocol. */

/**
 * Grows when a client of the older number could misread an answer. New methods, new keys of results and new optional
 * parameters do not count: a client ignores keys that it does not know, and a daemon answers `METHOD_NOT_FOUND`.
 */
export const PROTOCOL_VERSION = 1;
/** The oldest number that is still spoken, by daemon and client alike. */
export const OLDEST_PROTOCOL = 1;
export const PROTOCOL_NAME = 'octolink-control';
export const DEFAULT_SOCKET = '/run/octolink/octolink.sock';

/** Longest request line in bytes, newline included; a longer one ends the connection. */
export const MAX_REQUEST_BYTES = 1024 * 1024;
/** Requests in one JSON-RPC batch. */
export const MAX_BATCH = 32;

/** Error codes: the range below zero is JSON-RPC's own, the others are the exit codes of the CLI. */
export const ERROR = {
  PARSE: -32700,
  INVALID_REQUEST: -32600,
  METHOD_NOT_FOUND: -32601,
  INVALID_PARAMS: -32602,
  INTERNAL: -32603,
  /** The request was understood and could not be done (no such peer, timeout, system call refused). */
  FAILED: 1,
  /** A command line that the grammar refuses; `data` is `Problem[]`. */
  SYNTAX: 2,
  /** A configuration that contradicts itself; `data` is `Problem[]`. */
  BAD_CONFIG: 65,
  /** Another one holds what this needs (too many clients, a change under way): try again. */
  BUSY: 75,
  NOT_PERMITTED: 77,
} as const;

/** One thing wrong with a text, with its place. */
export interface Problem {
  /** 1-based; 0 when the problem belongs to no single line. */
  line: number;
  /** 1-based, in characters. */
  column: number;
  /** The line as it was given. */
  text: string;
  message: string;
}

export interface HelloParams {
  /** The newest number that the client speaks. */
  protocol: number;
  /** The oldest one; absent: only the newest. */
  oldestProtocol?: number;
  /** For the daemon's log, such as `octolink 0.1.0`. */
  client: string;
}

export interface HelloResult {
  name: typeof PROTOCOL_NAME;
  /** What this connection speaks: the newest number in common; the daemon's newest where there is none. */
  protocol: number;
  version: string;
  hostname: string;
  /** What this connection may do, by the credentials of its process. */
  privilege: Privilege;
  /** The message of the day. */
  banner?: string;
}

export type Privilege = 'read' | 'admin';

/** Method name of the notification that carries a `ControlEvent` as its params. */
export const EVENT_NOTIFICATION = 'event';

export interface ErrorBody {
  code: number;
  message: string;
  data?: Problem[];
}

export type ResponseMessage =
  | { jsonrpc: '2.0'; id: number | string | null; result: unknown }
  | { jsonrpc: '2.0'; id: number | string | null; error: ErrorBody };
