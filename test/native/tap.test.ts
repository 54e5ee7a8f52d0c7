import { constants } from 'node:os';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadNative, type TapHandle, type TapOptions } from '../../src/native/binding.js';
import { BATCH, READ, SEND, VNET_HEADER, WRITE } from '../../src/native/ops.js';
import { ip, needsRoot, uniqueName } from './root.js';
import { addressWords, pathRow, sendRow } from './rows.js';

const native = loadNative();
const SLOT_BYTES = 65_536 + 64;
const SLOTS = 8;
const WRITE_BASE = SLOTS * SLOT_BYTES;
const PATIENCE_US = 5_000_000;
const NEEDS_CSUM = 1;
const GSO_UDP_L4 = 5;
const ETHER_ARP = 0x0806;
const ETHER_IPV4 = 0x0800;
/** Next header of RFC 8200 section 4.5. */
const IPV6_FRAGMENT = 44;

// The network set aside for measuring (RFC 2544): in nobody's way.
const HOST = '198.19.77.1';
const NEIGHBOUR = '198.19.77.2';
const NEIGHBOUR_MAC = [0x02, 0, 0, 0, 0, 0x02];

const open: number[] = [];
afterEach(() => {
  for (const fd of open.splice(0)) native.close(fd);
});

function tap(options: Partial<TapOptions> & { name: string }): TapHandle {
  const handle = native.tapOpen({
    checksum: true,
    tso: true,
    uso: true,
    tunnel: true,
    sendBuffer: 0,
    multiQueue: false,
    ...options,
  });
  open.push(handle.fd);
  return handle;
}

function addressBytes(text: string): number[] {
  return [...new Uint8Array(addressWords(text).buffer, 0, 4)];
}

/** Reads frames until one satisfies `wanted`; null when none came in time. */
function readUntil(fd: number, arena: Uint8Array, wanted: (frame: DataView) => boolean): DataView | null {
  const epoll = native.epollCreate();
  open.push(epoll);
  native.epollAdd(epoll, fd, 0);
  const rows = new Int32Array(SLOTS * READ.WORDS);
  while (native.wait(epoll, PATIENCE_US, 0, new Int32Array(1)) > 0) {
    const count = native.tapRead(arena, fd, 0, SLOT_BYTES, SLOTS, rows);
    for (let i = 0; i < count; i++) {
      const offset = rows[i * READ.WORDS + READ.OFFSET];
      expect(offset).toBe(i * SLOT_BYTES);
      const frame = new DataView(arena.buffer, offset, rows[i * READ.WORDS + READ.LENGTH]);
      if (wanted(frame)) return frame;
    }
  }
  return null;
}

const etherType = (frame: DataView) => frame.getUint16(VNET_HEADER + 12);
const macAt = (frame: DataView, position: number) => [
  ...new Uint8Array(frame.buffer, frame.byteOffset + position, 6),
];

/** The bytes of an answer to the ARP request in `request`, with an empty virtio-net header. */
function arpReply(request: DataView): number[] {
  const asker = macAt(request, VNET_HEADER + 6);
  const arp = [0, 1, 8, 0, 6, 4, 0, 2];
  return [
    ...new Array<number>(VNET_HEADER).fill(0),
    ...[...asker, ...NEIGHBOUR_MAC, 8, 6],
    ...[...arp, ...NEIGHBOUR_MAC, ...addressBytes(NEIGHBOUR), ...asker, ...addressBytes(HOST)],
  ];
}

/** Sends `length` bytes through the kernel to the neighbour beyond the TAP. */
function sendToNeighbour(arena: Uint8Array, length: number, segment: number): number {
  const socket = native.udpOpen({
    family: 4,
    address: HOST,
    port: 0,
    device: null,
    receiveBuffer: 0,
    sendBuffer: 1 << 20,
    gro: false,
  });
  open.push(socket.fd);
  const row = Int32Array.from(
    sendRow({ FD: socket.fd, OFFSET: WRITE_BASE, LENGTH: length, SEGMENT: segment, PATH: 0, GSO: 1 }),
  );
  native.udpSend(arena, row, 1, pathRow(NEIGHBOUR, 9));
  return row[SEND.RESULT];
}

