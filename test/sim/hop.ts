/** A virtual wire is a row of hops, each of which does one thing to the datagrams that pass. */
import type { Endpoint } from './endpoint.js';

export interface Datagram {
  readonly bytes: Uint8Array;
  /** The socket that sent it, and its address as the receiver sees it. */
  readonly from: Endpoint;
  readonly source: { readonly address: readonly number[]; readonly port: number };
  readonly target: { readonly address: readonly number[]; readonly port: number };
}

/** Passes a datagram on, `delayUs` after it came to the hop. */
export type Forward = (datagram: Datagram, delayUs: number) => void;

export interface Hop {
  /** Takes a datagram that arrives at `now`; calls `forward` once, several times or never. */
  pass(datagram: Datagram, now: number, forward: Forward): void;
}
