/** How often an AEAD key may be used, and how long a handshake lasts. */

/**
 * Datagrams sealed under one key after which the datapath asks for a new one. RFC 9001 section 6.6 allows AES-GCM
 * 2^23 packets of up to 64 KiB; this is half of it, and costs one handshake in gigabytes.
 */
export const REKEY_AFTER_DATAGRAMS = 2 ** 22;
/**
 * Datagrams after which a key must seal no more, whatever became of the rekey. The 2^23 packets of RFC 9001 appendix B
 * are 2^35 cipher blocks; a datagram of at most 16 KiB has 2^10, which leaves 2^25.
 */
export const REFUSE_AFTER_DATAGRAMS = 2 ** 25;

/** Initiations in one second from which senders must prove their addresses; remote ends of links count apart from others. */
export const UNPROVED_PER_SECOND = 200;

/** How long an initiation waits for its response, in µs: longer than a retry, for paths with a long round trip. */
export const ATTEMPT_LIFETIME_US = 5_000_000;
