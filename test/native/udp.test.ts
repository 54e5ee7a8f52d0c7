import { randomBytes } from 'node:crypto';
import { constants } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import { loadNative, type NativeError, type UdpHandle, type UdpOptions } from '../../src/native/binding.js';
import { BATCH, PATH, RECV, SEND, SOCKET_ERROR } from '../../src/native/ops.js';
import { addressWords, pathRow, sendRow } from './rows.js';

const native = loadNative();
const SLOT_BYTES = 65_536;
const SLOTS = 16;
const ARENA_BYTES = 4 << 20;
const RECEIVE_BASE = 2 << 20;
const PATIENCE_US = 5_000_000;
const open: number[] = [];

afterEach(() => {
  for (const fd of open.splice(0)) native.close(fd);
});

function socket(options: Partial<UdpOptions> = {}): UdpHandle {
  const handle = native.udpOpen({
    family: 4,
    address: '127.0.0.1',
    port: 0,
    device: null,
    receiveBuffer: 4 << 20,
    sendBuffer: 4 << 20,
    gro: true,
    ...options,
  });
  open.push(handle.fd);
  return handle;
}

/** Receives until `total` bytes came; the datagrams in order, and the rows of the messages. */
function receive(fd: number, arena: Uint8Array, total: number): { datagrams: Buffer[]; rows: Int32Array[] } {
  const epoll = native.epollCreate();
  open.push(epoll);
  native.epollAdd(epoll, fd, 1);
  const datagrams: Buffer[] = [];
  const rows: Int32Array[] = [];
  const batch = new Int32Array(SLOTS * RECV.WORDS);
  let received = 0;
  while (received < total && native.wait(epoll, PATIENCE_US, 0, new Int32Array(1)) > 0) {
    const count = native.udpReceive(arena, fd, RECEIVE_BASE, SLOT_BYTES, SLOTS, batch);
    for (let i = 0; i < count; i++) {
      const row = batch.slice(i * RECV.WORDS, (i + 1) * RECV.WORDS);
      rows.push(row);
      received += row[RECV.LENGTH];
      for (let start = 0; start < row[RECV.LENGTH]; start += row[RECV.SEGMENT]) {
        const end = Math.min(start + row[RECV.SEGMENT], row[RECV.LENGTH]);
        datagrams.push(Buffer.from(arena.slice(row[RECV.OFFSET] + start, row[RECV.OFFSET] + end)));
      }
    }
  }
  return { datagrams, rows };
}

function thrownBy(action: () => unknown): NativeError {
  try {
    action();
  } catch (error) {
    return error as NativeError;
  }
  throw new Error('nothing was thrown');
}

const families = [
  { family: 4 as const, address: '127.0.0.1' },
  { family: 6 as const, address: '::1' },
];

