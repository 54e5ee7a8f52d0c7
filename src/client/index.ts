/**
 * A client of the control API of `octolinkd`, published as `octolink/client`.
 *
 * ```js
 * import { connect } from 'octolink/client';
 *
 * const client = await connect();
 * for (const peer of await client.request('show.peers')) console.log(peer.name, peer.state);
 * client.close();
 * ```
 */
import { setTimeout as pause } from 'node:timers/promises';
import {
  type ControlEvent,
  DEFAULT_SOCKET,
  type HelloResult,
  type MethodName,
  type Methods,
  OLDEST_PROTOCOL,
  PROTOCOL_NAME,
  PROTOCOL_VERSION,
} from '../api/index.js';
import { Channel } from './channel.js';
import { ConnectionError } from './errors.js';
import { EventQueue } from './event-queue.js';

export * from '../api/index.js';
export { ConnectionError, type ConnectionFault, ControlError } from './errors.js';

const ANSWER_WITHIN_MS = 5_000;
const RETRY_AFTER_MS = 50;

export interface ConnectOptions {
  /** Path of the control socket; absent: `DEFAULT_SOCKET`. */
  socket?: string;
  /** What the daemon's log calls this program, such as `backup 1.2`. */
  name?: string;
  /** How long to wait for a daemon that is not there yet, in milliseconds; absent: not at all. */
  patienceMs?: number;
  /** Gives up connecting. */
  signal?: AbortSignal;
}

export interface RequestOptions {
  /** Cancels the request, here and in the daemon; the promise rejects with the signal's reason. */
  signal?: AbortSignal;
  /**
   * Time for an answer in milliseconds (default 5000). A daemon that takes longer is given up: the connection closes.
   * Allow for the work itself where it takes time: `wait`, `ping`, `config.apply`.
   */
  timeoutMs?: number;
}

/** `params` may be left out where none are needed. */
type RequestArguments<M extends MethodName> =
  Record<string, never> extends Methods[M]['params']
    ? [params?: Methods[M]['params'], options?: RequestOptions]
    : [params: Methods[M]['params'], options?: RequestOptions];

/**
 * Connects and greets. Rejects with a `ConnectionError` whose message is fit to be shown: no daemon, a silent one,
 * one that this user may not speak to, or one without a version of the protocol in common.
 */
export async function connect(options: ConnectOptions = {}): Promise<Client> {
  const { socket = DEFAULT_SOCKET, name = 'octolink/client' } = options;
  const channel = await openWithin(socket, options);
  try {
    const greeting = { protocol: PROTOCOL_VERSION, oldestProtocol: OLDEST_PROTOCOL, client: name };
    const { signal } = options;
    const hello = await channel.request('hello', greeting, {
      timeoutMs: ANSWER_WITHIN_MS,
      ...(signal && { signal }),
    });
    checkHello(hello, socket);
    return new Client(channel, hello);
  } catch (error) {
    channel.close();
    throw error;
  }
}

/** A connection. When it is lost it is not restored: call `connect` again. */
export class Client {
  /** What the daemon said about itself, and what this connection may do. */
  readonly hello: HelloResult;
  private readonly channel: Channel;
  private readonly listeners = new Set<(event: ControlEvent) => void>();
  private readonly queues = new Set<EventQueue>();
  private readonly closeListeners = new Set<(reason: Error) => void>();

  /** @internal */
  constructor(channel: Channel, hello: HelloResult) {
    this.channel = channel;
    this.hello = hello;
    channel.on('event', (event) => {
      for (const listener of this.listeners) listener(event);
    });
    channel.on('close', (reason) => {
      for (const queue of this.queues) queue.end(reason);
      for (const listener of this.closeListeners) listener(reason);
    });
  }

  get closed(): boolean {
    return this.channel.closed;
  }

  /**
   * Calls a method. Rejects with a `ControlError` when the daemon answers with an error, with a `ConnectionError` when
   * it does not answer. Requests may overlap.
   */
  request<M extends MethodName>(
    method: M,
    ...[params, options = {}]: RequestArguments<M>
  ): Promise<Methods[M]['result']> {
    const { signal, timeoutMs = ANSWER_WITHIN_MS } = options;
    return this.channel.request(method, params ?? {}, { timeoutMs, ...(signal && { signal }) });
  }

  /**
   * Events as they happen, from the first `next()` on. Ends when `signal` aborts, throws when the connection is lost.
   * A program that is too slow gets an event of kind `lost` with the number of events that it missed.
   */
  async *events({ signal }: { signal?: AbortSignal } = {}): AsyncGenerator<ControlEvent, void, undefined> {
    const queue = new EventQueue();
    const push = (event: ControlEvent) => queue.push(event);
    const end = () => queue.end(null);
    if (signal?.aborted) return;
    signal?.addEventListener('abort', end);
    this.queues.add(queue);
    this.listeners.add(push);
    try {
      await this.request('events.subscribe');
      for (let event = await queue.next(); event !== null; event = await queue.next()) yield event;
    } finally {
      signal?.removeEventListener('abort', end);
      this.queues.delete(queue);
      this.listeners.delete(push);
      if (this.queues.size === 0 && !this.closed) await this.request('events.unsubscribe');
    }
  }

  /**
   * Calls `listener` for each event that arrives, after `events.subscribe` has been requested. Returns a function that
   * ends this. `events()` is simpler for sequential code.
   */
  onEvent(listener: (event: ControlEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Calls `listener` once when the connection ends, by whichever side. */
  onClose(listener: (reason: Error) => void): void {
    this.closeListeners.add(listener);
  }

  /** Ends the connection; requests under way are cancelled. */
  close(): void {
    this.channel.close();
  }
}

/** Opens the socket, trying again while no daemon is there and patience lasts. */
async function openWithin(path: string, { patienceMs = 0, signal }: ConnectOptions): Promise<Channel> {
  const end = performance.now() + patienceMs;
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await Channel.open(path, ANSWER_WITHIN_MS);
    } catch (error) {
      const isAbsent = error instanceof ConnectionError && error.fault === 'no-daemon';
      if (!isAbsent || performance.now() >= end) throw error;
      await pause(RETRY_AFTER_MS, undefined, signal && { signal });
    }
  }
}

function checkHello(hello: HelloResult, path: string): void {
  if (hello?.name !== PROTOCOL_NAME || typeof hello.protocol !== 'number') {
    throw new ConnectionError('not-octolink', `what answers on ${path} is not octolinkd`);
  }
  if (hello.protocol < OLDEST_PROTOCOL || hello.protocol > PROTOCOL_VERSION) {
    throw new ConnectionError(
      'incompatible',
      `the daemon (version ${hello.version}) speaks control protocol ${hello.protocol}, ` +
        `this program speaks ${PROTOCOL_VERSION}: use the octolink of the same release`,
    );
  }
}
