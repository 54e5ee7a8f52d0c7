/**
 * The wire of the handshake, version 1: where each field of each message stands. All integers are big-endian.
 * docs/protocol.md has the same as tables.
 */
import { readU32, writeU32 } from '../base/bytes.js';
import { KEY_BYTES, TAG_BYTES, XCHACHA_NONCE_BYTES } from './primitives.js';

/** High nibble of the first byte of every datagram. */
export const WIRE_VERSION = 1;

/** First byte of every datagram: wire version and kind. */
export const MESSAGE = {
  INITIATION: 0x11,
  RESPONSE: 0x12,
  COOKIE_REPLY: 0x13,
  /** Belongs to the datapath; listed here to show all of them together. */
  TRANSPORT: 0x14,
  JOIN_REQUEST: 0x15,
  JOIN_REPLY: 0x16,
} as const;

/** What both ends mix into the handshake before the first message: another protocol version never agrees. */
export const PROLOGUE = new TextEncoder().encode(`octolink wire ${WIRE_VERSION}`);

export const OFFER_BYTES = 24;
export const ANSWER_BYTES = 12;
export const MAC_BYTES = 16;
export const COOKIE_BYTES = 16;

const SENDER = 4;
const RECEIVER = 8;
const INITIATION_NOISE = 8;
const INITIATION_NOISE_BYTES = KEY_BYTES + (KEY_BYTES + TAG_BYTES) + (OFFER_BYTES + TAG_BYTES);
const RESPONSE_NOISE = 12;
const RESPONSE_NOISE_BYTES = KEY_BYTES + (ANSWER_BYTES + TAG_BYTES);
const COOKIE_RECEIVER = 4;
const COOKIE_NONCE = 8;
const COOKIE_SEALED = COOKIE_NONCE + XCHACHA_NONCE_BYTES;

export const INITIATION_BYTES = INITIATION_NOISE + INITIATION_NOISE_BYTES + 2 * MAC_BYTES;
export const RESPONSE_BYTES = RESPONSE_NOISE + RESPONSE_NOISE_BYTES + 2 * MAC_BYTES;
export const COOKIE_REPLY_BYTES = COOKIE_SEALED + COOKIE_BYTES + TAG_BYTES;
/** A request is as long as its reply, so that nobody can make us send more than was sent; both pass IPv6's least MTU. */
export const JOIN_BYTES = 1200;

const JOIN_RECEIVER = 4;
const JOIN_NOISE = 8;
const JOIN_REQUEST_NOISE_BYTES = JOIN_BYTES - JOIN_NOISE - 2 * MAC_BYTES;
/** What Noise messages 1 and 2 of a join carry. */
export const JOIN_REQUEST_PAYLOAD_BYTES = JOIN_REQUEST_NOISE_BYTES - 2 * KEY_BYTES - 2 * TAG_BYTES;
export const JOIN_REPLY_PAYLOAD_BYTES = JOIN_BYTES - JOIN_NOISE - KEY_BYTES - TAG_BYTES;

type HandshakeKind = 'initiation' | 'response' | 'cookie-reply';
/** Why a datagram is not a handshake message at all. */
type MessageProblem = 'unknown-version' | 'unknown-type' | 'wrong-length' | 'reserved-not-zero';

/** Tells the kind of a received datagram by its first bytes and its length, or what is wrong with it. */
export function classify(datagram: Uint8Array): HandshakeKind | MessageProblem {
  if (datagram.length < 4) return 'wrong-length';
  if (datagram[0] >> 4 !== WIRE_VERSION) return 'unknown-version';
  switch (datagram[0]) {
    case MESSAGE.INITIATION:
      return checked(datagram, 'initiation', INITIATION_BYTES);
    case MESSAGE.RESPONSE:
      return checked(datagram, 'response', RESPONSE_BYTES);
    case MESSAGE.COOKIE_REPLY:
      return checked(datagram, 'cookie-reply', COOKIE_REPLY_BYTES);
    default:
      return 'unknown-type';
  }
}

/** Whether a datagram has the form of a join request or a join reply. */
export function isJoin(datagram: Uint8Array, type: 'JOIN_REQUEST' | 'JOIN_REPLY'): boolean {
  return datagram.length === JOIN_BYTES && readU32(datagram, 0) === MESSAGE[type] * 2 ** 24;
}

function checked(datagram: Uint8Array, kind: HandshakeKind, length: number): HandshakeKind | MessageProblem {
  if (datagram.length !== length) return 'wrong-length';
  return datagram[1] === 0 && datagram[2] === 0 && datagram[3] === 0 ? kind : 'reserved-not-zero';
}

