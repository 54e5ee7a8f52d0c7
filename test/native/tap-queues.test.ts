/** A TAP of several queues: what forms there are, which queue a flow has, and that each flow stays in order. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadNative, type TapHandle } from '../../src/native/binding.js';
import { QUEUES, READ, VNET_HEADER, WRITE } from '../../src/native/ops.js';
import { ip, needsRoot, uniqueName } from './root.js';

const native = loadNative();
const PATIENCE_US = 5_000_000;
const FRAME_BYTES = VNET_HEADER + 1400;
const SLOT_BYTES = 2048;
const SLOTS = 64;
const QUEUE_COUNT = 3;
const FLOWS = 24;
const FIRST_PORT = 1000;
const PORTS = VNET_HEADER + 38;
const NUMBER = VNET_HEADER + 60;
/** A VLAN tag and IPv4: what has a tag, bridges pass without a look inside. */
const TAGGED_IPV4 = [0x81, 0, 0, 5, 0x08, 0];
const ROW_WORDS = WRITE.PARTS + 4;

const open: number[] = [];
beforeEach(needsRoot);
afterEach(() => {
  native.setHelpers(0);
  for (const fd of open.splice(0)) native.close(fd);
});

function tap(name: string, multiQueue: boolean): TapHandle {
  const offloads = { checksum: true, tso: true, uso: true, tunnel: true };
  const handle = native.tapOpen({ name, ...offloads, sendBuffer: 4 << 20, multiQueue });
  open.push(handle.fd);
  return handle;
}

describe('a device that is there', () => {
  test.each([
    ['single', '', false],
    ['several', ' multi_queue', true],
  ])('and has a form for %s queues keeps it', (_, word, isMulti) => {
    const name = uniqueName();
    ip(`tuntap add ${name} mode tap vnet_hdr${word}`);
    try {
      const handle = tap(name, !isMulti);
      expect(handle).toMatchObject({ multiQueue: isMulti, existed: true });
      const add = () => open.push(native.tapAddQueue(name, handle.ifindex));
      if (isMulti) add();
      else expect(add).toThrow('EINVAL');
      expect(native.tapName(open[0])).toBe(name);
    } finally {
      for (const fd of open.splice(0)) native.close(fd);
      ip(`link delete ${name}`);
    }
  });

  test('and is no TAP is refused', () => {
    expect(() => tap('lo', true)).toThrow('EEXIST');
  });

  test('gets no queue by another index, and none is made of another name', () => {
    const name = uniqueName();
    const { ifindex } = tap(name, true);
    expect(() => native.tapAddQueue(name, ifindex + 1)).toThrow('ENODEV');
    const other = uniqueName();
    expect(() => native.tapAddQueue(other, 0)).toThrow('ENODEV');
    expect(() => native.ifindex(other)).toThrow('ENODEV');
  });
});

interface Seen {
  flow: number;
  number: number;
  /** -1 where they were read together. */
  queue: number;
}

/** A TAP of several queues and one of a single queue, which a bridge connects. */
class Pair {
  readonly bridge = uniqueName();
  readonly record = new Int32Array(QUEUES.WORDS);
  private readonly arena = new Uint8Array(SLOTS * SLOT_BYTES);
  private readonly rows = new Int32Array(SLOTS * READ.WORDS);
  private readonly epoll = native.epollCreate();
  private readonly far: number;

  constructor() {
    open.push(this.epoll);
    ip(`link add ${this.bridge} type bridge`);
    ip(`link set ${this.bridge} up`);
    const [near, far] = [tap(uniqueName(), true), tap(uniqueName(), false)];
    const names = [near, far].map(({ fd }) => native.tapName(fd)!);
    const queues = [near.fd];
    while (queues.length < QUEUE_COUNT) {
      queues.push(native.tapAddQueue(names[0], near.ifindex));
      open.push(queues.at(-1)!);
    }
    this.far = far.fd;
    this.record[QUEUES.COUNT] = QUEUE_COUNT;
    for (const [queue, fd] of queues.entries()) {
      this.record[QUEUES.FD + queue] = fd;
      native.epollAdd(this.epoll, fd, queue);
    }
    native.epollAdd(this.epoll, far.fd, QUEUE_COUNT);
    for (const name of names) ip(`link set ${name} txqueuelen 1000 master ${this.bridge} up`);
    this.awaitForwarding();
  }

