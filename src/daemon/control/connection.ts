/** One connection of a client to the control socket. */
import { setMaxListeners } from 'node:events';
import type { Socket } from 'node:net';
import {
  type ClientStatus,
  type ControlEvent,
  ERROR,
  type ErrorBody,
  EVENT_NOTIFICATION,
  type HelloParams,
  type HelloResult,
  MAX_BATCH,
  MAX_REQUEST_BYTES,
  type Methods,
  OLDEST_PROTOCOL,
  PROTOCOL_NAME,
  PROTOCOL_VERSION,
  type Privilege,
  type ResponseMessage,
  type Who,
} from '../../api/index.js';
import { withoutSecrets } from '../../config/secrets.js';
import type { Log } from '../base/log.js';
import { ProblemsError, RequestError } from '../base/request-errors.js';
import { type CallingConnection, type DaemonParts, findMethod, type MethodTable } from '../methods/method.js';
import { Intake } from './intake.js';
import { LineSplitter } from './lines.js';
import { checkEnvelope, checkParams, decodeMessage, type Envelope } from './requests.js';

/** Requests of one connection that may be under way at once. */
const MAX_PENDING = 32;
/** Above this many unread bytes no more requests of the connection are served. */
const FULL_BYTES = 1024 * 1024;
/** Above this many unread bytes events are dropped. */
const DROP_EVENTS_BYTES = 256 * 1024;
/** A client with unread bytes that takes none for this long is disconnected. */
const STALLED_MS = 30_000;
const HELLO_WITHIN_MS = 10_000;
const MAX_LOGGED_LINES = 100;
/** How long a dismissed client's bytes are discarded, so that it gets to read why. */
const FAREWELL_MS = 2_000;

type RequestId = NonNullable<Envelope['id']>;

interface ConnectionOptions {
  socket: Socket;
  who: Who;
  privilege: Privilege;
  version: string;
  log: Log;
  methods: MethodTable;
  parts: DaemonParts;
  /** Everybody who is connected to this socket. */
  clients(): Omit<ClientStatus, 'own'>[];
  /** Settles when requests can be served. */
  ready: Promise<void>;
}

export class Connection implements CallingConnection {
  private readonly options: ConnectionOptions;
  private readonly splitter = new LineSplitter(MAX_REQUEST_BYTES);
  private readonly intake: Intake;
  private readonly gone = new AbortController();
  private readonly helloTimer: NodeJS.Timeout;
  private greeting: 'none' | 'agreed' | 'nothing in common' = 'none';
  /** Requests under way, by id. */
  private readonly pending = new Map<RequestId, AbortController>();
  private leaving = false;
  private unsubscribe: (() => void) | null = null;
  private lostEvents = 0;
  private readonly connectedMs = performance.now();
  private activeMs = this.connectedMs;
  private client: string | null = null;

