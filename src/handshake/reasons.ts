/** Every reason for which a handshake datagram that passed the screen leads nowhere, each with a counter of its name. */
export const HANDSHAKE_HELP = {
  // The datagram's form.
  'unknown-version': 'handshake message of another protocol version',
  'unknown-type': 'handshake message of no known type',
  'wrong-length': 'handshake message of the wrong length',
  'reserved-not-zero': 'reserved bytes of a handshake message are not zero',
  // Initiations.
  'low-order-key': 'a public key that makes no secret',
  'initiation-not-authentic': 'initiation that does not decrypt',
  'own-key': 'somebody uses our own key: is the same private key on two hosts?',
  'unknown-peer': 'authentic initiation of a key that is neither a configured peer nor an authorized client',
  'client-expired': 'authentic initiation of a client whose time is over ("expires" in its line)',
  'client-revoked': 'authentic initiation of a client that was revoked ("show registry")',
  'client-without-template': 'authentic initiation of a client whose template is not configured',
  'client-name-taken': 'authentic initiation of a client whose name another peer has',
  'clients-full': 'authentic initiation of a client while as many as there may be are connected',
  'offer-malformed': 'authentic initiation whose contents cannot be read',
  'handshake-duplicate': 'copy of an initiation that came by another link',
  'handshake-replayed': 'initiation older than the last one of that peer: a replay, or its clock went back',
  'handshake-too-soon': 'initiations of one peer faster than they are answered',
  'no-common-version': 'peer speaks no version that we do',
  'no-common-aead': 'peer and we have no AEAD in common: compare the "aead" settings',
  'index-table-full': 'no receiver index is free',
  // Responses and cookie replies.
  'response-unexpected': 'response to no initiation of ours that is still waiting',
  'response-not-authentic': 'response that does not decrypt: a wrong preshared key?',
  'answer-malformed': 'authentic response whose contents cannot be read',
  'answer-not-offered': 'authentic response that chose what was not offered',
  'cookie-unexpected': 'cookie for no initiation of ours that is still waiting',
  'cookie-not-authentic': 'cookie that does not decrypt',
  // Join requests.
  'join-not-authentic': 'join request that does not decrypt',
  'join-malformed': 'authentic join request whose contents cannot be read',
  'join-busy': 'join request while as many as there may be are being answered',
  'invitation-unknown': 'join request by an invitation that was never made here, or was revoked',
  'certificate-refused':
    'certificate that admits nobody here: of another authority, expired, revoked, or for no template',
  'invitation-refused': 'join request by an invitation that has expired or was used as often as it may be',
} as const;

export type HandshakeReason = keyof typeof HANDSHAKE_HELP;
export const HANDSHAKE_REASONS = Object.keys(HANDSHAKE_HELP) as HandshakeReason[];
/** Reasons that belong to ordinary handshakes. */
export const NORMAL_HANDSHAKES: ReadonlySet<HandshakeReason> = new Set([
  'handshake-duplicate',
  'response-unexpected',
  'cookie-unexpected',
]);

export type HandshakeCounters = Record<HandshakeReason, number>;

/** Counters, all zero. */
export function emptyCounters(): HandshakeCounters {
  return Object.fromEntries(HANDSHAKE_REASONS.map((reason) => [reason, 0])) as HandshakeCounters;
}
