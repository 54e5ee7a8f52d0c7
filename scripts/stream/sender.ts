/** Sends a numbered stream at a steady rate. */
import { randomInt } from 'node:crypto';
import { PATH, SEND } from '../../src/native/ops.js';
import { clockUs, writeNumbered } from './datagram.js';
import { hurry, openUdp, pathTo, turn } from './socket.js';

export interface SenderOptions {
  to: string;
  port: number;
  /** Datagrams per second, and bytes of payload in each. */
  rate: number;
  bytes: number;
  /** Undefined: until it is told to stop. */
  seconds: number | undefined;
}

/** What the sender reports when it is done. */
export interface SenderReport {
  sent: number;
  /** Datagrams a second that were really sent: fewer than asked for where the sender or the kernel could not keep up. */
  rate: number;
  /** How often the kernel had no room; the datagram went out a little later. */
  refused: number;
  /** The longest time between two looks at the clock: how much of a silence may be the sender's own. */
  latenessMaxMs: number;
  scheduling: 'realtime' | 'normal';
}

/** Datagrams in a burst, and the time between two bursts at most and at least. */
const BURST = 10;
const LONGEST_TICK_US = 500;
const SHORTEST_TICK_US = 100;
/** No more than this is made up for at once after a late wake-up, or a millisecond's worth if that is more, lest a burst overrun a queue. */
const MOST_AT_ONCE = 64;
/** The last datagram says how many there were; it is sent several times, in case of loss. */
const FAREWELLS = 5;
const FAREWELL_PAUSE_US = 20_000;

/** Sends until the time is over or `isStopped` says so. */
export async function sendStream(options: SenderOptions, isStopped: () => boolean): Promise<SenderReport> {
  const path = pathTo(options.to, options.port);
  const { native, fd } = openUdp(null, 0, path[PATH.FAMILY] as 4 | 6);
  const epoll = native.epollCreate();
  const tickUs = Math.max(
    SHORTEST_TICK_US,
    Math.min(LONGEST_TICK_US, Math.floor((BURST * 1e6) / options.rate)),
  );
  const mostAtOnce = Math.max(MOST_AT_ONCE, Math.ceil(options.rate / 1000));
  const arena = new Uint8Array(mostAtOnce * options.bytes);
  const view = new DataView(arena.buffer);
  const row = new Int32Array(SEND.WORDS);
  const tokens = new Int32Array(1);
  const run = randomInt(2 ** 32);
  const report: SenderReport = { sent: 0, rate: 0, refused: 0, latenessMaxMs: 0, scheduling: hurry(native) };

  const send = (count: number, isLast: boolean): void => {
    const sentUs = clockUs();
    for (let index = 0; index < count; index++) {
      writeNumbered(view, index * options.bytes, { run, sequence: report.sent + index, isLast, sentUs });
    }
    row[SEND.FD] = fd;
    row[SEND.LENGTH] = count * options.bytes;
    row[SEND.SEGMENT] = options.bytes;
    native.udpSend(arena, row, 1, path);
    if (row[SEND.RESULT] !== 0) report.refused++;
    if (!isLast) report.sent += row[SEND.SENT] / options.bytes;
  };

  const start = clockUs();
  const end = options.seconds === undefined ? Number.POSITIVE_INFINITY : start + options.seconds * 1e6;
  /** Due by the clock but skipped, because they were too many at once. */
  let forgone = 0;
  for (let last = start; last < end && !isStopped(); ) {
    const now = clockUs();
    report.latenessMaxMs = Math.max(report.latenessMaxMs, (now - last) / 1000);
    last = now;
    const due = Math.floor(((now - start) * options.rate) / 1e6) - report.sent - forgone;
    if (due > mostAtOnce) forgone += due - mostAtOnce;
    if (due > 0) send(Math.min(due, mostAtOnce), false);
    native.wait(epoll, tickUs, 0, tokens);
    await turn();
  }
  report.rate = (report.sent * 1e6) / (clockUs() - start);
  for (let farewell = 0; farewell < FAREWELLS; farewell++) {
    native.wait(epoll, FAREWELL_PAUSE_US, 0, tokens);
    send(1, true);
  }
  native.close(epoll);
  native.close(fd);
  return report;
}
