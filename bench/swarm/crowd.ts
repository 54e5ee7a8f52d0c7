/** The clients of one process, as rows. Times are µs of boot time. */
import type { NoiseHandshake } from '../../src/crypto/noise.js';
import { ReplayWindows } from '../../src/crypto/replay.js';
import { PATH } from '../../src/native/ops.js';
import { STREAMS } from '../../src/wire/header.js';

/** Nothing is wanted; waits for its turn to call; has called; has a session; the server said that it hears it. */
export const STATE = { STOPPED: 0, WAITING: 1, CALLING: 2, SESSION: 3, UP: 4 } as const;

/** A call that has not been answered yet. */
export interface Call {
  readonly noise: NoiseHandshake;
  readonly localIndex: number;
  /** The initiation; a cookie reply is bound to its MAC1. */
  readonly message: Uint8Array;
}

/** Shared by all clients that have not called. */
const NO_CALLS: Call[] = [];
/** As many as an initiator makes within the lifetime of an attempt. */
const MOST_CALLS = 5;

/** Low bits of a receiver index: the client; the others count its calls. */
const CLIENT_BITS = 20;
const CLIENT_MASK = (1 << CLIENT_BITS) - 1;
const CALL_MASK = 0xfff;

export class Crowd {
  readonly state: Uint8Array;
  /** Of the latest session, and in the other half of a pair of the one before. */
  readonly localIndex: Uint32Array;
  readonly remoteIndex: Uint32Array;
  readonly counter: Float64Array;
  readonly highest: Float64Array;
  /** Which half of its pair of sessions a client sends under. */
  readonly half: Uint8Array;
  readonly establishedAt: Float64Array;
  /** Calls made so far. */
  readonly calls: Uint16Array;
  /** When the client does something by itself again: calls, calls once more, beats. */
  readonly dueAt: Float64Array;
  readonly retryDelay: Float64Array;
  readonly heardAt: Float64Array;
  /** The server's clock in its latest heartbeat, when that came, and what it said that it had sent. */
  readonly echo: Uint32Array;
  readonly echoAt: Float64Array;
  readonly echoSent: Uint32Array;
  readonly sent: Uint32Array;
  readonly arrived: Uint32Array;
  readonly arrivedAtEcho: Uint32Array;
  readonly bytes: Float64Array;
  readonly bytesAtEcho: Float64Array;
  readonly largest: Uint16Array;
  /** A row of `PATH` each: to the server, from the client's own address. */
  readonly paths: Int32Array;
  /** Calls that may still be answered, the oldest first. */
  readonly pending: Call[][];
  private readonly replay = new ReplayWindows();
  /** Replay window of each stream of each session; -1 until its first datagram. */
  private readonly windows: Int32Array;
  /** Clients of each state. */
  readonly count = new Int32Array(5);

  /** `first`: number of the first client of this process. */
  constructor(
    readonly first: number,
    readonly size: number,
  ) {
    const [u8, u16, u32, f64] = [Uint8Array, Uint16Array, Uint32Array, Float64Array];
    this.state = new u8(size);
    this.localIndex = new u32(2 * size);
    this.remoteIndex = new u32(2 * size);
    this.counter = new f64(2 * size);
    this.highest = new f64(2 * size);
    this.windows = new Int32Array(2 * size * STREAMS).fill(-1);
    this.half = new u8(size);
    this.establishedAt = new f64(size);
    this.calls = new u16(size);
    this.dueAt = new f64(size).fill(Number.POSITIVE_INFINITY);
    this.retryDelay = new f64(size);
    this.heardAt = new f64(size);
    this.echo = new u32(size);
    this.echoAt = new f64(size);
    this.echoSent = new u32(size);
    this.sent = new u32(size);
    this.arrived = new u32(size);
    this.arrivedAtEcho = new u32(size);
    this.bytes = new f64(size);
    this.bytesAtEcho = new f64(size);
    this.largest = new u16(size);
    this.paths = new Int32Array(size * PATH.WORDS);
    this.pending = Array.from({ length: size }, () => NO_CALLS);
    this.count[STATE.STOPPED] = size;
  }

  move(client: number, state: number): void {
    this.count[this.state[client]]--;
    this.count[state]++;
    this.state[client] = state;
  }

  /** Another receiver index for a call of a client. */
  nextIndex(client: number): number {
    this.calls[client] = (this.calls[client] + 1) & CALL_MASK;
    return ((this.calls[client] << CLIENT_BITS) | client) >>> 0;
  }

  /** The client that a receiver index belongs to, or -1. */
  clientOf(index: number): number {
    const client = index & CLIENT_MASK;
    return client < this.size ? client : -1;
  }

  /** Row of the session of a client that has this receiver index, or -1. */
  sessionOf(client: number, index: number): number {
    if (this.localIndex[2 * client] === index) return 2 * client;
    return this.localIndex[2 * client + 1] === index ? 2 * client + 1 : -1;
  }

  /** Row of the session that a client sends under. */
  sending(client: number): number {
    return 2 * client + this.half[client];
  }

  /** Takes the answer to a call: another session in the place of the one before the last. */
  establish(client: number, localIndex: number, remoteIndex: number, now: number): number {
    this.half[client] ^= 1;
    const session = this.sending(client);
    this.localIndex[session] = localIndex;
    this.remoteIndex[session] = remoteIndex;
    this.counter[session] = 0;
    this.highest[session] = -1;
    for (let at = session * STREAMS; at < (session + 1) * STREAMS; at++) {
      if (this.windows[at] >= 0) this.replay.release(this.windows[at]);
      this.windows[at] = -1;
    }
    this.establishedAt[client] = now;
    this.dropCalls(client);
    return session;
  }

  /** Takes the counter of an authentic datagram; false when it came before: what was sent again after a move, say. */
  isFirst(session: number, stream: number, counter: number): boolean {
    if (stream >= STREAMS) return false;
    const at = session * STREAMS + stream;
    if (this.windows[at] < 0) this.windows[at] = this.replay.allocate(0);
    return this.replay.commit(this.windows[at], counter);
  }

  /** Remembers a call; of more than a few the oldest is given up. */
  remember(client: number, call: Call): void {
    const calls = this.pending[client];
    if (calls.length >= MOST_CALLS) calls.shift()?.noise.destroy();
    if (calls === NO_CALLS) this.pending[client] = [call];
    else calls.push(call);
  }

  /** The call that an answer is for. */
  callOf(client: number, localIndex: number): Call | undefined {
    return this.pending[client].find((call) => call.localIndex === localIndex);
  }

  private dropCalls(client: number): void {
    for (const { noise } of this.pending[client]) noise.destroy();
    this.pending[client] = NO_CALLS;
  }

  /** Forgets everything of a client but its address: it has to call again. */
  forget(client: number): void {
    this.localIndex.fill(0, 2 * client, 2 * client + 2);
    this.dropCalls(client);
    for (const column of [this.echo, this.echoAt, this.echoSent, this.sent, this.arrived, this.heardAt])
      column[client] = 0;
    for (const column of [this.arrivedAtEcho, this.bytes, this.bytesAtEcho, this.largest]) column[client] = 0;
  }
}
