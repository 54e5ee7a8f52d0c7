/** What the two handshake messages carry inside, encrypted and authenticated: the offer and the answer to it. */
import { readU32, writeU32 } from '../base/bytes.js';
import { ANSWER_BYTES, OFFER_BYTES } from './handshake-messages.js';

/** First byte of both payloads; another number means another layout. */
const FORMAT = 1;
const HARDWARE_AES = 1;
const TWO_TO_32 = 2 ** 32;

/** The initiator's offer. */
export interface Offer {
  /** Microseconds of wall clock; grows with every initiation of an end, so that an old one is known as such. */
  readonly timestamp: number;
  /** One above the highest generation of the sessions that the initiator has with this peer. */
  readonly generation: number;
  /** Datapath versions spoken, both bounds included. */
  readonly lowestVersion: number;
  readonly highestVersion: number;
  /** The AEADs allowed, as the sum of `AEAD` numbers. */
  readonly aeads: number;
  /** Whether the processor has AES instructions. */
  readonly hardwareAes: boolean;
  readonly capabilities: number;
  /** Streams each link sends: one a datapath worker. */
  readonly workers: number;
}

/** The responder's answer: what was chosen. */
export interface Answer {
  readonly version: number;
  /** One `AEAD` number. */
  readonly aead: number;
  readonly workers: number;
  /** The session's generation; at least what was offered. */
  readonly generation: number;
  readonly capabilities: number;
}

export function encodeOffer(offer: Offer): Uint8Array {
  const bytes = new Uint8Array(OFFER_BYTES);
  bytes.set([
    FORMAT,
    offer.lowestVersion,
    offer.highestVersion,
    offer.aeads,
    offer.hardwareAes ? HARDWARE_AES : 0,
    offer.workers,
  ]);
  writeU32(bytes, 8, Math.floor(offer.timestamp / TWO_TO_32));
  writeU32(bytes, 12, offer.timestamp % TWO_TO_32);
  writeU32(bytes, 16, offer.generation);
  writeU32(bytes, 20, offer.capabilities);
  return bytes;
}

/** Undefined when the layout is unknown or a field cannot be. */
export function decodeOffer(bytes: Uint8Array): Offer | undefined {
  if (bytes.length !== OFFER_BYTES || bytes[0] !== FORMAT) return undefined;
  const timestamp = readU32(bytes, 8) * TWO_TO_32 + readU32(bytes, 12);
  if (timestamp > Number.MAX_SAFE_INTEGER) return undefined;
  return {
    lowestVersion: bytes[1],
    highestVersion: bytes[2],
    aeads: bytes[3],
    hardwareAes: (bytes[4] & HARDWARE_AES) !== 0,
    workers: bytes[5],
    timestamp,
    generation: readU32(bytes, 16),
    capabilities: readU32(bytes, 20),
  };
}

export function encodeAnswer(answer: Answer): Uint8Array {
  const bytes = new Uint8Array(ANSWER_BYTES);
  bytes.set([FORMAT, answer.version, answer.aead, answer.workers]);
  writeU32(bytes, 4, answer.generation);
  writeU32(bytes, 8, answer.capabilities);
  return bytes;
}

/** Undefined when the layout is unknown. */
export function decodeAnswer(bytes: Uint8Array): Answer | undefined {
  if (bytes.length !== ANSWER_BYTES || bytes[0] !== FORMAT) return undefined;
  return {
    version: bytes[1],
    aead: bytes[2],
    workers: bytes[3],
    generation: readU32(bytes, 4),
    capabilities: readU32(bytes, 8),
  };
}