  remove(): void {
    ip(`link del ${this.bridge}`);
  }

  /** Flows and numbers to the TAP of one queue, and what comes out of the queues, each by itself or all together. */
  inwards(frames: readonly [flow: number, number: number][], isApart = false): Seen[] {
    native.tapWrite(this.arena, this.far, this.makeFrames(frames, true), frames.length);
    return this.read(frames.length, 0, () => {
      const ready = this.record[QUEUES.READY];
      const chosen = isApart ? ready & -ready : ready;
      this.record[QUEUES.READY] = chosen;
      const count = native.tapReadQueues(this.arena, this.record, 0, SLOT_BYTES, SLOTS, this.rows);
      this.record[QUEUES.READY] |= ready & ~chosen;
      return { count, queue: isApart ? Math.log2(chosen) : -1 };
    });
  }

  /** The same the other way, as answers. */
  outwards(frames: readonly [flow: number, number: number][]): Seen[] {
    const ops = this.makeFrames(frames, false);
    expect(native.tapWriteQueues(this.arena, this.record, ops, frames.length)).toBe(frames.length);
    return this.read(frames.length, QUEUE_COUNT, () => {
      const count = native.tapRead(this.arena, this.far, 0, SLOT_BYTES, SLOTS, this.rows);
      return { count, queue: -1 };
    });
  }

  /** Which queue each of these flows comes by. */
  queuesOf(flows: readonly number[]): Map<number, number> {
    return new Map(flows.map((flow) => [flow, this.inwards([[flow, 0]], true)[0].queue]));
  }

  private read(wanted: number, first: number, next: () => { count: number; queue: number }): Seen[] {
    const seen: Seen[] = [];
    const tokens = new Int32Array(QUEUE_COUNT + 1);
    while (seen.length < wanted) {
      const ready = native.wait(this.epoll, PATIENCE_US, 0, tokens);
      if (ready === 0) throw new Error(`${seen.length} of ${wanted} frames came`);
      for (const token of tokens.subarray(0, ready)) {
        if (token < QUEUE_COUNT) this.record[QUEUES.READY] |= 1 << token;
      }
      if (first === 0 && this.record[QUEUES.READY] === 0) continue;
      const { count, queue } = next();
      for (let i = 0; i < count; i++) {
        const offset = this.rows[i * READ.WORDS + READ.OFFSET];
        const view = new DataView(this.arena.buffer, offset, this.rows[i * READ.WORDS + READ.LENGTH]);
        if (view.byteLength < FRAME_BYTES || view.getUint16(VNET_HEADER + 16) !== 0x0800) continue;
        const port = Math.min(view.getUint16(PORTS), view.getUint16(PORTS + 2));
        seen.push({ flow: port - FIRST_PORT, number: view.getUint32(NUMBER), queue });
      }
    }
    return seen;
  }

  /** UDP datagrams over IPv4 in frames, and the rows that write them. */
  private makeFrames(frames: readonly [flow: number, number: number][], isInwards: boolean): Int32Array {
    const ops = new Int32Array(frames.length * ROW_WORDS);
    for (const [row, [flow, number]] of frames.entries()) {
      const offset = row * SLOT_BYTES;
      const frame = this.arena.subarray(offset, offset + FRAME_BYTES).fill(0);
      const view = new DataView(this.arena.buffer, offset, FRAME_BYTES);
      const ends = [
        { mac: 0x77, address: 1, port: FIRST_PORT + flow },
        { mac: 0x78, address: 2, port: 9000 },
      ];
      const [from, to] = isInwards ? ends : ends.reverse();
      frame.set([2, 0, 0, 0, 0, to.mac, 2, 0, 0, 0, 0, from.mac], VNET_HEADER);
      frame.set(TAGGED_IPV4, VNET_HEADER + 12);
      frame.set([0x45, 0, 0x05, 0x66, 0, 0, 0, 0, 64, 17], VNET_HEADER + 18);
      frame.set([10, 0, 0, from.address, 10, 0, 0, to.address], VNET_HEADER + 30);
      view.setUint16(PORTS, from.port);
      view.setUint16(PORTS + 2, to.port);
      view.setUint32(NUMBER, number);
      ops.set([2, 1, offset, 50, offset + 50, FRAME_BYTES - 50], row * ROW_WORDS);
    }
    return ops;
  }