describe.each(families)('IPv$family', ({ family, address }) => {
  const shapes = [
    { name: 'one datagram', length: 1400, segment: 1400 },
    { name: 'a run with a shorter last datagram', length: 43 * 1448 + 100, segment: 1448 },
    { name: 'more than 64 segments', length: 200 * 300, segment: 300 },
    { name: 'more than 65,507 bytes', length: 100 * 1400 + 7, segment: 1400 },
    { name: 'tiny segments', length: 130, segment: 1 },
  ];
  for (const gso of [true, false]) {
    for (const gro of [true, false]) {
      test.each(shapes)(`$name arrives byte-identical (gso ${gso}, gro ${gro})`, ({ length, segment }) => {
        const arena = new Uint8Array(ARENA_BYTES);
        const sent = randomBytes(length);
        arena.set(sent, 100);
        const receiver = socket({ family, address, gro });
        const sender = socket({ family, address });
        const row = Int32Array.from(
          sendRow({
            FD: sender.fd,
            OFFSET: 100,
            LENGTH: length,
            SEGMENT: segment,
            PATH: 0,
            GSO: gso ? 1 : 0,
          }),
        );
        expect(native.udpSend(arena, row, 1, pathRow(address, receiver.port))).toBe(1);
        expect([row[SEND.RESULT], row[SEND.SENT]]).toEqual([0, length]);
        const { datagrams } = receive(receiver.fd, arena, length);
        expect(datagrams.length).toBe(Math.ceil(length / segment));
        expect(
          datagrams.every((datagram, i) => i === datagrams.length - 1 || datagram.length === segment),
        ).toBe(true);
        expect(Buffer.compare(Buffer.concat(datagrams), sent)).toBe(0);
      });
    }
  }

  test('a message names its path: remote, local and interface', () => {
    const arena = new Uint8Array(ARENA_BYTES);
    const receiver = socket({ family, address: null });
    const sender = socket({ family, address });
    const row = Int32Array.from(
      sendRow({ FD: sender.fd, OFFSET: 0, LENGTH: 9, SEGMENT: 9, PATH: 0, GSO: 1 }),
    );
    native.udpSend(arena, row, 1, pathRow(address, receiver.port));
    const path = receive(receiver.fd, arena, 9).rows[0].subarray(RECV.PATH);
    expect(path[PATH.FAMILY]).toBe(family);
    expect(path[PATH.PORT]).toBe(sender.port);
    expect(path.slice(PATH.ADDR, PATH.ADDR + 4)).toEqual(addressWords(address));
    expect(path.slice(PATH.LOCAL, PATH.LOCAL + 4)).toEqual(addressWords(address));
    expect(path[PATH.IFINDEX]).toBe(native.ifindex('lo'));

    // The path of a received message, taken as it is, leads back.
    const answer = Int32Array.from(
      sendRow({ FD: receiver.fd, OFFSET: 0, LENGTH: 5, SEGMENT: 5, PATH: 0, GSO: 1 }),
    );
    expect(native.udpSend(arena, answer, 1, path)).toBe(1);
    const back = receive(sender.fd, arena, 5).rows[0].subarray(RECV.PATH);
    expect(back[PATH.PORT]).toBe(receiver.port);
  });

  test('who asks hears that nobody listens where datagrams went, and no send to others fails for it', () => {
    const arena = new Uint8Array(ARENA_BYTES);
    const receiver = socket({ family, address });
    const closed = socket({ family, address });
    native.close(open.splice(open.indexOf(closed.fd), 1)[0]);
    const sender = socket({ family, address });
    const refused = new Int32Array(2 * SOCKET_ERROR.WORDS);
    const send = (port: number): number => {
      const row = Int32Array.from(
        sendRow({ FD: sender.fd, OFFSET: 0, LENGTH: 7, SEGMENT: 7, PATH: 0, GSO: 1 }),
      );
      native.udpSend(arena, row, 1, pathRow(address, port));
      return row[SEND.RESULT];
    };
    expect(send(closed.port)).toBe(0);
    expect(native.udpErrors(sender.fd, refused)).toBe(0);
    expect(native.udpTellErrors(sender.fd, true)).toBe(true);
    for (const port of [closed.port, receiver.port, closed.port, closed.port]) expect(send(port)).toBe(0);
    expect(receive(receiver.fd, arena, 7).datagrams).toHaveLength(1);
    const epoll = native.epollCreate();
    open.push(epoll);
    native.epollAdd(epoll, sender.fd, 1);
    expect(native.wait(epoll, PATIENCE_US, 0, new Int32Array(1))).toBe(1);
    expect(native.udpReceive(arena, sender.fd, RECEIVE_BASE, SLOT_BYTES, 1, new Int32Array(RECV.WORDS))).toBe(
      0,
    );
    expect(native.udpErrors(sender.fd, refused)).toBe(2);
    const path = refused.subarray(SOCKET_ERROR.WORDS + SOCKET_ERROR.TO);
    expect([path[PATH.FAMILY], path[PATH.PORT]]).toEqual([family, closed.port]);
    expect(path.slice(PATH.ADDR, PATH.ADDR + 4)).toEqual(addressWords(address));
    expect(native.udpErrors(sender.fd, refused)).toBe(1);
    expect(native.wait(epoll, 0, 0, new Int32Array(1))).toBe(0);
  });

  test('a taken port is an error with code, errno and system call', () => {
    const { port } = socket({ family, address });
    const error = thrownBy(() => socket({ family, address, port }));
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ code: 'EADDRINUSE', errno: constants.errno.EADDRINUSE, syscall: 'bind' });
  });
});

