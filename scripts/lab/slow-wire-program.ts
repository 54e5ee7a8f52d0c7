/**
 * The program of a {@link SlowWire}: `slow-wire-program.js ADDRESS PORT END END ENDPORT`. Reads the delay in ms from
 * its standard input, one line per change, and ends when that ends.
 */
import { createInterface } from 'node:readline';
import { loadNative } from '../../src/native/binding.js';
import { PATH, RECV, SEND } from '../../src/native/ops.js';
import { hurry, openUdp, pathTo, turn } from '../stream/socket.js';

const BATCH = 64;
const SLOT_BYTES = 2048;
/** Datagrams in flight: 300 ms of 100,000 a second. */
const SLOTS = 32_768;
const LONGEST_WAIT_US = 2000;

/** What is in flight, oldest first, in slots of a circular array. */
class DelayLine {
  delayUs = 0;
  readonly arena = new Uint8Array(SLOTS * SLOT_BYTES);
  private readonly dueUs = new Float64Array(SLOTS);
  private readonly lengths = new Int32Array(SLOTS);
  private readonly targets = new Int32Array(SLOTS);
  private first = 0;
  private next = 0;

  /** Slots that the next datagrams can be received into, without a gap. */
  room(): { base: number; slots: number } {
    const at = this.next % SLOTS;
    const free = SLOTS - (this.next - this.first);
    return { base: at * SLOT_BYTES, slots: Math.min(BATCH, free, SLOTS - at) };
  }

  /** Takes a datagram that was received into the next slot, for the path in row `target`. */
  take(length: number, target: number, nowUs: number): void {
    const at = this.next++ % SLOTS;
    this.dueUs[at] = nowUs + this.delayUs;
    this.lengths[at] = length;
    this.targets[at] = target;
  }

  /** Writes up to a batch of datagrams that are due as rows of `SEND`; returns how many. */
  due(nowUs: number, rows: Int32Array, fd: number): number {
    let count = 0;
    for (; count < BATCH && this.first < this.next; count++) {
      const at = this.first % SLOTS;
      if (this.dueUs[at] > nowUs) break;
      const row = count * SEND.WORDS;
      rows[row + SEND.FD] = fd;
      rows[row + SEND.OFFSET] = at * SLOT_BYTES;
      rows[row + SEND.LENGTH] = this.lengths[at];
      rows[row + SEND.SEGMENT] = this.lengths[at];
      rows[row + SEND.PATH] = this.targets[at];
      this.first++;
    }
    return count;
  }

  /** When the oldest is due; infinity when nothing is in flight. */
  nextUs(): number {
    return this.first < this.next ? this.dueUs[this.first % SLOTS] : Number.POSITIVE_INFINITY;
  }
}

async function main([address, port, endA, endB, endPort]: string[]): Promise<void> {
  const native = loadNative();
  const paths = new Int32Array(2 * PATH.WORDS);
  [endA, endB].forEach((end, row) => {
    paths.set(pathTo(end, Number(endPort)), row * PATH.WORDS);
  });
  const { fd } = openUdp(address, Number(port), paths[PATH.FAMILY] as 4 | 6);
  const epoll = native.epollCreate();
  native.epollAdd(epoll, fd, 0);
  hurry(native);
  const line = new DelayLine();
  let running = true;
  createInterface({ input: process.stdin })
    .on('line', (text) => {
      line.delayUs = Number(text) * 1000;
    })
    .on('close', () => {
      running = false;
    });

  const received = new Int32Array(BATCH * RECV.WORDS);
  const sends = new Int32Array(BATCH * SEND.WORDS);
  const tokens = new Int32Array(1);
  /** A datagram from one end goes to the other; one from anywhere else is ignored. */
  const targetOf = (row: number): number => {
    const from = row * RECV.WORDS + RECV.PATH + PATH.ADDR;
    const isFrom = (end: number) =>
      [0, 1, 2, 3].every((word) => received[from + word] === paths[end * PATH.WORDS + PATH.ADDR + word]);
    return isFrom(0) ? 1 : 0;
  };
  while (running) {
    const wait = Math.min(LONGEST_WAIT_US, Math.max(0, line.nextUs() - native.now()));
    native.wait(epoll, wait, 0, tokens);
    const now = native.now();
    const { base, slots } = line.room();
    if (slots > 0) {
      const count = native.udpReceive(line.arena, fd, base, SLOT_BYTES, slots, received);
      for (let row = 0; row < count; row++) {
        line.take(received[row * RECV.WORDS + RECV.LENGTH], targetOf(row), now);
      }
    }
    const due = line.due(native.now(), sends, fd);
    if (due > 0) native.udpSend(line.arena, sends, due, paths);
    await turn();
  }
}

await main(process.argv.slice(2));
