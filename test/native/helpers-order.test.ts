/** What helpers write and send: everything arrives, and each flow and each socket stays in order. */
import { afterEach, describe, expect, test } from 'vitest';
import { loadNative, type TapHandle } from '../../src/native/binding.js';
import { PATH, READ, RECV, SEND, VNET_HEADER, WRITE } from '../../src/native/ops.js';
import { ip, needsRoot, uniqueName } from './root.js';
import { pathRow, sendRow } from './rows.js';

const native = loadNative();
const PATIENCE_US = 5_000_000;
const FRAME_BYTES = VNET_HEADER + 1000;
const SLOT_BYTES = 2048;
const FLOWS = 24;
const ROUNDS = 10;
const SOURCE_PORT = VNET_HEADER + 38;
const NUMBER = VNET_HEADER + 60;
/** A VLAN tag and IPv4: what has a tag, bridges pass without a look inside. */
const TAGGED_IPV4 = [0x81, 0, 0, 5, 0x08, 0];

const EINVAL = 22;

const open: number[] = [];
afterEach(() => {
  native.setHelpers(0);
  for (const fd of open.splice(0)) native.close(fd);
});

/** A UDP datagram over IPv4 in a frame, of flow `flow` and numbered. */
function makeFrame(arena: Uint8Array, offset: number, flow: number, number: number): void {
  const frame = arena.subarray(offset, offset + FRAME_BYTES).fill(0);
  const view = new DataView(arena.buffer, offset, FRAME_BYTES);
  frame.set([0x02, 0, 0, 0, 0, 0x77, 0x02, 0, 0, 0, 0, 0x78], VNET_HEADER);
  frame.set(TAGGED_IPV4, VNET_HEADER + 12);
  frame.set([0x45, 0, 0x03, 0xd6, 0, 0, 0, 0, 64, 17], VNET_HEADER + 18);
  view.setUint16(SOURCE_PORT, 1000 + flow);
  view.setUint32(NUMBER, number);
}

/** Flow and number of the frames that come out of a TAP, `wanted` or as many as come. */
function readFrames(
  fd: number,
  wanted: number,
  patienceUs = PATIENCE_US,
): { flow: number; number: number }[] {
  const epoll = native.epollCreate();
  open.push(epoll);
  native.epollAdd(epoll, fd, 0);
  const arena = new Uint8Array(64 * SLOT_BYTES);
  const rows = new Int32Array(64 * READ.WORDS);
  const frames: { flow: number; number: number }[] = [];
  while (frames.length < wanted && native.wait(epoll, patienceUs, 0, new Int32Array(1)) > 0) {
    const count = native.tapRead(arena, fd, 0, SLOT_BYTES, 64, rows);
    for (let i = 0; i < count; i++) {
      const view = new DataView(
        arena.buffer,
        rows[i * READ.WORDS + READ.OFFSET],
        rows[i * READ.WORDS + READ.LENGTH],
      );
      if (view.byteLength < FRAME_BYTES || view.getUint16(VNET_HEADER + 16) !== 0x0800) continue;
      frames.push({ flow: view.getUint16(SOURCE_PORT) - 1000, number: view.getUint32(NUMBER) });
    }
  }
  return frames;
}

