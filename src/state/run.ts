/** What passes between the stages of the way out: a plaintext to be sealed, and what became of it. */
import { NO_SESSION } from './sessions.js';

/** Kernel limits of one UDP GSO send. */
export const GSO_SEGMENTS = 64;
export const GSO_BYTES = 65_000;

/**
 * A plaintext, as places in the arena: every datagram has the prefix, the head and one slice of the payload. Filled
 * again for each use, so that a frame costs no allocation.
 */
export class Plaintext {
  prefix = 0;
  prefixLength = 0;
  /** Byte of the prefix where a big-endian u16 grows by one a datagram; -1 for none. */
  prefixIndex = -1;
  head = 0;
  headLength = 0;
  payload = 0;
  payloadLength = 0;
  /** Payload bytes of every datagram but the last, which may have fewer. */
  segment = 0;

  /** A plaintext that is written already where it will be sealed. */
  setInPlace(payload: number, length: number): this {
    return this.set(0, 0, -1, payload, length, length);
  }

  /** A plaintext without head. */
  set(
    prefix: number,
    prefixLength: number,
    prefixIndex: number,
    payload: number,
    length: number,
    segment: number,
  ): this {
    this.prefix = prefix;
    this.prefixLength = prefixLength;
    this.prefixIndex = prefixIndex;
    this.head = 0;
    this.headLength = 0;
    this.payload = payload;
    this.payloadLength = length;
    this.segment = segment;
    return this;
  }

  setHead(head: number, length: number): this {
    this.head = head;
    this.headLength = length;
    return this;
  }

  get datagrams(): number {
    return Math.ceil(this.payloadLength / this.segment);
  }
}

/** Sealed datagrams, one after another in the arena, their counters consecutive in one stream. */
export class SealedRun {
  offset = 0;
  /** Bytes of all of them. */
  length = 0;
  /** Bytes of each but the last, which may be shorter. */
  segment = 1;
  slot = NO_SESSION;
  stream = 0;
  /** Of the first. */
  counter = 0;

  /** Sealed bytes of which only the place matters. */
  place(offset: number, length: number, segment: number): this {
    this.offset = offset;
    this.length = length;
    this.segment = segment;
    return this;
  }

  get datagrams(): number {
    return Math.ceil(this.length / this.segment);
  }
}
