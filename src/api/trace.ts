/** Traces: what lies on the way of a link. */

export interface TraceParams {
  peer: string;
  /** Needed only where two interfaces have a peer of this name. */
  interface?: string;
  link: number;
  /** How far to look, 1–64. */
  hops: number;
}

/** A router on the way, or the end of it. */
export interface TraceHop {
  /** Its distance: 1 is the first router. */
  hop: number;
  /** Null: it does not answer. */
  address: string | null;
  rttUs: number | null;
  /** Bytes of the largest packet that goes further, where that is less than before; null: as before. */
  mtu: number | null;
  /** How it is known: by ICMP, or because larger packets vanish behind it without a word; null: `mtu` is. */
  mtuBy: 'icmp' | 'silence' | null;
  /** Why nothing goes further from here; null: it does, or this is the peer. */
  refusal: string | null;
  /** An authentic answer of the peer came from here. */
  isPeer: boolean;
}

export interface TraceResult {
  interface: string;
  peer: string;
  link: number;
  remote: string | null;
  /** Bytes of the IP packets that were sent first. */
  packetBytes: number;
  hops: TraceHop[];
  /** Bytes of the largest packet that got to the last hop that answered. */
  mtu: number;
  /** Round trip to the peer by this link without a hop limit, in µs; null: it does not answer. */
  rttUs: number | null;
  /** Why the trace could not go on, a sentence; null: it ended as traces do. */
  problem: string | null;
}
