/** What an end tells in the handshake that it can take; a peer that does not know a bit ignores it. */

export const CAPABILITY = {
  /** SEGMENTs of super-frames in tunnels over UDP. */
  TUNNEL_SEGMENTS: 1,
} as const;

/** What this build can take. */
export const OWN_CAPABILITIES = CAPABILITY.TUNNEL_SEGMENTS;
