/** Receives a numbered stream and keeps an account of it. */
import { RECV } from '../../src/native/ops.js';
import { StreamAccount, type StreamReport } from './account.js';
import { clockUs, readNumbered } from './datagram.js';
import { hurry, openUdp, turn } from './socket.js';

export interface ReceiverOptions {
  port: number;
  family: 4 | 6;
}

const SLOTS = 256;
const SLOT_BYTES = 2048;
/** How long to sleep at most before checking for signals. */
const LONGEST_WAIT_US = 20_000;
/** What was sent before the last datagram may come after it. */
const GRACE_US = 300_000;

/** Receives one stream, from its first datagram until its end or until `isStopped` says so. */
export async function receiveStream(
  options: ReceiverOptions,
  isStopped: () => boolean,
): Promise<StreamReport> {
  const { native, fd } = openUdp(null, options.port, options.family);
  const epoll = native.epollCreate();
  native.epollAdd(epoll, fd, 0);
  hurry(native);
  const arena = new Uint8Array(SLOTS * SLOT_BYTES);
  const view = new DataView(arena.buffer);
  const rows = new Int32Array(SLOTS * RECV.WORDS);
  const tokens = new Int32Array(1);
  const account = new StreamAccount();
  let run: number | undefined;
  let total: number | undefined;
  let end = Number.POSITIVE_INFINITY;

  while (clockUs() < end && !isStopped()) {
    native.wait(epoll, LONGEST_WAIT_US, 0, tokens);
    const count = native.udpReceive(arena, fd, 0, SLOT_BYTES, SLOTS, rows);
    const now = clockUs();
    for (let index = 0; index < count; index++) {
      const at = index * RECV.WORDS;
      const numbered = readNumbered(view, rows[at + RECV.OFFSET], rows[at + RECV.LENGTH]);
      if (numbered === null || (run !== undefined && numbered.run !== run)) continue;
      run = numbered.run;
      if (!numbered.isLast) account.arrived(numbered.sequence, numbered.sentUs / 1000, now / 1000);
      else if (total === undefined) {
        total = numbered.sequence;
        end = now + GRACE_US;
      }
    }
    await turn();
  }
  native.close(epoll);
  native.close(fd);
  return account.report(total);
}
