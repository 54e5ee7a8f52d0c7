/** What an interface knows by its registry. */

/**
 * What a member is to this host. `client`: it has come by itself as one that `authorized-keys` admits; `configured`: its
 * key is that of a peer with a block. The rest says why it is no peer.
 */
export type MemberStanding =
  | 'peer'
  | 'client'
  | 'configured'
  | 'this-host'
  | 'left'
  | 'revoked'
  | 'not-authorized'
  | 'name-taken'
  | 'no-template'
  | 'unusable-key';

export interface RegistryMember {
  name: string;
  /** Base64 of 32 bytes. */
  publicKey: string;
  /** Base64 of 32 bytes: for `registry revoker`. */
  signingKey: string;
  /** Whether a session with the member has proven that this key is its own; else it is what its record says. */
  isSigningKeyProven: boolean;
  standing: MemberStanding;
  /** Whether it can be reached; null where it is no peer. */
  up: boolean | null;
  /** Since it signed its record. */
  ageSeconds: number;
  /** `address:port` by link id, as its record says. */
  endpoints: { link: number; endpoint: string }[];
}

export interface RegistryStatus {
  interface: string;
  prefix: string;
  servers: string[];
  /** `following`: the list is kept up to date; `connecting`: what was known stays; `idle`: there is no server. */
  state: 'following' | 'connecting' | 'idle';
  /** The server in use, or the last one that was; null: none yet. */
  server: string | null;
  /** Whose records are believed. */
  trust: 'authorized-keys' | 'any-record';
  /** Id of the lease of this host's own record; null: none yet. */
  lease: string | null;
  /** Since the whole list was taken, and since a server last answered; null: never. */
  listAgeSeconds: number | null;
  heardSecondsAgo: number | null;
  /** How often the whole list was taken, and requests or rounds failed. */
  resyncs: number;
  failures: number;
  /** The last error that is not mended; null: there is none. */
  error: string | null;
  errorSecondsAgo: number | null;
  /** Base64 of the signing key of this host. */
  signingKey: string;
  /** Records that were not taken, by reason. */
  refused: Record<string, number>;
  members: RegistryMember[];
  /** Public keys that were revoked, with the names that they had. */
  revoked: { name: string; publicKey: string }[];
}

export interface MemberRevoked {
  interface: string;
  name: string;
  publicKey: string;
  /** The registry has it; otherwise it gets it as soon as it can be reached. */
  published: boolean;
}