  constructor(options: ConnectionOptions) {
    this.options = options;
    const { socket } = options;
    setMaxListeners(MAX_PENDING, this.gone.signal);
    this.intake = new Intake({
      now: () => performance.now(),
      later: (afterMs, callback) => void setTimeout(callback, afterMs).unref(),
      hasRoom: () => socket.writable && socket.writableLength <= FULL_BYTES,
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      serve: (line) => this.message(line),
    });
    this.helloTimer = setTimeout(() => socket.destroy(), HELLO_WITHIN_MS);
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('drain', () => this.drained());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.close());
    socket.setTimeout(STALLED_MS, () => {
      if (socket.writableLength > 0) socket.destroy();
    });
  }

  status(): Omit<ClientStatus, 'own'> {
    const { privilege, who } = this.options;
    const now = performance.now();
    return {
      ...who,
      privilege,
      client: this.client,
      connectedSeconds: Math.round(now - this.connectedMs) / 1000,
      idleSeconds: Math.round(now - this.activeMs) / 1000,
    };
  }

  /** Sends an error that answers no request, and ends the connection. */
  dismiss(code: number, message: string): void {
    if (this.leaving) return;
    this.leaving = true;
    const { socket } = this.options;
    this.fail(null, { code, message });
    socket.end();
    socket.resume();
    setTimeout(() => socket.destroy(), FAREWELL_MS).unref();
  }

  private close(): void {
    clearTimeout(this.helloTimer);
    this.unsubscribe?.();
    this.gone.abort();
    const { parts, who } = this.options;
    parts.configurator.leave(who);
  }

  private receive(chunk: Buffer): void {
    if (this.leaving) return;
    const lines = this.splitter.push(chunk);
    if (lines === null) {
      this.dismiss(ERROR.INVALID_REQUEST, `a request is longer than ${MAX_REQUEST_BYTES} bytes`);
      return;
    }
    this.activeMs = performance.now();
    this.intake.push(lines);
  }

  /** Serves one line: a request, a notification, or a batch of them. Settles when the next line may begin. */
  private async message(line: Buffer): Promise<void> {
    let message: unknown;
    try {
      message = decodeMessage(line);
    } catch {
      this.fail(null, { code: ERROR.PARSE, message: 'the line is not JSON, or not safe JSON' });
      return;
    }
    if (Array.isArray(message)) return this.batch(message);
    const { isSlow, answer } = this.begin(message);
    const written = answer.then((body) => body && this.write(body));
    if (!isSlow) await written;
  }

  /** One after the other, slow ones side by side; the answers go out together. */
  private async batch(messages: readonly unknown[]): Promise<void> {
    if (messages.length === 0 || messages.length > MAX_BATCH) {
      const message = `a batch holds 1-${MAX_BATCH} requests`;
      this.fail(null, { code: ERROR.INVALID_REQUEST, message });
      return;
    }
    this.intake.charge(messages.length - 1);
    const answers: Promise<ResponseMessage | null>[] = [];
    let isAnySlow = false;
    for (const message of messages) {
      const { isSlow, answer } = this.begin(message);
      answers.push(answer);
      if (isSlow) isAnySlow = true;
      else await answer;
    }
    const written = Promise.all(answers).then((bodies) => {
      const given = bodies.filter((body) => body !== null);
      if (given.length > 0) this.write(given);
    });
    if (!isAnySlow) await written;
  }

  /** Begins to serve a request. The answer never rejects; it is null for a notification. */
  private begin(message: unknown): { isSlow: boolean; answer: Promise<ResponseMessage | null> } {
    const refused = (id: RequestId | null, code: number, reason: string) => ({
      isSlow: false,
      answer: Promise.resolve(errorAnswer(id, { code, message: reason })),
    });
    const envelope = checkEnvelope(message);
    if ('wrong' in envelope) return refused(null, ERROR.INVALID_REQUEST, envelope.wrong);
    const { id, method } = envelope;
    if (id === undefined) return { isSlow: false, answer: this.serve(envelope).then(() => null) };
    if (this.pending.size >= MAX_PENDING) {
      return refused(id, ERROR.BUSY, `${MAX_PENDING} requests are under way already`);
    }
    if (this.pending.has(id))
      return refused(id, ERROR.INVALID_REQUEST, 'a request with this id is under way');
    return {
      isSlow: findMethod(this.options.methods, method)?.isSlow === true,
      answer: this.serve(envelope),
    };
  }

  private async serve({ id, method, params }: Envelope): Promise<ResponseMessage> {
    const cancelled = new AbortController();
    if (id !== undefined) this.pending.set(id, cancelled);
    const signal = AbortSignal.any([this.gone.signal, cancelled.signal]);
    try {
      return { jsonrpc: '2.0', id: id ?? null, result: await this.dispatch(method, params, signal) };
    } catch (error) {
      return errorAnswer(id ?? null, this.errorBody(method, error));
    } finally {
      if (id !== undefined) this.pending.delete(id);
    }
  }

  private async dispatch(name: string, given: unknown, signal: AbortSignal): Promise<unknown> {
    const { methods, ready, parts, who, privilege, clients } = this.options;
    const method = findMethod(methods, name);
    if (method === null) throw new RequestError(`there is no method ${name}`, ERROR.METHOD_NOT_FOUND);
    const checked = checkParams(method, given);
    if ('wrong' in checked) throw new RequestError(checked.wrong, ERROR.INVALID_PARAMS);
    if (name !== 'hello') {
      this.requireGreeting();
      await ready;
    }
    if (method.privilege === 'admin') this.authorize(name, checked.params);
    return method.run({ ...parts, who, privilege, clients, connection: this, signal }, checked.params);
  }

  private requireGreeting(): void {
    if (this.greeting === 'agreed') return;
    const reason =
      this.greeting === 'none' ? 'say hello first' : `this daemon speaks protocol ${PROTOCOL_VERSION}`;
    throw new RequestError(reason, ERROR.INVALID_REQUEST);
  }

  hello({ protocol, oldestProtocol = protocol, client }: HelloParams): HelloResult {
    this.client = client;
    clearTimeout(this.helloTimer);
    const common = Math.min(protocol, PROTOCOL_VERSION);
    const isAgreed = common >= Math.max(oldestProtocol, OLDEST_PROTOCOL);
    this.greeting = isAgreed ? 'agreed' : 'nothing in common';
    const { version, privilege, parts } = this.options;
    const { banner } = parts.runningConfig();
    return {
      name: PROTOCOL_NAME,
      protocol: isAgreed ? common : PROTOCOL_VERSION,
      version,
      hostname: parts.hostname(),
      privilege,
      ...(banner !== undefined && { banner }),
    };
  }

  cancel(id: RequestId): void {
    this.pending.get(id)?.abort();
  }

  setSubscribed(subscribed: boolean): void {
    this.unsubscribe?.();
    this.unsubscribe = subscribed ? this.options.parts.events.listen((event) => this.push(event)) : null;
  }

  /** Every attempt to change something is logged with who asked for it, whether or not it was allowed. */
  private authorize(method: string, params: object): void {
    const { who, privilege, log } = this.options;
    const allowed = privilege === 'admin';
    const { user, uid: clientUid, pid: clientPid } = who;
    log.info({ user, clientUid, clientPid, method, params: forTheLog(params), allowed }, 'administration');
    if (!allowed) throw new RequestError('only root and the group octolink may do this', ERROR.NOT_PERMITTED);
  }

  private push(event: ControlEvent): void {
    if (this.leaving) return;
    if (this.options.socket.writableLength > DROP_EVENTS_BYTES) {
      this.lostEvents++;
      return;
    }
    this.write({ jsonrpc: '2.0', method: EVENT_NOTIFICATION, params: event });
  }

  private drained(): void {
    this.intake.proceed();
    if (this.lostEvents === 0 || this.unsubscribe === null) return;
    const count = this.lostEvents;
    this.lostEvents = 0;
    this.push({ kind: 'lost', count, timeMs: Date.now() });
  }

  private errorBody(method: string, error: unknown): ErrorBody {
    if (error instanceof ProblemsError) {
      return { code: error.code, message: error.message, data: error.problems };
    }
    if (error instanceof RequestError) return { code: error.code, message: error.message };
    if (!this.gone.signal.aborted) this.options.log.error({ err: error, method }, 'a control request failed');
    return { code: ERROR.INTERNAL, message: 'internal error: see the log of the daemon' };
  }

  private fail(id: RequestId | null, error: ErrorBody): void {
    this.write(errorAnswer(id, error));
  }

  private write(body: object): void {
    const { socket } = this.options;
    if (!socket.writable) return;
    socket.write(`${JSON.stringify(body)}\n`);
  }
}

function errorAnswer(id: RequestId | null, error: ErrorBody): ResponseMessage {
  return { jsonrpc: '2.0', id, error };
}

/** Long input is logged by its first lines, without keys that were typed by mistake; of tokens nothing is logged. */
function forTheLog(params: object): object {
  if ('token' in params) return { ...params, token: '<removed>' };
  if (!('lines' in params) || !('context' in params)) return params;
  const { lines: all, context } = params as Methods['config.apply']['params'];
  const lines = all.slice(0, MAX_LOGGED_LINES).map(withoutSecrets);
  return { ...params, context: context.map(withoutSecrets), lines, lineCount: all.length };
}
