/**
 * Self-test of the UDP offloads at start: a run of datagrams goes over loopback with segmentation in the kernel
 * (UDP_SEGMENT) and is received with UDP_GRO; what comes back must be what was sent.
 */
import { randomFillSync } from 'node:crypto';
import type { Native } from './binding.js';
import { PATH, RECV, SEND } from './ops.js';

const LOOPBACK = '127.0.0.1';
const SEGMENT = 1000;
const BYTES = 7 * SEGMENT + 300;
const SLOT = 65_536;
const SLOTS = 8;
/** Loopback delivers before the send returns; this only covers a busy machine. */
const PATIENCE_US = 100_000;

/** `untested`: loopback is down here, so that only the kernel's word can be taken. */
type SelfTestVerdict = 'works' | 'fails' | 'untested';

export interface UdpSelfTest {
  gso: SelfTestVerdict;
  gro: SelfTestVerdict;
}

/** Tests both offloads; a GRO that fails with GSO off as well is reported for itself. */
export function testUdpOffloads(native: Native): UdpSelfTest {
  const gso = roundTrip(native, true, false);
  return { gso, gro: roundTrip(native, gso === 'works', true) };
}

function roundTrip(native: Native, gso: boolean, gro: boolean): SelfTestVerdict {
  const open = () =>
    native.udpOpen({
      family: 4,
      address: LOOPBACK,
      port: 0,
      device: null,
      receiveBuffer: 1 << 18,
      sendBuffer: 1 << 18,
      gro,
    });
  const sender = open();
  const receiver = open();
  try {
    if ((gso && !sender.gso) || (gro && !receiver.gro)) return 'fails';
    const arena = new Uint8Array(BYTES + SLOTS * SLOT);
    randomFillSync(arena.subarray(0, BYTES));
    const error = send(native, arena, sender.fd, receiver.port, gso);
    if (error !== 0) return isUnreachable(error) ? 'untested' : 'fails';
    const received = receive(native, arena, receiver.fd);
    return Buffer.compare(received, arena.subarray(0, BYTES)) === 0 ? 'works' : 'fails';
  } finally {
    native.close(sender.fd);
    native.close(receiver.fd);
  }
}

function send(native: Native, arena: Uint8Array, fd: number, port: number, gso: boolean): number {
  const path = new Int32Array(PATH.WORDS);
  path[PATH.FAMILY] = 4;
  path[PATH.PORT] = port;
  new Uint8Array(path.buffer, PATH.ADDR * 4, 4).set(LOOPBACK.split('.').map(Number));
  const row = new Int32Array(SEND.WORDS);
  row[SEND.FD] = fd;
  row[SEND.LENGTH] = BYTES;
  row[SEND.SEGMENT] = SEGMENT;
  row[SEND.GSO] = gso ? 1 : 0;
  native.udpSend(arena, row, 1, path);
  return row[SEND.RESULT];
}

/** Everything that arrives until as much is there as was sent, in order. */
function receive(native: Native, arena: Uint8Array, fd: number): Uint8Array {
  const rows = new Int32Array(SLOTS * RECV.WORDS);
  const parts: Uint8Array[] = [];
  let bytes = 0;
  const end = native.now() + PATIENCE_US;
  while (bytes < BYTES && native.now() < end) {
    const count = native.udpReceive(arena, fd, BYTES, SLOT, SLOTS, rows);
    for (let row = 0; row < count; row++) {
      const offset = rows[row * RECV.WORDS + RECV.OFFSET];
      const length = rows[row * RECV.WORDS + RECV.LENGTH];
      parts.push(arena.slice(offset, offset + length));
      bytes += length;
    }
  }
  return Buffer.concat(parts);
}

const ENETDOWN = -100;
const ENETUNREACH = -101;
const EHOSTUNREACH = -113;

function isUnreachable(error: number): boolean {
  return error === ENETDOWN || error === ENETUNREACH || error === EHOSTUNREACH;
}
