/** The datagrams of a numbered stream: which run, which number, when it was sent. Big-endian. */

const MAGIC = 0x6f63_7374; // 'ocst'
const RUN_AT = 4;
const SEQUENCE_AT = 8;
const KIND_AT = 12;
const SENT_AT = 16;

/** The smallest payload in bytes that holds the fields. */
export const LEAST_BYTES = 24;

/** One datagram of a stream. */
export interface Numbered {
  /** Chosen at random by the sender, to tell apart two streams to one port. */
  run: number;
  /** From 0; in the last datagram, how many there were. */
  sequence: number;
  isLast: boolean;
  /** Microseconds since the epoch, by the sender's clock. */
  sentUs: number;
}

export function writeNumbered(view: DataView, at: number, numbered: Numbered): void {
  view.setUint32(at, MAGIC);
  view.setUint32(at + RUN_AT, numbered.run);
  view.setUint32(at + SEQUENCE_AT, numbered.sequence);
  view.setUint32(at + KIND_AT, numbered.isLast ? 1 : 0);
  view.setFloat64(at + SENT_AT, numbered.sentUs);
}

/** Reads a datagram of `length` bytes; null if it does not belong to a stream. */
export function readNumbered(view: DataView, at: number, length: number): Numbered | null {
  if (length < LEAST_BYTES || view.getUint32(at) !== MAGIC) return null;
  return {
    run: view.getUint32(at + RUN_AT),
    sequence: view.getUint32(at + SEQUENCE_AT),
    isLast: view.getUint32(at + KIND_AT) === 1,
    sentUs: view.getFloat64(at + SENT_AT),
  };
}

/** Microseconds since the epoch. */
export function clockUs(): number {
  return (performance.timeOrigin + performance.now()) * 1000;
}
