/** Requests and answers as lines on a Unix socket. */
import { EventEmitter } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  type ControlEvent,
  type ErrorBody,
  EVENT_NOTIFICATION,
  type MethodName,
  type Methods,
} from '../api/index.js';
import { ConnectionError, ControlError } from './errors.js';

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** A message of the daemon, before anything about it is certain. */
interface Incoming {
  id?: unknown;
  method?: unknown;
  params?: unknown;
  result?: unknown;
  error?: ErrorBody;
}

interface CallOptions {
  /** Cancels the request, here and in the daemon. */
  signal?: AbortSignal;
  /** Time for an answer in milliseconds; a daemon that takes longer is given up. */
  timeoutMs: number;
}

interface ChannelEvents {
  /** The daemon pushed an event. */
  event: [ControlEvent];
  /** The connection has ended. */
  close: [reason: Error];
}

export class Channel extends EventEmitter<ChannelEvents> {
  private readonly socket: Socket;
  private readonly path: string;
  private readonly waiting = new Map<number, Waiting>();
  /** Requests whose answers are no longer wanted. */
  private readonly abandoned = new Set<number>();
  private nextId = 1;
  private unread: string[] = [];
  /** Why the daemon, or this side, is about to end the connection. */
  private farewell: Error | null = null;

  private constructor(socket: Socket, path: string) {
    super();
    this.socket = socket;
    this.path = path;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.receive(text));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.isClosed());
  }

  static open(path: string, timeoutMs: number): Promise<Channel> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      const timer = setTimeout(() => {
        socket.destroy();
        reject(silent(path));
      }, timeoutMs);
      socket.once('connect', () => {
        clearTimeout(timer);
        socket.removeAllListeners('error');
        resolve(new Channel(socket, path));
      });
      socket.once('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        reject(connectFailure(error, path));
      });
    });
  }

  get closed(): boolean {
    return this.socket.destroyed;
  }

  request<M extends MethodName>(
    method: M,
    params: Methods[M]['params'],
    { signal, timeoutMs }: CallOptions,
  ): Promise<Methods[M]['result']> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      if (this.closed) {
        reject(new ConnectionError('closed', `the connection to ${this.path} is closed`));
        return;
      }
      const id = this.nextId++;
      const timer = setTimeout(() => {
        this.settle(id)?.reject(silent(this.path));
        this.close();
      }, timeoutMs);
      const abort = () => {
        this.settle(id)?.reject(signal?.reason);
        this.abandoned.add(id);
        this.abandoned.add(this.nextId);
        this.send(this.nextId++, 'cancel', { id });
      };
      signal?.addEventListener('abort', abort, { once: true });
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      };
      this.waiting.set(id, {
        resolve(result) {
          done();
          resolve(result as Methods[M]['result']);
        },
        reject(error) {
          done();
          reject(error);
        },
      });
      this.send(id, method, params);
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private send<M extends MethodName>(id: number, method: M, params: Methods[M]['params']): void {
    this.socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
  }

  /** Removes and returns the waiting request of this id. */
  private settle(id: number): Waiting | undefined {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    return waiting;
  }

  private receive(text: string): void {
    const pieces = text.split('\n');
    const last = pieces.pop() as string;
    for (const piece of pieces) {
      this.unread.push(piece);
      const line = this.unread.join('');
      this.unread = [];
      this.message(line);
    }
    if (last !== '') this.unread.push(last);
  }

  private message(line: string): void {
    let message: Incoming;
    try {
      message = JSON.parse(line) ?? {};
    } catch {
      message = {};
    }
    const { id, method, params, result, error } = message;
    if (method === EVENT_NOTIFICATION) {
      this.emit('event', params as ControlEvent);
      return;
    }
    const waiting = this.settle(id as number);
    if (waiting !== undefined) {
      if (error === undefined) waiting.resolve(result);
      else waiting.reject(new ControlError(error));
    } else if (this.abandoned.delete(id as number)) {
      // The answer to a cancelled request.
    } else if (error !== undefined) {
      this.farewell = new ControlError(error);
    } else {
      const reason = `what answers on ${this.path} does not speak the control protocol`;
      this.farewell = new ConnectionError('not-octolink', reason);
      this.close();
    }
  }

  private isClosed(): void {
    const reason = this.farewell ?? new ConnectionError('closed', 'the daemon closed the connection');
    for (const id of [...this.waiting.keys()]) this.settle(id)?.reject(reason);
    this.emit('close', reason);
  }
}

function silent(path: string): ConnectionError {
  return new ConnectionError('silent', `the daemon on ${path} does not answer`);
}

function connectFailure(error: NodeJS.ErrnoException, path: string): ConnectionError {
  switch (error.code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return new ConnectionError('no-daemon', `no daemon answers on ${path}: is octolinkd running?`);
    case 'EACCES':
    case 'EPERM':
      return new ConnectionError(
        'not-permitted',
        `not permitted to open ${path}: be root or a member of group octolink`,
      );
    case 'EAGAIN':
      return silent(path);
    default:
      return new ConnectionError('no-daemon', `cannot connect to ${path}: ${error.message}`);
  }
}