/** Writes one frame in parts of the given sizes (the rest last); its result. */
function writeInParts(fd: number, arena: Uint8Array, frame: number[], sizes: number[]): number {
  const parts: number[] = [];
  let position = 0;
  for (const size of [...sizes, frame.length - sizes.reduce((sum, size) => sum + size, 0)]) {
    // Parts are apart in the arena, so that only gathering can join them.
    const offset = WRITE_BASE + 3 * position;
    arena.set(frame.slice(position, position + size), offset);
    parts.push(offset, size);
    position += size;
  }
  const ops = Int32Array.from([parts.length / 2, 12345, ...parts]);
  expect(native.tapWrite(arena, fd, ops, 1)).toBe(ops[WRITE.RESULT] === 0 ? 1 : 0);
  return ops[WRITE.RESULT];
}

describe('TAP', () => {
  beforeEach(needsRoot);

  test('frames pass both ways, super-frames whole', () => {
    const name = uniqueName();
    const { fd, ifindex, granted } = tap({ name });
    expect(ifindex).toBe(native.ifindex(name));
    expect(granted.checksum && granted.tso).toBe(true);
    ip(`address add ${HOST}/24 dev ${name}`);
    ip(`link set ${name} up`);
    const arena = new Uint8Array(WRITE_BASE + (1 << 18));

    arena.set([0xca, 0xfe], WRITE_BASE);
    expect(sendToNeighbour(arena, 2, 2)).toBe(0);
    const request = readUntil(fd, arena, (frame) => etherType(frame) === ETHER_ARP);
    expect(request).not.toBeNull();
    if (request === null) return;
    expect(request.byteLength).toBe(VNET_HEADER + 42);

    // Answered, the kernel sends the datagram that waited.
    expect(writeInParts(fd, arena, arpReply(request), [VNET_HEADER, 14])).toBe(0);
    const isUdp = (frame: DataView) =>
      etherType(frame) === ETHER_IPV4 && frame.getUint8(VNET_HEADER + 14 + 9) === 17;
    const datagram = readUntil(fd, arena, isUdp);
    expect(datagram?.getUint16(VNET_HEADER + 14 + 28)).toBe(0xcafe);
    expect(datagram && macAt(datagram, VNET_HEADER)).toEqual(NEIGHBOUR_MAC);
    // The checksum was left to us, as announced.
    expect(datagram?.getUint8(0)).toBe(NEEDS_CSUM);

    if (granted.uso) {
      expect(sendToNeighbour(arena, 30_000, 1400)).toBe(0);
      const superFrame = readUntil(fd, arena, isUdp);
      expect(superFrame?.getUint8(1)).toBe(GSO_UDP_L4);
      expect(superFrame?.getUint16(4, true)).toBe(1400);
      expect(superFrame?.byteLength).toBe(VNET_HEADER + 42 + 30_000);
    }
    expect(native.tapRead(arena, fd, 0, SLOT_BYTES, SLOTS, new Int32Array(SLOTS * READ.WORDS))).toBeLessThan(
      SLOTS,
    );
  });

  test('a batch of large frames ends after half a megabyte, and the next one goes on', () => {
    const name = uniqueName();
    const { fd } = tap({ name });
    ip(`link set ${name} mtu 65521 up`);
    ip(`address add ${HOST}/24 dev ${name}`);
    ip(`neighbour add ${NEIGHBOUR} lladdr 02:00:00:00:00:02 nud permanent dev ${name}`);
    const slots = 20;
    const arena = new Uint8Array(slots * SLOT_BYTES);
    const length = 60_000;
    for (let sent = 0; sent < slots; sent++) expect(sendToNeighbour(arena, length, length)).toBe(0);
    const rows = new Int32Array(slots * READ.WORDS);
    const isData = (row: number) => rows[row * READ.WORDS + READ.LENGTH] > length;
    const read = () => {
      const count = native.tapRead(arena, fd, 0, SLOT_BYTES, slots, rows);
      return Array.from({ length: count }, (_, row) => row).filter(isData).length;
    };
    const mostOfBatch = Math.ceil(BATCH.BYTES / length);
    expect([read(), read(), read(), read()]).toEqual([mostOfBatch, mostOfBatch, slots - 2 * mostOfBatch, 0]);
  });

  test('IP cuts what is larger than the device takes, where it is allowed to', () => {
    const name = uniqueName();
    const { fd } = tap({ name });
    ip(`link set ${name} mtu 1280 up`);
    for (const [own, other] of [
      [HOST, NEIGHBOUR],
      ['fd00:77::1', 'fd00:77::2'],
    ]) {
      const family = own.includes(':') ? (6 as const) : (4 as const);
      ip(`address add ${own}/${family === 4 ? 24 : 64} dev ${name}${family === 6 ? ' nodad' : ''}`);
      ip(`neighbour add ${other} lladdr 02:00:00:00:00:02 nud permanent dev ${name}`);
      const arena = new Uint8Array(WRITE_BASE + (1 << 18));
      const buffers = { receiveBuffer: 0, sendBuffer: 1 << 20 };
      const socket = native.udpOpen({ family, address: own, port: 0, device: null, ...buffers, gro: false });
      open.push(socket.fd);
      const send = (FRAGMENTS: number): number => {
        const at = { FD: socket.fd, OFFSET: WRITE_BASE, LENGTH: 2800, SEGMENT: 1400, PATH: 0, FRAGMENTS };
        const row = Int32Array.from(sendRow(at));
        native.udpSend(arena, row, 1, pathRow(other, 9));
        return row[SEND.RESULT];
      };
      expect([send(0), send(1), send(0)]).toEqual([-constants.errno.EMSGSIZE, 0, -constants.errno.EMSGSIZE]);
      const rows = new Int32Array(SLOTS * READ.WORDS);
      const lengths: number[] = [];
      // The kernel also says things of its own to a device that has just come up.
      for (let count = 1; count > 0; ) {
        count = native.tapRead(arena, fd, 0, SLOT_BYTES, SLOTS, rows);
        for (let row = 0; row < count; row++) {
          const at = row * READ.WORDS;
          const frame = new DataView(arena.buffer, rows[at + READ.OFFSET], rows[at + READ.LENGTH]);
          const first = VNET_HEADER + 14;
          const isFragment =
            etherType(frame) === ETHER_IPV4
              ? (frame.getUint16(first + 6) & 0x3fff) !== 0
              : frame.getUint8(first + 6) === IPV6_FRAGMENT;
          if (isFragment) lengths.push(frame.byteLength - first);
        }
      }
      expect(lengths).toHaveLength(4);
      expect(Math.max(...lengths)).toBeLessThanOrEqual(1280);
    }
  });

  test('offloads that are not asked for are not granted', () => {
    const { granted } = tap({ name: uniqueName(), checksum: false, tso: false, uso: false, tunnel: false });
    expect(granted).toEqual({ checksum: false, tso: false, uso: false, tunnel: false });
  });

  test('segmentation without checksums is refused by the kernel, and said so', () => {
    const { granted } = tap({ name: uniqueName(), checksum: false });
    expect(granted).toEqual({ checksum: false, tso: false, uso: false, tunnel: false });
  });

  test('names that cannot be opened are clear errors', () => {
    const name = uniqueName();
    tap({ name });
    expect(() => tap({ name })).toThrow('EBUSY');
    expect(() => tap({ name: 'lo' })).toThrow(/EEXIST: the interface exists and is no TAP/);
    expect(() => tap({ name: '' })).toThrow('EINVAL');
    expect(() => tap({ name: 'sixteen-bytes-xx' })).toThrow('EINVAL');
    expect(() => tap({ name: 'oct%d' })).toThrow('EINVAL');
    expect(() => tap({ name: 'oct/0' })).toThrow('EINVAL');
  });

  test('a TAP vanishes with its descriptor unless it is persistent', () => {
    const [passing, lasting] = [uniqueName(), uniqueName()];
    tap({ name: passing });
    const made = tap({ name: lasting });
    native.tapPersist(made.fd, true);
    for (const fd of open.splice(0)) native.close(fd);
    expect(() => native.ifindex(passing)).toThrow('ENODEV');
    const { fd: again, ifindex, existed } = tap({ name: lasting });
    expect({ before: made.existed, again: existed }).toEqual({ before: false, again: true });
    expect(native.ifindex(lasting)).toBe(ifindex);
    native.tapPersist(again, false);
    for (const fd of open.splice(0)) native.close(fd);
    expect(() => native.ifindex(lasting)).toThrow('ENODEV');
  });

  test('offloads and the MAC address change while it is in use', () => {
    const name = uniqueName();
    const { fd } = tap({ name });
    const none = { checksum: false, tso: false, uso: false, tunnel: false };
    expect(native.tapOffloads(fd, none)).toEqual(none);
    expect(native.tapOffloads(fd, { ...none, checksum: true, tso: true })).toMatchObject({ tso: true });
    native.tapAddress(fd, Uint8Array.of(2, 0, 0, 0, 0, 7));
    expect(ip(`link show ${name}`)).toContain('02:00:00:00:00:07');
    expect(() => native.tapAddress(fd, Uint8Array.of(2, 0))).toThrow(RangeError);
  });

  test('frames outside the arena are refused one by one', () => {
    const name = uniqueName();
    const { fd } = tap({ name });
    ip(`link set ${name} up`);
    const arena = new Uint8Array(256);
    const frame = [2, 12345, 0, VNET_HEADER, 64, 60];
    const outside = [
      [1, 12345, 255, 2],
      [1, 12345, -1, 60],
      [1, 12345, 0, -60],
      [0, 12345],
    ];
    const ops = Int32Array.from([...frame, ...outside.flat(), ...frame]);
    expect(native.tapWrite(arena, fd, ops, outside.length + 2)).toBe(2);
    expect([ops[1], ops[7], ops[11], ops[15], ops[19], ops[21]]).toEqual([0, -22, -22, -22, -22, 0]);
    expect(() => native.tapWrite(arena, fd, ops, outside.length + 3)).toThrow(RangeError);
    expect(() => native.tapWrite(arena, fd, Int32Array.of(2, 0, 0, 60), 1)).toThrow(RangeError);
    expect(() => native.tapRead(arena, fd, 0, 129, 2, new Int32Array(4))).toThrow(RangeError);
    expect(() => native.tapRead(arena, fd, 0, 128, 2, new Int32Array(3))).toThrow(RangeError);
  });

  test('a deleted TAP is an error, not silence', () => {
    const name = uniqueName();
    const { fd } = tap({ name });
    ip(`link delete ${name}`);
    expect(() => native.tapRead(new Uint8Array(2048), fd, 0, 2048, 1, new Int32Array(2))).toThrow('EBADFD');
  });
});

