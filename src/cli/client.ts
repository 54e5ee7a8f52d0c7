/** The client's end of the control socket. */
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type ControlEvent,
  ERROR,
  type ErrorBody,
  EVENT_NOTIFICATION,
  type HelloResult,
  type MethodName,
  type Methods,
  PROTOCOL_NAME,
  PROTOCOL_VERSION,
  type Problem,
} from '../api.js';
import { CliFailure, EXIT, failure } from './failure.js';

/** A daemon that takes longer to answer does not answer. */
const ANSWER_WITHIN_MS = 5_000;
const RETRY_AFTER_MS = 50;
/** Methods that change the configuration. */
const CHANGES = /^config\./;

/** An error that the daemon answered with. */
export class AnsweredError extends Error {
  readonly code: number;
  readonly problems: Problem[];

  constructor({ code, message, data }: ErrorBody) {
    super(message);
    this.code = code;
    this.problems = data ?? [];
  }

  get exitCode(): number {
    return this.code > 0 ? this.code : EXIT.FAILED;
  }
}

interface Waiting {
  method: MethodName;
  resolve(result: unknown): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout;
}

export class Client {
  readonly hello: HelloResult;
  readonly #wire: Wire;

  private constructor(wire: Wire, hello: HelloResult) {
    this.#wire = wire;
    this.hello = hello;
  }

  /**
   * Connects and greets. Fails with a clear sentence when there is no daemon, a silent one, or one of another protocol.
   * A daemon that is not there yet may come within `patienceMs`.
   */
  static async connect(path: string, clientName: string, patienceMs = 0): Promise<Client> {
    const wire = await openWithin(path, patienceMs);
    try {
      const hello = await wire.request('hello', { protocol: PROTOCOL_VERSION, client: clientName });
      checkHello(hello, path);
      return new Client(wire, hello);
    } catch (error) {
      wire.close();
      throw error;
    }
  }

  get closed(): boolean {
    return this.#wire.closed;
  }

  /** Calls a method; `patienceMs` is how long its work may take on top of the usual time for an answer. */
  request<M extends MethodName>(
    method: M,
    params: Methods[M]['params'],
    patienceMs = 0,
  ): Promise<Methods[M]['result']> {
    return this.#wire.request(method, params, ANSWER_WITHIN_MS + patienceMs);
  }

  onEvent(listener: ((event: ControlEvent) => void) | null): void {
    this.#wire.onEvent = listener;
  }

  /**
   * Cancels what is under way: those requests fail as interrupted, at once. Changes of the configuration are let
   * finish, since half a change is none that anybody wants to guess at.
   */
  interrupt(): void {
    this.#wire.interrupt();
  }

  /** Ends the connection; what the daemon was doing for it is cancelled. */
  close(): void {
    this.#wire.close();
  }
}

/** Opens the socket, trying again while no daemon is there and patience lasts. */
async function openWithin(path: string, patienceMs: number): Promise<Wire> {
  const end = performance.now() + patienceMs;
  for (;;) {
    try {
      return await Wire.open(path);
    } catch (error) {
      const isAbsent = error instanceof CliFailure && error.exitCode === EXIT.NO_DAEMON;
      if (!isAbsent || performance.now() >= end) throw error;
      await pause(RETRY_AFTER_MS);
    }
  }
}

function checkHello(hello: HelloResult, path: string): void {
  if (hello?.name !== PROTOCOL_NAME || typeof hello.protocol !== 'number') {
    throw failure(EXIT.NO_DAEMON, `what answers on ${path} is not octolinkd`);
  }
  if (hello.protocol !== PROTOCOL_VERSION) {
    throw failure(
      EXIT.NO_DAEMON,
      `the daemon (version ${hello.version}) speaks control protocol ${hello.protocol}, ` +
        `this program speaks ${PROTOCOL_VERSION}: use the octolink of the same release`,
    );
  }
}

/** Requests and answers as lines. */
class Wire {
  onEvent: ((event: ControlEvent) => void) | null = null;
  readonly #socket: Socket;
  readonly #path: string;
  readonly #waiting = new Map<number, Waiting>();
  /** Requests whose answers are of no interest any more. */
  readonly #abandoned = new Set<number>();
  #nextId = 1;
  #unread: string[] = [];
  /** Said by the daemon about the connection as a whole, before it ends it. */
  #farewell: AnsweredError | null = null;