test('a failing row stops no other row', () => {
  const arena = new Uint8Array(ARENA_BYTES);
  const receiver = socket();
  const { fd } = socket();
  const noSocket = native.eventCreate();
  open.push(noSocket);
  const paths = new Int32Array(2 * PATH.WORDS);
  paths.set(pathRow('127.0.0.1', receiver.port));
  const good = { FD: fd, OFFSET: 0, LENGTH: 3000, SEGMENT: 1000, PATH: 0 };
  const rows = [
    good,
    { ...good, LENGTH: 65_508, SEGMENT: 65_508 },
    { ...good, PATH: 1 },
    { ...good, PATH: 2 },
    good,
    { ...good, OFFSET: ARENA_BYTES - 1 },
    { ...good, LENGTH: 0 },
    { ...good, SEGMENT: 0 },
    { ...good, FD: noSocket },
    good,
  ];
  for (const GSO of [0, 1]) {
    const ops = Int32Array.from(rows.flatMap((row) => sendRow({ ...row, GSO })));
    expect(native.udpSend(arena, ops, rows.length, paths)).toBe(3);
    const results = rows.map((_, i) => ops[i * SEND.WORDS + SEND.RESULT]);
    const sent = rows.map((_, i) => ops[i * SEND.WORDS + SEND.SENT]);
    const { EMSGSIZE, EINVAL, ENOTSOCK } = constants.errno;
    expect(results).toEqual(
      [0, EMSGSIZE, EINVAL, EINVAL, 0, EINVAL, EINVAL, EINVAL, ENOTSOCK, 0].map((errno) => 0 - errno),
    );
    expect(sent).toEqual([3000, 0, 0, 0, 3000, 0, 0, 0, 0, 3000]);
    expect(receive(receiver.fd, arena, 9000).datagrams.length).toBe(9);
  }
});

test('what ICMP answers to a datagram is told, and fails no later send', () => {
  const arena = new Uint8Array(ARENA_BYTES);
  const gone = socket();
  const { fd } = socket();
  native.close(open.splice(open.indexOf(gone.fd), 1)[0]);
  const receiver = socket();
  const paths = new Int32Array(2 * PATH.WORDS);
  paths.set(pathRow('127.0.0.1', gone.port));
  paths.set(pathRow('127.0.0.1', receiver.port), PATH.WORDS);
  const send = (path: number) => {
    const row = sendRow({ FD: fd, OFFSET: 0, LENGTH: 4, SEGMENT: 4, PATH: path, GSO: 0 });
    return native.udpSend(arena, Int32Array.from(row), 1, paths);
  };
  expect(native.udpTellErrors(fd, true)).toBe(true);
  expect([send(0), send(1)]).toEqual([1, 1]);
  expect(receive(receiver.fd, arena, 4).datagrams.length).toBe(1);
  const rows = new Int32Array(4 * SOCKET_ERROR.WORDS);
  expect(native.udpErrors(fd, rows)).toBe(1);
  const [origin, type, code] = rows;
  expect([origin, type, code]).toEqual([2, 3, 3]);
  const at = (offset: number) => rows.slice(offset, offset + PATH.LOCAL);
  expect(at(SOCKET_ERROR.TO)).toEqual(pathRow('127.0.0.1', gone.port).slice(0, PATH.LOCAL));
  expect(at(SOCKET_ERROR.FROM).slice(PATH.ADDR)).toEqual(addressWords('127.0.0.1'));
  expect(native.udpTellErrors(fd, false)).toBe(false);
  expect([send(0), send(1), native.udpErrors(fd, rows)]).toEqual([1, 1, 0]);
});

test('hundreds of rows to two sockets keep their order', () => {
  const arena = new Uint8Array(ARENA_BYTES);
  const receivers = [socket({ gro: false }), socket({ gro: false })];
  const { fd } = socket();
  const other = socket();
  const paths = new Int32Array(2 * PATH.WORDS);
  paths.set(pathRow('127.0.0.1', receivers[0].port));
  paths.set(pathRow('127.0.0.1', receivers[1].port), PATH.WORDS);
  const count = 400;
  const view = new DataView(arena.buffer);
  for (let i = 0; i < count; i++) view.setUint32(4 * i, i);
  const rows = Array.from({ length: count }, (_, i) =>
    sendRow({ FD: i % 7 < 4 ? fd : other.fd, OFFSET: 4 * i, LENGTH: 4, SEGMENT: 4, PATH: i % 2, GSO: 1 }),
  );
  expect(native.udpSend(arena, Int32Array.from(rows.flat()), count, paths)).toBe(count);
  for (const parity of [0, 1]) {
    const numbers = receive(receivers[parity].fd, arena, 4 * (count / 2)).datagrams.map((d) =>
      d.readUInt32BE(),
    );
    expect(numbers).toEqual(Array.from({ length: count / 2 }, (_, i) => 2 * i + parity));
  }
});

