/** The times and limits of sessions and handshakes. Microseconds of boot time. */

const SECOND = 1_000_000;

/** First wait for a response; each later one is longer by `RETRY_GROWTH`, up to `RETRY_LONGEST`, without end. */
export const RETRY_FIRST = 0.5 * SECOND;
export const RETRY_GROWTH = 1.4;
export const RETRY_LONGEST = 5 * SECOND;
/** A wait is made longer by up to this share of itself, so that ends that started together drift apart. */
export const RETRY_JITTER = 0.2;

/** Initiations of one peer are answered at least this far apart (WireGuard: fifty a second). */
export const INITIATION_FLOOR = 20_000;

/** Age at which the initiator of a session makes the next one; the responder steps in if that did not happen. */
export const REKEY_AFTER = 120 * SECOND;
export const REKEY_AFTER_AS_RESPONDER = 130 * SECOND;
/**
 * Age at which the initiator makes the next session when nothing has arrived under this one: the other end has it no more,
 * having started again or taken the session of another host with the same key.
 */
export const REKEY_AFTER_SILENCE = 10 * SECOND;
/** Age from which a session without successor no longer sends, and from which it no longer receives. */
export const STOP_SENDING_AFTER = 180 * SECOND;
export const RETIRE_AFTER = 190 * SECOND;
/** How long a session still receives once its successor is confirmed: datagrams sealed earlier may be in flight. */
export const RETIRE_AFTER_SUCCESSOR = 10 * SECOND;
/**
 * How long a session whose peer's public key was replaced lives on, unless a successor ends it: time to give the new key
 * to the other end as well.
 */
export const RETIRE_AFTER_KEY_CHANGE = 60 * SECOND;
/** How long a responder keeps a session under which nothing has arrived. Longer than `ATTEMPT_LIFETIME_US`. */
export const UNCONFIRMED_LIFETIME = 15 * SECOND;
/** Unconfirmed sessions a responder keeps for one peer: somewhat more than an initiator has attempts waiting. */
export const UNCONFIRMED_LIMIT = 8;

/**
 * How long a client without a session keeps its row: one that restarts, or whose network changes, is the same peer to
 * whoever looks.
 */
export const CLIENT_LINGERS = 60 * SECOND;

/** The same notice about a peer goes to the operator at most this often. */
export const NOTICE_INTERVAL = 60 * SECOND;
