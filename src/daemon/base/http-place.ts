/**
 * One place where something is served over HTTP, or none. Connections are few and short: whoever only holds one makes room
 * for others, and each is closed when it has had its answer.
 */
import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { nodeHttp } from './node-http.js';

export interface Place {
  address: string;
  port: number;
}

const MAX_CONNECTIONS = 16;
const MAX_HEADER_BYTES = 8192;
/** A client that sends no request for this long is disconnected. */
const PATIENCE_MS = 5000;

export class HttpPlace {
  private server: Server | null = null;
  private place: Place | null = null;
  /** Connections that have sent no request yet, the oldest first. */
  private readonly silent = new Set<Socket>();
  /** Connections whose answer is under way, the oldest first. */
  private readonly answering = new Set<Socket>();

  /** `what` is served, as in "metrics"; `answer` ends each response. */
  constructor(
    private readonly what: string,
    private readonly answer: (request: IncomingMessage, response: ServerResponse) => void,
  ) {}

  /** Serves at `place` from now on, or nowhere. Throws a plain sentence, and changes nothing, when it cannot. */
  async serveAt(place: Place | null): Promise<void> {
    if (place?.address === this.place?.address && place?.port === this.place?.port) return;
    const next = place === null ? null : await this.listen(place);
    this.close();
    this.server = next;
    this.place = place;
  }

  close(): void {
    this.server?.close();
    this.server?.closeAllConnections();
    this.server = null;
    this.place = null;
  }

  private async listen({ address, port }: Place): Promise<Server> {
    const server = nodeHttp().createServer({
      maxHeaderSize: MAX_HEADER_BYTES,
      requestTimeout: PATIENCE_MS,
      headersTimeout: PATIENCE_MS,
      connectionsCheckingInterval: PATIENCE_MS,
    });
    server.timeout = PATIENCE_MS;
    server.on('connection', (socket) => hold(this.silent, socket));
    server.on('request', (request, response) => this.take(request, response));
    server.on('clientError', (_error, socket) => socket.destroy());
    server.listen({ host: address, port, exclusive: true });
    try {
      await once(server, 'listening');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const reason = code === 'EADDRINUSE' ? 'another program listens there' : (error as Error).message;
      throw new Error(`${this.what} cannot be served at ${address} port ${port}: ${reason}`);
    }
    server.unref();
    return server;
  }

  private take(request: IncomingMessage, response: ServerResponse): void {
    this.silent.delete(request.socket);
    // Whoever does not read its answer makes room as well.
    hold(this.answering, request.socket);
    response.setHeader('Connection', 'close');
    this.answer(request, response);
  }
}

/** Adds a connection to those of one kind until it is closed; the oldest goes when there are too many. */
function hold(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
  const [oldest] = sockets;
  if (sockets.size > MAX_CONNECTIONS) oldest.destroy();
}

/** Ends a response with a status and a sentence. */
export function refuse(response: ServerResponse, status: number, reason: string): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end(`${reason}\n`);
}

/** Path of a request, without its query. */
export function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0];
}

/** Whether a request only reads; refuses any other. */
export function isReading({ method }: IncomingMessage, response: ServerResponse, what: string): boolean {
  if (method === 'GET' || method === 'HEAD') return true;
  response.setHeader('Allow', 'GET, HEAD');
  refuse(response, 405, `${what} can only be read`);
  return false;
}

/** Ends a response with a body; a HEAD request gets its headers only. */
export function send(
  request: IncomingMessage,
  response: ServerResponse,
  type: string,
  body: string | Buffer,
): void {
  response.setHeader('Content-Type', type);
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.end(request.method === 'HEAD' ? undefined : body);
}
