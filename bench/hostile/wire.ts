/** Messages of a hostile peer. */
import { bundledLength } from '../../src/datapath/frames/bundle.js';
import { PIECE_HEADER } from '../../src/datapath/frames/pieces.js';
import { ECHO } from '../../src/wire/echo.js';
import { KIND } from '../../src/wire/header.js';
import { HEARS_YOU, HEARTBEAT } from '../../src/wire/heartbeat.js';
import { NOTICE, NOTICE_CODE } from '../../src/wire/notice.js';
import { PARITY } from '../../src/wire/parity.js';
import { REPORT } from '../../src/wire/report.js';

export const IPV4_UDP_BYTES = 28;
/** The station that the hostile peer pretends to have. */
export const STATION = [2, 0x66, 0, 0, 0, 1] as const;
const NOBODY = [2, 0, 0, 0, 0, 9] as const;
const FRAME_BYTES = 14;
const PIECE_BYTES = 1200;

function random32(): number {
  return Math.floor(Math.random() * 2 ** 32);
}

/** A message of a kind whose other bytes are random. */
export function filled(kind: number, length: number): Uint8Array {
  const body = new Uint8Array(length);
  for (let at = 0; at < length; at++) body[at] = Math.random() * 256;
  body[0] = kind;
  return body;
}

/** A bundle of `count` frames of 14 bytes for nobody, from its station or each from another one. */
export function bundle(count: number, otherStations = false): Uint8Array {
  const body = new Uint8Array(1 + count * bundledLength(FRAME_BYTES));
  body[0] = KIND.BUNDLE;
  for (let at = 1; at < body.length; at += bundledLength(FRAME_BYTES)) {
    body[at + 1] = FRAME_BYTES;
    body.set([...NOBODY, ...STATION, 0x88, 0xb5], at + 5);
    if (otherStations) new DataView(body.buffer).setUint32(at + 5 + 8, random32());
  }
  return body;
}

/** One of two pieces of a frame whose other one never comes. */
export function piece(): Uint8Array {
  const body = new Uint8Array(PIECE_HEADER + PIECE_BYTES);
  const view = new DataView(body.buffer);
  body[0] = KIND.PIECE;
  view.setUint16(2, random32() % 65_536);
  body[5] = 2;
  view.setUint16(6, 2 * PIECE_BYTES);
  return body;
}

/** A heartbeat of link 0 or 1 with anything in it. */
export function wildHeartbeat(): Uint8Array {
  const body = filled(KIND.HEARTBEAT, HEARTBEAT.BYTES);
  body[HEARTBEAT.LINK] &= 1;
  return body;
}

/** A report of link 0 or 1 with anything in it. */
export function report(): Uint8Array {
  const body = filled(KIND.REPORT, REPORT.BYTES);
  body[REPORT.LINK] &= 1;
  return body;
}

/** An echo that wants an answer. */
export function echo(bytes: number): Uint8Array {
  const body = filled(KIND.ECHO, bytes);
  body[ECHO.REPLY] = 0;
  return body;
}

/** One that says when the next is due, which tells when its absence means something. */
export function heartbeat(link: number, hears = true, intervalMs = 100): Uint8Array {
  const body = new Uint8Array(HEARTBEAT.BYTES);
  const view = new DataView(body.buffer);
  body[0] = KIND.HEARTBEAT;
  body[HEARTBEAT.LINK] = link;
  body[HEARTBEAT.FLAGS] = hears ? HEARS_YOU : 0;
  view.setUint16(HEARTBEAT.INTERVAL_MS, intervalMs);
  view.setUint16(HEARTBEAT.HOLD_MS, 300);
  view.setUint32(HEARTBEAT.ECHO_DELAY, 0xffff_ffff);
  return body;
}

export function linkDown(link: number): Uint8Array {
  const body = new Uint8Array(NOTICE.BYTES);
  body[0] = KIND.NOTICE;
  body[NOTICE.CODE] = NOTICE_CODE.LINK_DOWN;
  body[NOTICE.LINK] = link;
  return body;
}

/** Parity of `bytes` bytes over 32 datagrams of a stream; `lengths` is the XOR of theirs. */
export function parity(stream: number, first: number, lengths: number, bytes = 20): Uint8Array {
  const body = new Uint8Array(PARITY.BYTES + bytes);
  const view = new DataView(body.buffer);
  body[PARITY.KIND] = KIND.PARITY;
  body[PARITY.STREAM] = stream;
  view.setUint16(PARITY.LENGTHS, lengths);
  view.setUint32(PARITY.MASK, 0xffff_ffff);
  view.setBigUint64(PARITY.FIRST, BigInt(first));
  return body;
}
