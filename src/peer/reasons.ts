/** Every reason for which a handshake datagram leads nowhere, each with a counter of its name. */
export const HANDSHAKE_REASONS = [
  // The datagram's form.
  'unknown-version',
  'unknown-type',
  'wrong-length',
  'reserved-not-zero',
  // Before any public-key work.
  'mac1-wrong',
  'mac2-wrong',
  'cookie-demanded',
  'rate-limited',
  // Initiations.
  'low-order-key',
  'initiation-not-authentic',
  'own-key',
  'unknown-peer',
  'offer-malformed',
  'handshake-duplicate',
  'handshake-replayed',
  'handshake-too-soon',
  'no-common-version',
  'no-common-aead',
  'index-table-full',
  // Responses and cookie replies.
  'response-unexpected',
  'response-not-authentic',
  'answer-malformed',
  'answer-not-offered',
  'cookie-unexpected',
  'cookie-not-authentic',
] as const;

export type HandshakeReason = (typeof HANDSHAKE_REASONS)[number];
export type HandshakeCounters = Record<HandshakeReason, number>;

/** Counters, all zero. */
export function emptyCounters(): HandshakeCounters {
  return Object.fromEntries(HANDSHAKE_REASONS.map((reason) => [reason, 0])) as HandshakeCounters;
}
