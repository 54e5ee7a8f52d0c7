/**
 * The last example of each drop reason: who, and the head of what was dropped. Shared memory, written by the one worker
 * and read by anybody; a version in front of each example says whether it was read whole.
 */
import { DROP_NAMES } from './drops.js';

/** What was dropped: a frame, a datagram as it travels, or the plaintext of a message between peers. */
export const DROPPED = { FRAME: 0, SEALED: 1, MESSAGE: 2 } as const;

/** Bytes kept of the head: two tags, the headers of IPv6 and TCP. */
export const EXAMPLE_BYTES = 96;

/** Words of a remote end: its family (4 or 6; 0 when none is known), its port, and its address as in `PATH`. */
export const REMOTE_WORDS = 6;

const FACT = { FORM: 0, PEER: 1, LINK: 2, LENGTH: 3, KEPT: 4, AT_US: 5, IS_OUT: 6, REMOTE: 7 } as const;
const FACTS = FACT.REMOTE + REMOTE_WORDS;
const VERSION_BYTES = Math.ceil(DROP_NAMES.length / 2) * 8;
const FACT_BYTES = DROP_NAMES.length * FACTS * 8;
/** The writer is never interrupted for long: this many tries find a moment between two examples. */
const TRIES = 16;

/** What is told of something dropped besides its bytes. One object, filled again for each. */
export class DropFacts {
  /** One of `DROPPED`. */
  form: number = DROPPED.FRAME;
  /** Row of the peer that it came from or was for, and id of the link; -1 when not known. */
  peer = -1;
  link = -1;
  /** Its bytes, of which the head is kept. */
  length = 0;
  /** When, in µs of the worker's clock. */
  atUs = 0;
  /** Remote end of the path that it came by: `REMOTE_WORDS` words. */
  readonly remote = new Int32Array(REMOTE_WORDS);
  /** It was on its way to a peer. */
  isOut = false;
}

/** An example as the control thread reads it. */
export interface DropExample extends DropFacts {
  /** Grows with each example of its reason. */
  readonly version: number;
  readonly head: Uint8Array;
}

export class DropExamples {
  private readonly versions: Int32Array;
  private readonly facts: Float64Array;
  private readonly heads: Uint8Array;

  constructor(readonly buffer: SharedArrayBuffer = DropExamples.makeBuffer()) {
    this.versions = new Int32Array(buffer, 0, DROP_NAMES.length);
    this.facts = new Float64Array(buffer, VERSION_BYTES, DROP_NAMES.length * FACTS);
    this.heads = new Uint8Array(buffer, VERSION_BYTES + FACT_BYTES);
  }

  static makeBuffer(): SharedArrayBuffer {
    return new SharedArrayBuffer(VERSION_BYTES + FACT_BYTES + DROP_NAMES.length * EXAMPLE_BYTES);
  }

  /** Keeps the head of `facts.length` bytes of `bytes` from `offset` as the example of a reason. */
  write(reason: number, facts: DropFacts, bytes: Uint8Array, offset: number): void {
    const kept = Math.min(facts.length, EXAMPLE_BYTES);
    const at = reason * FACTS;
    const head = reason * EXAMPLE_BYTES;
    Atomics.add(this.versions, reason, 1);
    this.facts[at + FACT.FORM] = facts.form;
    this.facts[at + FACT.PEER] = facts.peer;
    this.facts[at + FACT.LINK] = facts.link;
    this.facts[at + FACT.LENGTH] = facts.length;
    this.facts[at + FACT.KEPT] = kept;
    this.facts[at + FACT.AT_US] = facts.atUs;
    this.facts[at + FACT.IS_OUT] = facts.isOut ? 1 : 0;
    for (let word = 0; word < REMOTE_WORDS; word++) this.facts[at + FACT.REMOTE + word] = facts.remote[word];
    for (let byte = 0; byte < kept; byte++) this.heads[head + byte] = bytes[offset + byte];
    Atomics.add(this.versions, reason, 1);
  }

  /** The last example of a reason; absent when there was none. */
  read(reason: number): DropExample | undefined {
    for (let turn = 0; turn < TRIES; turn++) {
      const version = Atomics.load(this.versions, reason);
      if (version === 0) return undefined;
      if (version % 2 !== 0) continue;
      const example = this.copy(reason, version);
      if (Atomics.load(this.versions, reason) === version) return example;
    }
    return undefined;
  }

  private copy(reason: number, version: number): DropExample {
    const facts = this.facts.subarray(reason * FACTS, (reason + 1) * FACTS);
    const head = reason * EXAMPLE_BYTES;
    return {
      version,
      form: facts[FACT.FORM],
      peer: facts[FACT.PEER],
      link: facts[FACT.LINK],
      length: facts[FACT.LENGTH],
      atUs: facts[FACT.AT_US],
      isOut: facts[FACT.IS_OUT] !== 0,
      remote: Int32Array.from(facts.subarray(FACT.REMOTE)),
      head: this.heads.slice(head, head + facts[FACT.KEPT]),
    };
  }
}
