/** What it takes to read super-frames from a TAP that has a queue for each worker, and to write them to it. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { makeArena } from '../src/datapath/engine.js';
import { loadNative, type TapHandle } from '../src/native/binding.js';
import { READ, VNET_HEADER, WRITE } from '../src/native/ops.js';
import { SLOT_BYTES } from '../src/state/arena.js';
import { TapQueues } from '../src/worker/tap-queues.js';
import type { Feed } from './tap-feeder.js';

/** A batch: a super-frame of each of so many flows. */
export const TAP_FRAMES = 16;
const SEGMENT = 1360;
/** Ethernet with a VLAN tag, since bridges pass what has one without a look inside, IPv4 and TCP. */
const HEADERS = 18 + 20 + 20;
const FRAME_BYTES = VNET_HEADER + HEADERS + 60_000;
const ROW_WORDS = WRITE.PARTS + 2;
const PATIENCE_US = 10_000_000;
const TCPV4 = 1;
const NEEDS_CSUM = 1;

const native = loadNative();

/** Two TAPs in a bridge of this network namespace: `near` has a queue for each worker, `far` has one, which a thread of its own feeds. */
export class TapBench {
  private readonly arena = makeArena();
  private readonly rows = new Int32Array(this.arena.sizes.tapSlots * READ.WORDS);
  private readonly ops = new Int32Array(TAP_FRAMES * ROW_WORDS);
  private readonly near = new TapQueues(native, this.arena);
  private readonly bridge = 'br0';
  private readonly far: number;
  private readonly fds: number[];
  private readonly turns = new Int32Array(new SharedArrayBuffer(8));
  private readonly feeder: Worker;

  private constructor(workers: number) {
    ip(`link add ${this.bridge} type bridge`);
    ip(`link set ${this.bridge} up`);
    const names = ['near', 'far'];
    const { fd, ifindex } = openTap(names[0], workers > 1);
    this.far = openTap(names[1], false).fd;
    this.fds = [fd];
    while (this.fds.length < workers) this.fds.push(native.tapAddQueue(names[0], ifindex));
    for (const queue of this.fds) this.near.add(queue);
    for (const name of names) ip(`link set ${name} txqueuelen 1000 master ${this.bridge} up`);
    const bytes = new Uint8Array(new SharedArrayBuffer(TAP_FRAMES * SLOT_BYTES)).fill(7);
    const feed: Feed = { turns: this.turns, bytes, ops: rowsAt(0), count: TAP_FRAMES, fd: this.far };
    makeFrames(bytes, 0, false);
    this.ops.set(rowsAt(this.arena.tapBase));
    this.feeder = new Worker(new URL('./tap-feeder.js', import.meta.url), { workerData: feed });
  }

  static async make(workers: number): Promise<TapBench> {
    const bench = new TapBench(workers);
    await once(bench.feeder, 'message');
    bench.awaitForwarding();
    return bench;
  }

  /** Microseconds that reading a batch takes, and writing one. */
  batch(): { read: number; write: number } {
    this.feed();
    const read = timed(() => this.readAll(() => this.readNear()));
    makeFrames(this.arena.bytes, this.arena.tapBase, true);
    const write = timed(() => this.near.write(this.ops, TAP_FRAMES));
    this.readAll(() => this.readFar());
    return { read, write };
  }

  async remove(): Promise<void> {
    const ended = once(this.feeder, 'exit');
    Atomics.store(this.turns, 0, -1);
    Atomics.notify(this.turns, 0);
    await ended;
    for (const fd of [...this.fds, this.far]) native.close(fd);
    ip(`link del ${this.bridge}`);
  }

  /** Has the other thread write a batch, and waits until it has. */
  private feed(): void {
    const turn = Atomics.add(this.turns, 0, 1) + 1;
    Atomics.notify(this.turns, 0);
    const until = native.now() + PATIENCE_US;
    while (Atomics.load(this.turns, 1) !== turn) {
      if (native.now() > until) throw new Error('the feeder gets no processor');
    }
  }

  private readNear(): number {
    for (const queue of this.fds.keys()) this.near.markReady(queue);
    return this.near.read(this.rows);
  }

  private readFar(): number {
    const { bytes, tapBase, sizes } = this.arena;
    return native.tapRead(bytes, this.far, tapBase, SLOT_BYTES, sizes.tapSlots, this.rows);
  }

  private readAll(read: () => number): void {
    const until = native.now() + PATIENCE_US;
    for (let left = TAP_FRAMES; left > 0; left -= read()) {
      if (native.now() > until) throw new Error(`${left} of ${TAP_FRAMES} frames did not come`);
    }
  }

  /** A bridge does not forward before it has heard that both ports have a carrier. */
  private awaitForwarding(): void {
    const until = native.now() + PATIENCE_US;
    do {
      if (native.now() > until) throw new Error('the bridge does not forward');
      this.feed();
    } while (drain(() => this.readNear()) < TAP_FRAMES);
    makeFrames(this.arena.bytes, this.arena.tapBase, true);
    do {
      if (native.now() > until) throw new Error('the bridge does not forward');
      this.near.write(this.ops, TAP_FRAMES);
    } while (drain(() => this.readFar()) < TAP_FRAMES);
    drain(() => this.readNear());
  }
}

/** Rows that write the frames of a batch which lie from `base` on. */
function rowsAt(base: number): Int32Array {
  const rows = Array.from({ length: TAP_FRAMES }, (_, flow) => [1, 0, base + flow * SLOT_BYTES, FRAME_BYTES]);
  return Int32Array.from(rows.flat());
}

/** TCP super-frames, one of each flow, between the hosts 2 behind `far` and 1 behind `near`. */
function makeFrames(bytes: Uint8Array, base: number, isFromNear: boolean): void {
  const [from, to] = isFromNear ? [1, 2] : [2, 1];
  for (let flow = 0; flow < TAP_FRAMES; flow++) {
    const offset = base + flow * SLOT_BYTES;
    const frame = bytes.subarray(offset, offset + FRAME_BYTES);
    const view = new DataView(bytes.buffer, offset, FRAME_BYTES);
    frame.fill(0, 0, VNET_HEADER + HEADERS);
    frame.set([NEEDS_CSUM, TCPV4, HEADERS, 0, SEGMENT & 255, SEGMENT >> 8, 38, 0, 16]);
    frame.set([2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from, 0x81, 0, 0, 5, 8, 0, 0x45], VNET_HEADER);
    view.setUint16(VNET_HEADER + 20, FRAME_BYTES - VNET_HEADER - 18);
    frame.set([0x40, 0, 64, 6, 0, 0, 10, 0, 0, from, 10, 0, 0, to], VNET_HEADER + 24);
    view.setUint16(VNET_HEADER + 38, 2000 + from * flow);
    view.setUint16(VNET_HEADER + 40, 2000 + to * flow);
    frame.set([0x50, 0x10], VNET_HEADER + 50);
  }
}

/** Reads until nothing is left; how many frames there were. */
function drain(read: () => number): number {
  let sum = 0;
  for (let count = read(); count > 0; count = read()) sum += count;
  return sum;
}

function timed(work: () => void): number {
  const start = native.now();
  work();
  return native.now() - start;
}

function ip(words: string): void {
  execFileSync('ip', words.split(' '));
}

function openTap(name: string, multiQueue: boolean): TapHandle {
  const offloads = { checksum: true, tso: true, uso: true, tunnel: false };
  return native.tapOpen({ name, ...offloads, sendBuffer: 16 << 20, multiQueue });
}
