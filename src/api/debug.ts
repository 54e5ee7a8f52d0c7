/** What `debug` follows, for a limited time. */

/** Longest time in minutes. */
export const MAX_DEBUG_MINUTES = 60;

export interface DebugStatus {
  interface: string;
  peer: string;
  /** Who asked for it. */
  by: string;
  secondsLeft: number;
}

export interface DebugMethods {
  /** Follows the handshakes and sessions of a peer, step by step, by events and in the log. */
  'debug.start': { params: { peer: string; interface?: string; minutes: number }; result: DebugStatus };
  /** Without a peer: of all. */
  'debug.stop': { params: { peer?: string; interface?: string }; result: null };
  'show.debugging': { params: Record<string, never>; result: DebugStatus[] };
}
