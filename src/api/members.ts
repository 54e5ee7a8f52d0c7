/** Members of a network: clients that may be introduced, and peers that were. */

/** How a direct peer is reached: by a direct link, by the server (a relayed link or its switch), while direct links are sought. */
export type MemberWay = 'direct' | 'by-server';

export interface MemberStatus {
  interface: string;
  name: string;
  /** Base64 of 32 bytes. */
  publicKey: string;
  /** `client`: it asked this host to introduce it; `direct`: a server has introduced it to this host. */
  role: 'client' | 'direct';
  /** The server that introduced it; null for a client. */
  server: string | null;
  /** null for a client. */
  way: MemberWay | null;
  /** `address:port` by link id: where its server sees it. */
  endpoints: { link: number; endpoint: string }[];
  /** Number of its record; a higher one is a later one. */
  sequence: number;
  /** Since its record was taken, or since it was introduced. */
  ageSeconds: number;
  /** Names of those that it was introduced to by this host. */
  introducedTo: string[];
}