/** An initiation around Noise message 1, both MACs still zero. */
export function encodeInitiation(senderIndex: number, noise: Uint8Array): Uint8Array {
  const message = new Uint8Array(INITIATION_BYTES);
  message[0] = MESSAGE.INITIATION;
  writeU32(message, SENDER, senderIndex);
  message.set(noise, INITIATION_NOISE);
  return message;
}

/** A response around Noise message 2, both MACs still zero. */
export function encodeResponse(senderIndex: number, receiverIndex: number, noise: Uint8Array): Uint8Array {
  const message = new Uint8Array(RESPONSE_BYTES);
  message[0] = MESSAGE.RESPONSE;
  writeU32(message, SENDER, senderIndex);
  writeU32(message, RECEIVER, receiverIndex);
  message.set(noise, RESPONSE_NOISE);
  return message;
}

/** A cookie reply; `sealed` is the encrypted cookie with its tag. */
export function encodeCookieReply(receiverIndex: number, nonce: Uint8Array, sealed: Uint8Array): Uint8Array {
  const message = new Uint8Array(COOKIE_REPLY_BYTES);
  message[0] = MESSAGE.COOKIE_REPLY;
  writeU32(message, COOKIE_RECEIVER, receiverIndex);
  message.set(nonce, COOKIE_NONCE);
  message.set(sealed, COOKIE_SEALED);
  return message;
}

/** A join request around Noise message 1, both MACs still zero. */
export function encodeJoinRequest(senderIndex: number, noise: Uint8Array): Uint8Array {
  const message = new Uint8Array(JOIN_BYTES);
  message[0] = MESSAGE.JOIN_REQUEST;
  writeU32(message, SENDER, senderIndex);
  message.set(noise, JOIN_NOISE);
  return message;
}

/** A join reply around Noise message 2. */
export function encodeJoinReply(receiverIndex: number, noise: Uint8Array): Uint8Array {
  const message = new Uint8Array(JOIN_BYTES);
  message[0] = MESSAGE.JOIN_REPLY;
  writeU32(message, JOIN_RECEIVER, receiverIndex);
  message.set(noise, JOIN_NOISE);
  return message;
}

/** The sender's index in an initiation, a response or a join request. */
export function senderIndex(message: Uint8Array): number {
  return readU32(message, SENDER);
}

/** The receiver's index in a response, a cookie reply or a join reply. */
export function receiverIndex(message: Uint8Array): number {
  if (message[0] === MESSAGE.JOIN_REPLY) return readU32(message, JOIN_RECEIVER);
  return readU32(message, message[0] === MESSAGE.COOKIE_REPLY ? COOKIE_RECEIVER : RECEIVER);
}

/** The Noise message inside any message that holds one, as a view. */
export function noisePart(message: Uint8Array): Uint8Array {
  switch (message[0]) {
    case MESSAGE.INITIATION:
      return message.subarray(INITIATION_NOISE, INITIATION_NOISE + INITIATION_NOISE_BYTES);
    case MESSAGE.JOIN_REQUEST:
      return message.subarray(JOIN_NOISE, JOIN_NOISE + JOIN_REQUEST_NOISE_BYTES);
    case MESSAGE.JOIN_REPLY:
      return message.subarray(JOIN_NOISE);
    default:
      return message.subarray(RESPONSE_NOISE, RESPONSE_NOISE + RESPONSE_NOISE_BYTES);
  }
}

/** MAC1 of an initiation, a response or a join request, as a view, and what it covers. */
export function mac1Part(message: Uint8Array): { covered: Uint8Array; mac: Uint8Array } {
  const start = message.length - 2 * MAC_BYTES;
  return { covered: message.subarray(0, start), mac: message.subarray(start, start + MAC_BYTES) };
}

/** MAC2 of an initiation, a response or a join request, as a view, and what it covers. */
export function mac2Part(message: Uint8Array): { covered: Uint8Array; mac: Uint8Array } {
  const start = message.length - MAC_BYTES;
  return { covered: message.subarray(0, start), mac: message.subarray(start) };
}

/** Whether MAC2 is all zero: the sender had no cookie, or the message never carries one. */
export function mac2IsAbsent(message: Uint8Array): boolean {
  return mac2Part(message).mac.every((byte) => byte === 0);
}

/** Nonce and sealed cookie of a cookie reply, as views. */
export function cookiePart(message: Uint8Array): { nonce: Uint8Array; sealed: Uint8Array } {
  return { nonce: message.subarray(COOKIE_NONCE, COOKIE_SEALED), sealed: message.subarray(COOKIE_SEALED) };
}