test('the path chooses the source address', () => {
  const arena = new Uint8Array(ARENA_BYTES);
  const receiver = socket();
  const sender = socket({ address: null });
  const row = Int32Array.from(
    sendRow({ FD: sender.fd, OFFSET: 0, LENGTH: 3000, SEGMENT: 1000, PATH: 0, GSO: 1 }),
  );
  native.udpSend(arena, row, 1, pathRow('127.0.0.1', receiver.port, '127.0.0.9'));
  const { rows } = receive(receiver.fd, arena, 3000);
  expect(rows[0].slice(RECV.PATH + PATH.ADDR, RECV.PATH + PATH.ADDR + 4)).toEqual(addressWords('127.0.0.9'));

  // An address that is not ours (any more) is refused, with an error that differs between kernels.
  native.udpSend(arena, row, 1, pathRow('127.0.0.1', receiver.port, '192.0.2.1'));
  expect(row[SEND.RESULT]).toBeLessThan(0);
});

test('a drained socket gives 0', () => {
  const { fd } = socket();
  expect(native.udpReceive(new Uint8Array(2048), fd, 0, 2048, 1, new Int32Array(RECV.WORDS))).toBe(0);
});

test('slots and rows outside their arrays throw', () => {
  const { fd } = socket();
  const arena = new Uint8Array(4096);
  expect(() => native.udpReceive(arena, fd, 0, 2048, 3, new Int32Array(3 * RECV.WORDS))).toThrow(RangeError);
  expect(() => native.udpReceive(arena, fd, 0, 2048, 2, new Int32Array(RECV.WORDS))).toThrow(RangeError);
  expect(() => native.udpReceive(arena, fd, -2048, 2048, 1, new Int32Array(RECV.WORDS))).toThrow(RangeError);
  expect(() => native.udpSend(arena, new Int32Array(4), 1, new Int32Array(PATH.WORDS))).toThrow(RangeError);
});

test('options are set as asked, or refused with a clear error', () => {
  const handle = socket({ receiveBuffer: 65_536, sendBuffer: 131_072, device: 'lo' });
  expect(handle).toMatchObject({ receiveBuffer: 65_536, sendBuffer: 131_072, gro: true, gso: true });
  expect(socket({ gro: false }).gro).toBe(false);
  expect(thrownBy(() => socket({ address: 'example' })).code).toBe('EINVAL');
  expect(thrownBy(() => socket({ address: '::1' })).code).toBe('EINVAL');
  expect(socket({ address: '192.0.2.1' }).port).toBeGreaterThan(0);
  expect(thrownBy(() => socket({ device: 'no-such-dev' }))).toMatchObject({
    code: 'ENODEV',
    syscall: 'SO_BINDTODEVICE',
  });
  expect(() => socket({ port: 65_536 })).toThrow(RangeError);
  expect(() => socket({ port: undefined as unknown as number })).toThrow(TypeError);
});

test('a batch of large messages ends after half a megabyte, and nothing is lost of the rest', () => {
  const { fd, port } = socket();
  const sender = socket();
  const [slots, length] = [64, 60_000];
  const arena = new Uint8Array(slots * SLOT_BYTES);
  const row = { FD: sender.fd, OFFSET: 0, LENGTH: slots * length, SEGMENT: length, PATH: 0, GSO: 0 };
  native.udpSend(arena, Int32Array.from(sendRow(row)), 1, pathRow('127.0.0.1', port));
  const rows = new Int32Array(slots * RECV.WORDS);
  const counts: number[] = [];
  for (let left = slots - native.udpDrops(fd); left > 0; left -= counts[counts.length - 1]) {
    counts.push(native.udpReceive(arena, fd, 0, SLOT_BYTES, slots, rows));
    expect(counts[counts.length - 1]).toBeGreaterThan(0);
  }
  expect(Math.max(...counts) * length).toBeLessThan(2 * BATCH.BYTES);
  expect(counts.length).toBeGreaterThan(2);
});

