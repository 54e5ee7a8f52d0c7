/** What a peer has to do with other members: with direct links between the clients of a server, and with a registry; as it crosses between control thread and worker. */

/** Roles of a peer, bits. */
export const ROLE = {
  /** It may introduce others to us. */
  SERVER: 1,
  /** We may introduce it to others. */
  CLIENT: 2,
  /** It was introduced to us. */
  DIRECT: 4,
  /** It may be a member of the registry that we follow. */
  MEMBER: 8,
} as const;

export interface DirectSettings {
  /** Bits of `ROLE`. */
  roles: number;
  /** Row of the server that introduced it; -1: none did. */
  server: number;
}

/** Of a peer that has nothing to do with it. */
export const NOT_DIRECT: DirectSettings = { roles: 0, server: -1 };
