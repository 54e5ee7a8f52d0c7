/** What an end tells in the handshake that it can take; a peer that does not know a bit ignores it. */

export const CAPABILITY = {
  /** SEGMENTs of super-frames in tunnels over UDP. */
  TUNNEL_SEGMENTS: 1,
  /** The records of members of its registry. */
  MEMBER_RECORDS: 2,
  /** NACKs: it sends them, and sends again what they name. */
  NACKS: 4,
} as const;

/** What this build can take, on an interface with a registry or without. */
export function ownCapabilities(hasRegistry: boolean): number {
  return CAPABILITY.TUNNEL_SEGMENTS | CAPABILITY.NACKS | (hasRegistry ? CAPABILITY.MEMBER_RECORDS : 0);
}