test('what a socket has no room for is counted', () => {
  const { fd, port } = socket({ receiveBuffer: 4096 });
  const sender = socket();
  expect(native.udpDrops(fd)).toBe(0);
  const arena = new Uint8Array(100_000);
  const sent = 50;
  const row = { FD: sender.fd, OFFSET: 0, LENGTH: 1000 * sent, SEGMENT: 1000, PATH: 0, GSO: 0 };
  native.udpSend(arena, Int32Array.from(sendRow(row)), 1, pathRow('127.0.0.1', port));
  const rows = new Int32Array(SLOTS * RECV.WORDS);
  const received = native.udpReceive(arena, fd, 0, 2048, SLOTS, rows);
  expect(received).toBeGreaterThan(0);
  expect(native.udpDrops(fd)).toBe(sent - received);
  expect(native.udpDrops(-1)).toBe(0);
});

test('routeMtu tells the MTU of a reachable address and 0 of an unreachable one', () => {
  expect(native.routeMtu(4, '127.0.0.1', null, null, 0)).toBeGreaterThanOrEqual(65_535);
  expect(native.routeMtu(6, '::1', null, 'lo', 0)).toBeGreaterThanOrEqual(65_535);
  expect(native.routeMtu(4, '127.0.0.1', '192.0.2.1', null, 0)).toBe(0);
  expect(native.routeMtu(4, '127.0.0.1', null, 'no-such-dev', 0)).toBe(0);
  expect(thrownBy(() => native.routeMtu(4, '::1', null, null, 0)).code).toBe('EINVAL');
});

test('sockets of one port stand side by side, and the most specific one gets what comes', () => {
  const options = { family: 4, port: 0, device: null, receiveBuffer: 0, sendBuffer: 0, gro: false } as const;
  const wildcard = native.udpOpen({ ...options, address: null });
  const { port } = wildcard;
  const own = { ...options, address: '127.0.0.1', port };
  expect(thrownBy(() => native.udpOpen(own)).code).toBe('EADDRINUSE');
  const specific = native.udpOpen(own, Int32Array.of(wildcard.fd));
  try {
    expect(thrownBy(() => native.udpOpen({ ...own, address: '127.0.0.2' })).code).toBe('EADDRINUSE');
    expect(thrownBy(() => native.udpOpen(own)).code).toBe('EADDRINUSE');
  } finally {
    native.close(specific.fd);
    native.close(wildcard.fd);
  }
});

test('routeDevice tells by which device an address is reached, and 0 of an unreachable one', () => {
  const lo = native.ifindex('lo');
  expect(native.routeDevice(4, '127.0.0.1', null, 0, 0)).toBe(lo);
  expect(native.routeDevice(6, '::1', null, lo, 0)).toBe(lo);
  expect(native.routeDevice(4, '127.0.0.1', '192.0.2.1', 0, 0)).toBe(0);
  expect(thrownBy(() => native.routeDevice(4, '::1', null, 0, 0)).code).toBe('EINVAL');
});

test('a send that the kernel really refuses is an error for who hears of refusals as well, and it goes on hearing', () => {
  const arena = new Uint8Array(ARENA_BYTES);
  const sender = socket();
  const closed = socket();
  native.close(open.splice(open.indexOf(closed.fd), 1)[0]);
  native.udpTellErrors(sender.fd, true);
  const send = (path: Int32Array): number => {
    const row = Int32Array.from(
      sendRow({ FD: sender.fd, OFFSET: 0, LENGTH: 7, SEGMENT: 7, PATH: 0, GSO: 1 }),
    );
    native.udpSend(arena, row, 1, path);
    return row[SEND.RESULT];
  };
  // No socket may send to all without asking for that.
  expect(send(pathRow('255.255.255.255', 9))).toBe(-constants.errno.EACCES);
  expect(send(pathRow('127.0.0.1', closed.port))).toBe(0);
  expect(native.udpErrors(sender.fd, new Int32Array(SOCKET_ERROR.WORDS))).toBe(1);
});