describe('a descriptor that is open already', () => {
  const options = { checksum: true, tso: true, uso: true, tunnel: true, sendBuffer: 0, multiQueue: false };

  beforeEach(needsRoot);

  test('tells the name of its device, and is taken with a new agreement about offloads', () => {
    const name = uniqueName();
    const { fd, ifindex } = tap({ name });
    expect(native.tapName(fd)).toBe(name);
    const adopted = native.tapAdopt(fd, { name, ...options, uso: false });
    expect(adopted).toMatchObject({ fd, ifindex, existed: false, granted: { checksum: true, uso: false } });
    native.tapPersist(fd, true);
    expect(native.tapAdopt(fd, { name, ...options }).existed).toBe(true);
    native.tapPersist(fd, false);
  });

  test('of another device, or of none, is refused', () => {
    const event = native.eventCreate();
    expect(native.tapName(event)).toBeNull();
    expect(native.tapName(9999)).toBeNull();
    expect(() => native.tapAdopt(event, { name: 'any', ...options })).toThrow('ENODEV');
    const other = native.tapOpen({ name: uniqueName(), ...options });
    expect(() => native.tapAdopt(other.fd, { name: 'any', ...options })).toThrow('ENODEV');
    expect(native.tapName(other.fd)).toBeNull();
  });
});
