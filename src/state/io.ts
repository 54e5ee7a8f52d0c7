/**
 * What the pure datapath asks of the world. The worker hands in the native addon, the simulator a virtual
 * wire; both describe batches in the records of `src/native/ops.ts` over one arena.
 */
import type { DatapathEvent } from '../contract/events.js';

export interface DatapathIo {
  /** The buffer that all byte offsets of records point into. */
  readonly arena: Uint8Array;
  /** Seals `count` rows of `SEAL`. */
  seal(ops: Int32Array, count: number): void;
  /** Opens `count` rows of `OPEN` in place. */
  open(ops: Int32Array, count: number): void;
  /** Sends `count` rows of `SEND`; `paths` is the path table they name. Returns how many went out whole. */
  send(ops: Int32Array, count: number, paths: Int32Array): number;
  /** Writes `count` frames described back to back as `WRITE`. Returns how many the TAP took. */
  writeFrames(ops: Int32Array, count: number): number;
  /** `length` bytes of the arena from `offset` are not needed any more: whole pages among them may be zero from now on. */
  discard(offset: number, length: number): void;
  /** Fills with random bytes. */
  random(into: Uint8Array): void;
  /**
   * Takes a handshake message of the right form: `length` bytes of the arena from `offset`, by the path `words` from
   * `at`. Returns the index of the reason for which it was dropped, or `HANDSHAKE_TAKEN`.
   */
  handshake(offset: number, length: number, socket: number, words: Int32Array, at: number): number;
  /** Processors of the machine that were idle on average since the last call; rare, as the kernel is asked. */
  machineIdle(): number;
  /** Tells the control thread; rare, so a plain object. */
  emit(event: DatapathEvent): void;
}

export const HANDSHAKE_TAKEN = -1;