  private constructor(socket: Socket, path: string) {
    this.#socket = socket;
    this.#path = path;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#receive(text));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#closed());
  }

  static open(path: string): Promise<Wire> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      const timer = setTimeout(() => {
        socket.destroy();
        reject(silent(path));
      }, ANSWER_WITHIN_MS);
      socket.once('connect', () => {
        clearTimeout(timer);
        socket.removeAllListeners('error');
        resolve(new Wire(socket, path));
      });
      socket.once('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        reject(connectFailure(error, path));
      });
    });
  }

  get closed(): boolean {
    return this.#socket.destroyed;
  }

  request<M extends MethodName>(
    method: M,
    params: Methods[M]['params'],
    withinMs = ANSWER_WITHIN_MS,
  ): Promise<Methods[M]['result']> {
    return new Promise((resolve, reject) => {
      if (this.closed) {
        reject(failure(EXIT.NO_DAEMON, `the connection to ${this.#path} is closed`));
        return;
      }
      const id = this.#nextId++;
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(silent(this.#path));
        this.close();
      }, withinMs);
      this.#waiting.set(id, { method, resolve: resolve as (result: unknown) => void, reject, timer });
      this.#send(id, method, params);
    });
  }

  interrupt(): void {
    for (const [id, { method, reject, timer }] of this.#waiting) {
      if (CHANGES.test(method)) continue;
      this.#waiting.delete(id);
      this.#abandoned.add(id);
      clearTimeout(timer);
      const cancelId = this.#nextId++;
      this.#abandoned.add(cancelId);
      this.#send(cancelId, 'cancel', { id });
      reject(failure(EXIT.INTERRUPTED, 'interrupted'));
    }
  }

  #send<M extends MethodName>(id: number, method: M, params: Methods[M]['params']): void {
    this.#socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(text: string): void {
    const pieces = text.split('\n');
    const last = pieces.pop() as string;
    for (const piece of pieces) {
      this.#unread.push(piece);
      const line = this.#unread.join('');
      this.#unread = [];
      this.#message(line);
    }
    if (last !== '') this.#unread.push(last);
  }

  #message(line: string): void {
    let message: { id?: unknown; method?: unknown; params?: unknown; result?: unknown; error?: ErrorBody };
    try {
      message = JSON.parse(line);
    } catch {
      message = {};
    }
    if (message?.method === EVENT_NOTIFICATION) {
      this.onEvent?.(message.params as ControlEvent);
      return;
    }
    const waiting = this.#waiting.get(message?.id as number);
    if (waiting !== undefined) {
      this.#waiting.delete(message.id as number);
      clearTimeout(waiting.timer);
      if (message.error === undefined) waiting.resolve(message.result);
      else waiting.reject(new AnsweredError(message.error));
    } else if (this.#abandoned.delete(message?.id as number)) {
      // An answer that nobody waits for any more.
    } else if (message?.error !== undefined) {
      this.#farewell = new AnsweredError(message.error);
    } else {
      this.#farewell = new AnsweredError({
        code: ERROR.FAILED,
        message: `what answers on ${this.#path} does not speak the control protocol`,
      });
      this.close();
    }
  }

  #closed(): void {
    const reason = this.#farewell ?? failure(EXIT.NO_DAEMON, 'the daemon closed the connection');
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(reason);
    }
    this.#waiting.clear();
  }
}

function silent(path: string): Error {
  return failure(EXIT.NO_DAEMON, `the daemon on ${path} does not answer`);
}

function connectFailure(error: NodeJS.ErrnoException, path: string): Error {
  switch (error.code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return failure(EXIT.NO_DAEMON, `no daemon answers on ${path}: is octolinkd running?`);
    case 'EACCES':
    case 'EPERM':
      return failure(
        EXIT.NOT_PERMITTED,
        `not permitted to open ${path}: be root or a member of group octolink`,
      );
    case 'EAGAIN':
      return silent(path);
    default:
      return failure(EXIT.NO_DAEMON, `cannot connect to ${path}: ${error.message}`);
  }
}
