/** Parameters and answers of `ping`, `wait`, completion and paged listings. */

export interface PingParams {
  /** Name of a peer, or IPv4 address of a host on the LAN behind one. */
  peer: string;
  /** Needed only where two interfaces have a peer of this name. */
  interface?: string;
  /** Absent: the way data would take. */
  link?: number;
  /** 1–1000. */
  count: number;
  /** Bytes of payload, 0–65000. */
  size: number;
  /** Milliseconds between probes, 10–10000. */
  intervalMs: number;
}

export interface PingResult {
  peer: string;
  interface: string;
  /** Round-trip time of each probe; null: no answer. */
  probes: { sequence: number; link: number | null; rttUs: number | null }[];
  sent: number;
  received: number;
  rttMinUs: number | null;
  rttMeanUs: number | null;
  rttMaxUs: number | null;
  /** `address:port` from which the peer got the last probe that it answered, and its version; null: it does not say. */
  seenAs: string | null;
  peerVersion: string | null;
}

export interface WaitParams {
  /** Absent: wait for the interface itself, which must be named then. */
  peer?: string;
  interface?: string;
  /** Absent: wait for the peer itself. */
  link?: number;
  state: 'up' | 'down';
  /** 0–86400. */
  timeoutS: number;
}

export interface WaitResult {
  state: string;
  waitedMs: number;
}

/** Kinds of live names that completion can ask for. */
export type CompletionKind = 'interface' | 'peer' | 'link' | 'session';

export interface CompleteParams {
  kind: CompletionKind;
  /** Narrows `peer` to an interface and `link` to a peer. */
  interface?: string;
  peer?: string;
}

/** Asks for a part of a listing that may have tens of thousands of peers. */
export interface PageParams {
  interface?: string;
  /** `next` of the page before; absent: from the beginning. */
  cursor?: string;
  /** Most peers on the page, 1–1000; a page may have fewer. */
  limit: number;
}

/** Rows of a page, and the cursor of the page behind it; null: there is none. */
export interface Page<Row> {
  rows: Row[];
  next: string | null;
}
