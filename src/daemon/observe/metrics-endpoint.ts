/** Serves metrics over HTTP: `GET /metrics`, nothing else. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { METRICS_CONTENT_TYPE } from '../../api/metrics-text.js';

interface MetricsPlace {
  address: string;
  port: number;
}

const MAX_CONNECTIONS = 16;
const MAX_HEADER_BYTES = 8192;
/** A client that sends no request for this long is disconnected. */
const PATIENCE_MS = 5000;

export class MetricsEndpoint {
  private server: Server | null = null;
  private place: MetricsPlace | null = null;
  /** Connections that have sent no request yet, the oldest first. */
  private readonly silent = new Set<Socket>();
  /** Connections whose answer is under way, the oldest first. */
  private readonly answering = new Set<Socket>();

  /** `text` makes the answer. */
  constructor(private readonly text: () => string) {}

  /** Serves at `place` from now on, or nowhere. Throws a plain sentence, and changes nothing, when it cannot. */
  async serveAt(place: MetricsPlace | null): Promise<void> {
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

  private async listen({ address, port }: MetricsPlace): Promise<Server> {
    const server = createServer({
      maxHeaderSize: MAX_HEADER_BYTES,
      requestTimeout: PATIENCE_MS,
      headersTimeout: PATIENCE_MS,
      connectionsCheckingInterval: PATIENCE_MS,
    });
    server.timeout = PATIENCE_MS;
    server.on('connection', (socket) => this.admit(socket));
    server.on('request', (request, response) => this.answer(request, response));
    server.on('clientError', (_error, socket) => socket.destroy());
    server.listen({ host: address, port, exclusive: true });
    try {
      await once(server, 'listening');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const reason = code === 'EADDRINUSE' ? 'another program listens there' : (error as Error).message;
      throw new Error(`metrics cannot be served at ${address} port ${port}: ${reason}`);
    }
    server.unref();
    return server;
  }

  /** Whoever only holds a connection makes room for others; each is closed when it has had its answer. */
  private admit(socket: Socket): void {
    hold(this.silent, socket);
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    this.silent.delete(request.socket);
    // Whoever does not read its answer makes room as well.
    hold(this.answering, request.socket);
    response.setHeader('Connection', 'close');
    const [path] = (request.url ?? '').split('?');
    if (path !== '/metrics') return refuse(response, 404, 'metrics are at /metrics');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      return refuse(response, 405, 'metrics can only be read');
    }
    const body = this.text();
    response.setHeader('Content-Type', METRICS_CONTENT_TYPE);
    response.setHeader('Content-Length', Buffer.byteLength(body));
    response.end(request.method === 'HEAD' ? undefined : body);
  }
}

/** Adds a connection to those of one kind until it is closed; the oldest goes when there are too many. */
function hold(sockets: Set<Socket>, socket: Socket): void {
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
  const [oldest] = sockets;
  if (sockets.size > MAX_CONNECTIONS) oldest.destroy();
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end(`${reason}\n`);
}