  /** A bridge does not forward before it has heard that both ports have a carrier. */
  private awaitForwarding(): void {
    const ops = this.makeFrames([[FLOWS, 0]], false);
    for (let left = 1000; left > 0; left--) {
      native.tapWriteQueues(this.arena, this.record, ops, 1);
      if (native.wait(this.epoll, 5_000, 0, new Int32Array(1)) === 0) continue;
      while (native.tapRead(this.arena, this.far, 0, SLOT_BYTES, SLOTS, this.rows) > 0);
      return;
    }
    throw new Error('the bridge does not forward');
  }
}

describe('flows', () => {
  let pair: Pair | null = null;
  afterEach(() => {
    pair?.remove();
    pair = null;
  });

  const all = Array.from({ length: FLOWS }, (_, flow) => flow);

  test('stay in the queue that they came by, whatever is answered', () => {
    pair = new Pair();
    const before = pair.queuesOf(all);
    expect(new Set(before.values()).size).toBe(QUEUE_COUNT);
    pair.outwards(all.map((flow) => [flow, 0]));
    expect(pair.queuesOf(all)).toEqual(before);
  });

  test('that begin elsewhere are spread over the queues', () => {
    pair = new Pair();
    pair.outwards(all.map((flow) => [flow, 0]));
    const queues = pair.queuesOf(all);
    expect(new Set(queues.values()).size).toBe(QUEUE_COUNT);
    pair.outwards(all.map((flow) => [flow, 1]));
    expect(pair.queuesOf(all)).toEqual(queues);
  });

  test.each([
    ['alone', [1024, 1 << 29], QUEUES.ALONE],
    ['by several threads', [1 << 29, 1024], QUEUES.TOGETHER],
  ])('are read %s where that is faster, and the other way now and then', (_, known, faster) => {
    pair = new Pair();
    const { record } = pair;
    expect(native.setHelpers(1)).toBe(1);
    // The kernel's hash, another after each boot, may put most flows into one queue: then no helper is wanted.
    const flows = [...pair.queuesOf(Array.from({ length: FLOWS }, (_, flow) => flow))];
    const spread = Array.from(
      { length: QUEUE_COUNT },
      (_, queue) => flows.find((flow) => flow[1] === queue)![0],
    );
    const batch = Array.from({ length: SLOTS }, (_, at): [number, number] => [spread[at % QUEUE_COUNT], at]);
    pair.inwards(batch);
    const ways = { usual: 0, other: 0 };
    while (ways.usual + ways.other < 130) {
      record.set(known, QUEUES.ALONE);
      const turn = record[QUEUES.TURN];
      pair.inwards(batch);
      if (record[QUEUES.TURN] === turn) continue;
      const changed = known.findIndex((value, at) => record[QUEUES.ALONE + at] !== value);
      ways[QUEUES.ALONE + changed === faster ? 'usual' : 'other']++;
    }
    expect(ways.other).toBeGreaterThanOrEqual(4);
    expect(ways.other).toBeLessThanOrEqual(5);
  });

  test('stay in order both ways, by helpers as well', () => {
    pair = new Pair();
    const both = pair;
    const batch = fc.array(fc.integer({ min: 0, max: FLOWS - 1 }), { minLength: 1, maxLength: SLOTS });
    const batches = fc.array(fc.tuple(fc.boolean(), batch), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3 }), batches, (helpers, wanted) => {
        expect(native.setHelpers(helpers)).toBe(helpers);
        for (const [isInwards, flows] of wanted) {
          let number = 0;
          const sent = flows.map((flow): [number, number] => [flow, number++]);
          const seen = isInwards ? both.inwards(sent) : both.outwards(sent);
          for (const flow of all) {
            const of = (frames: readonly (readonly [number, number])[]) =>
              frames.filter(([one]) => one === flow).map(([, number]) => number);
            expect(of(seen.map((frame) => [frame.flow, frame.number]))).toEqual(of(sent));
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
