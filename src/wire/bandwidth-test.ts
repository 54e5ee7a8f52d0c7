/**
 * BANDWIDTH_TEST messages: one end asks, the other agrees or not; numbered data goes by a link; the end that receives it
 * tells what came.
 */
import { MAX_LINKS } from './header.js';

/** Body of a BANDWIDTH_TEST: byte offsets from the kind byte. Integers are big-endian. */
export const BANDWIDTH_TEST = { WHAT: 1, ID: 2, BYTES: 12 } as const;

/** What a message says. */
export const WHAT = { ASK: 1, ANSWER: 2, DATA: 3, RESULT: 4, END: 5 } as const;

/** DATA: number of the datagram, from 0; the sender's clock in µs, low 32 bits; padding. */
export const DATA = { SEQUENCE: 4, SENT_AT: 8 } as const;

const ASK = { DIRECTIONS: 4, SECONDS: 5, LINK: 6, KBPS: 8 } as const;
const ANSWER = { CODE: 4, KBPS: 8 } as const;
const RESULT = {
  FINAL: 4,
  RECEIVED: 8,
  HIGHEST: 12,
  REORDERED: 16,
  JITTER: 20,
  ELAPSED: 24,
  /** Bytes; u64. */
  VOLUME: 28,
  BYTES: 36,
} as const;
const END = { SENT: 4 } as const;

/** Longest test, in seconds. */
export const LONGEST_TEST_S = 60;
/** Fastest, in kbit/s. */
export const FASTEST_TEST_KBPS = 1_000_000;
const ANY_LINK = 255;
const U32 = 0x1_0000_0000;

/** Answers to the question for a test. */
export const REFUSED = { NOT: 0, OFF: 1, BUSY: 2, MAY_NOT_SEND: 3, NO_LINK: 4 } as const;

/** What came of the data so far. */
export interface Reception {
  received: number;
  /** Largest number that came, plus one. */
  highest: number;
  /** Came after one with a larger number. */
  reordered: number;
  /** As in RFC 3550, 6.4.1; in µs. */
  jitterUs: number;
  /** Between the first and the last, in µs. */
  elapsedUs: number;
  /** Bytes inside of the datagrams. */
  bytes: number;
}

export type BandwidthMessage =
  | {
      what: 'ask';
      id: number;
      /** The end that asks sends; the other one sends. */
      forward: boolean;
      reverse: boolean;
      seconds: number;
      /** Null: the one that messages take. */
      link: number | null;
      kbps: number;
    }
  /** `code`: one of `REFUSED`. `kbps`: what the end that answers will send. */
  | { what: 'answer'; id: number; code: number; kbps: number }
  | ({ what: 'result'; id: number; isFinal: boolean } & Reception)
  /** The sender of data has sent all, `sent` datagrams; again until a final result has come. */
  | { what: 'end'; id: number; sent: number };

/** The bytes of a message that is no data, from the kind byte on, which is left zero. */
export function writeBandwidthMessage(message: BandwidthMessage): Uint8Array {
  const bytes = new Uint8Array(message.what === 'result' ? RESULT.BYTES : BANDWIDTH_TEST.BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(BANDWIDTH_TEST.ID, message.id);
  switch (message.what) {
    case 'ask':
      bytes[BANDWIDTH_TEST.WHAT] = WHAT.ASK;
      bytes[ASK.DIRECTIONS] = (message.forward ? 1 : 0) | (message.reverse ? 2 : 0);
      bytes[ASK.SECONDS] = message.seconds;
      bytes[ASK.LINK] = message.link ?? ANY_LINK;
      view.setUint32(ASK.KBPS, message.kbps);
      return bytes;
    case 'answer':
      bytes[BANDWIDTH_TEST.WHAT] = WHAT.ANSWER;
      bytes[ANSWER.CODE] = message.code;
      view.setUint32(ANSWER.KBPS, message.kbps);
      return bytes;
    case 'result':
      bytes[BANDWIDTH_TEST.WHAT] = WHAT.RESULT;
      bytes[RESULT.FINAL] = message.isFinal ? 1 : 0;
      view.setUint32(RESULT.RECEIVED, message.received);
      view.setUint32(RESULT.HIGHEST, message.highest);
      view.setUint32(RESULT.REORDERED, message.reordered);
      view.setUint32(RESULT.JITTER, message.jitterUs);
      view.setUint32(RESULT.ELAPSED, message.elapsedUs);
      view.setUint32(RESULT.VOLUME, Math.floor(message.bytes / U32));
      view.setUint32(RESULT.VOLUME + 4, message.bytes % U32);
      return bytes;
    case 'end':
      bytes[BANDWIDTH_TEST.WHAT] = WHAT.END;
      view.setUint32(END.SENT, message.sent);
      return bytes;
  }
}

/** Reads a message that is no data, from its kind byte on; null when it makes no sense. */
export function readBandwidthMessage(bytes: Uint8Array): BandwidthMessage | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < BANDWIDTH_TEST.BYTES) return null;
  const id = view.getUint16(BANDWIDTH_TEST.ID);
  switch (bytes[BANDWIDTH_TEST.WHAT]) {
    case WHAT.ASK: {
      const [directions, seconds, link] = bytes.subarray(ASK.DIRECTIONS);
      const [forward, reverse] = [(directions & 1) !== 0, (directions & 2) !== 0];
      const kbps = view.getUint32(ASK.KBPS);
      if (!(forward || reverse) || seconds === 0 || seconds > LONGEST_TEST_S) return null;
      if (kbps === 0 || kbps > FASTEST_TEST_KBPS || (link >= MAX_LINKS && link !== ANY_LINK)) return null;
      return { what: 'ask', id, forward, reverse, seconds, link: link === ANY_LINK ? null : link, kbps };
    }
    case WHAT.ANSWER:
      return { what: 'answer', id, code: bytes[ANSWER.CODE], kbps: view.getUint32(ANSWER.KBPS) };
    case WHAT.RESULT:
      if (bytes.length < RESULT.BYTES) return null;
      return {
        what: 'result',
        id,
        isFinal: bytes[RESULT.FINAL] !== 0,
        received: view.getUint32(RESULT.RECEIVED),
        highest: view.getUint32(RESULT.HIGHEST),
        reordered: view.getUint32(RESULT.REORDERED),
        jitterUs: view.getUint32(RESULT.JITTER),
        elapsedUs: view.getUint32(RESULT.ELAPSED),
        bytes: view.getUint32(RESULT.VOLUME) * U32 + view.getUint32(RESULT.VOLUME + 4),
      };
    case WHAT.END:
      return { what: 'end', id, sent: view.getUint32(END.SENT) };
    default:
      return null;
  }
}