describe('frames', () => {
  const bridge = uniqueName();
  afterEach(() => {
    try {
      ip(`link del ${bridge}`);
    } catch {
      // It was not made.
    }
  });

  function port(): TapHandle {
    const name = uniqueName();
    const handle = native.tapOpen({
      name,
      checksum: true,
      tso: true,
      uso: true,
      tunnel: true,
      sendBuffer: 4 << 20,
      multiQueue: false,
    });
    open.push(handle.fd);
    ip(`link set ${name} txqueuelen 1000 master ${bridge} up`);
    return handle;
  }

  test('of one flow stay in order', (context) => {
    needsRoot(context);
    ip(`link add ${bridge} type bridge`);
    ip(`link set ${bridge} up`);
    const [near, far] = [port(), port()];
    const count = FLOWS * ROUNDS;
    const arena = new Uint8Array(count * SLOT_BYTES);
    // A bridge does not forward before it has heard that both ports have a carrier.
    makeFrame(arena, 0, 0, 0);
    const first = Int32Array.of(1, 0, 0, FRAME_BYTES);
    for (let left = 1000; left > 0; left--) {
      native.tapWrite(arena, near.fd, first, 1);
      if (readFrames(far.fd, 1, 5_000).length > 0) break;
    }
    expect(native.setHelpers(2)).toBe(2);
    const ops = new Int32Array(count * (WRITE.PARTS + 4));
    for (let i = 0; i < count; i++) {
      makeFrame(arena, i * SLOT_BYTES, i % FLOWS, i);
      ops.set([2, 1, i * SLOT_BYTES, 50, i * SLOT_BYTES + 50, FRAME_BYTES - 50], i * (WRITE.PARTS + 4));
    }
    expect(native.tapWrite(arena, near.fd, ops, count)).toBe(count);
    const frames = readFrames(far.fd, count);
    for (let flow = 0; flow < FLOWS; flow++) {
      const numbers = frames.filter((frame) => frame.flow === flow).map(({ number }) => number);
      expect(numbers).toEqual(Array.from({ length: ROUNDS }, (_, round) => round * FLOWS + flow));
    }
    // Flows were taken one after the other, so the batch was shared.
    expect(frames.map(({ number }) => number)).not.toEqual(Array.from({ length: count }, (_, i) => i));
  });

  test.each([
    ['a part outside the arena', [1, 7, -1, 60]],
    ['no part', [0, 7]],
  ])('of which one has %s are written all the same', (_, bad) => {
    if (process.getuid?.() !== 0) return;
    ip(`link add ${bridge} type bridge`);
    const near = port();
    native.setHelpers(1);
    const arena = new Uint8Array(FLOWS * SLOT_BYTES);
    const ops: number[] = [];
    for (let i = 0; i < FLOWS; i++) {
      makeFrame(arena, i * SLOT_BYTES, i, i);
      ops.push(...(i === 3 ? bad : [1, 7, i * SLOT_BYTES, FRAME_BYTES]));
    }
    const rows = Int32Array.from(ops);
    expect(native.tapWrite(arena, near.fd, rows, FLOWS)).toBe(FLOWS - 1);
    expect(rows[3 * (WRITE.PARTS + 2) + WRITE.RESULT]).toBeLessThan(0);
  });
});

test('datagrams of one socket stay in order, and a row that fails concerns no other', () => {
  const udp = (port = 0) => {
    const handle = native.udpOpen({
      family: 4,
      address: '127.0.0.1',
      port,
      device: null,
      receiveBuffer: 4 << 20,
      sendBuffer: 4 << 20,
      gro: false,
    });
    open.push(handle.fd);
    return handle;
  };
  const [receiver, ...senders] = [udp(), udp(), udp(), udp()];
  expect(native.setHelpers(2)).toBe(2);
  const length = 4000;
  const count = 60;
  const bad = 31;
  const arena = new Uint8Array(count * length + 64 * 8192);
  const view = new DataView(arena.buffer);
  const paths = new Int32Array(2 * PATH.WORDS);
  paths.set(pathRow('127.0.0.1', receiver.port), 0);
  const rows = Int32Array.from(
    Array.from({ length: count }, (_, i) => {
      view.setUint32(i * length, i);
      const { fd } = senders[i % senders.length];
      return sendRow({
        FD: fd,
        OFFSET: i * length,
        LENGTH: length,
        SEGMENT: length,
        PATH: i === bad ? 1 : 0,
        GSO: 1,
      });
    }).flat(),
  );
  const sent = native.udpSend(arena, rows, count, paths);
  const results = Array.from({ length: count }, (_, i) => rows[i * SEND.WORDS + SEND.RESULT]);
  expect(results).toEqual(results.map((_, i) => (i === bad ? -EINVAL : 0)));
  expect(sent).toBe(count - 1);

  const numbers: number[] = [];
  const received = new Int32Array(64 * RECV.WORDS);
  for (let got = 1; got > 0; ) {
    got = native.udpReceive(arena, receiver.fd, count * length, 8192, 64, received);
    for (let i = 0; i < got; i++) numbers.push(view.getUint32(received[i * RECV.WORDS + RECV.OFFSET]));
  }
  for (let sender = 0; sender < senders.length; sender++) {
    const own = (number: number) => number % senders.length === sender;
    const good = Array.from({ length: count }, (_, i) => i).filter((i) => i !== bad);
    expect(numbers.filter(own)).toEqual(good.filter(own));
  }
});
