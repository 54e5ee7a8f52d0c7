/** Messages of a hostile peer. */
import { bundledLength } from '../../src/datapath/frames/bundle.js';
import { KIND } from '../../src/wire/header.js';
import { HEARS_YOU, HEARTBEAT } from '../../src/wire/heartbeat.js';
import { NOTICE, NOTICE_CODE } from '../../src/wire/notice.js';
import { PARITY } from '../../src/wire/parity.js';

export const IPV4_UDP_BYTES = 28;
/** The station that the hostile peer pretends to have. */
export const STATION = [2, 0x66, 0, 0, 0, 1] as const;
const NOBODY = [2, 0, 0, 0, 0, 9] as const;
const FRAME_BYTES = 14;

/** A bundle of `count` frames of 14 bytes for nobody. */
export function bundle(count: number): Uint8Array {
  const body = new Uint8Array(1 + count * bundledLength(FRAME_BYTES));
  body[0] = KIND.BUNDLE;
  for (let at = 1; at < body.length; at += bundledLength(FRAME_BYTES)) {
    body[at + 1] = FRAME_BYTES;
    body.set([...NOBODY, ...STATION, 0x88, 0xb5], at + 5);
  }
  return body;
}

export function heartbeat(link: number, hears = true): Uint8Array {
  const body = new Uint8Array(HEARTBEAT.BYTES);
  const view = new DataView(body.buffer);
  body[0] = KIND.HEARTBEAT;
  body[HEARTBEAT.LINK] = link;
  body[HEARTBEAT.FLAGS] = hears ? HEARS_YOU : 0;
  view.setUint16(HEARTBEAT.INTERVAL_MS, 100);
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

/** Parity of 20 bytes over 32 datagrams of a stream. */
export function parity(stream: number, first: number, lengths: number): Uint8Array {
  const body = new Uint8Array(PARITY.BYTES + 20);
  const view = new DataView(body.buffer);
  body[PARITY.KIND] = KIND.PARITY;
  body[PARITY.STREAM] = stream;
  view.setUint16(PARITY.LENGTHS, lengths);
  view.setUint32(PARITY.MASK, 0xffff_ffff);
  view.setBigUint64(PARITY.FIRST, BigInt(first));
  return body;
}
