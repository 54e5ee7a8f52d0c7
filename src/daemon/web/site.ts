/**
 * The web page: what can be seen of the network, and nothing that can be changed. Its data are answers of the control API's
 * reading methods, asked for by name, and the events as they happen.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { MethodName, Who } from '../../api/index.js';
import { isReading, pathOf, refuse, send } from '../base/http-place.js';
import { RequestError } from '../base/request-errors.js';
import { checkParams } from '../control/requests.js';
import { METHODS } from '../methods/index.js';
import { type DaemonParts, findMethod, type MethodContext } from '../methods/method.js';
import { assetAt } from './assets.js';
import type { Entrance } from './entrance.js';
import { PAGE, STYLE } from './page.js';

/** Methods of the control API that the page may call. */
const CALLABLE: ReadonlySet<string> = new Set<MethodName>([
  'show.version',
  'show.interfaces',
  'show.peersPage',
  'show.linkHistory',
  'show.events',
  'show.uplinks',
]);
/** Pages that hear events at once; the oldest is disconnected, and comes back. */
const MAX_LISTENERS = 8;
/** Bytes that a page may leave unread before it is disconnected. */
const MAX_UNREAD = 1 << 20;
const MAX_FORM_BYTES = 256;
/** Who asks, for methods that want to know. */
const WHO: Who = { user: 'web', uid: null, pid: null, session: null };
const PATIENCE_MS = 5000;
/** Nothing from elsewhere, nothing inline but the sizes that the plots set. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

export class WebSite {
  private readonly listeners = new Set<ServerResponse>();

  constructor(
    private readonly parts: DaemonParts,
    private readonly entrance: Entrance,
  ) {}

  /** Answers a request. Never throws. */
  answer(request: IncomingMessage, response: ServerResponse): void {
    response.setHeader('Content-Security-Policy', POLICY);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Referrer-Policy', 'no-referrer');
    response.setHeader('Cache-Control', 'no-store');
    void this.route(request, response).catch((err: Error) => {
      this.parts.log.error({ err }, 'a request of the web page failed');
      if (!response.headersSent) refuse(response, 500, 'internal error; see the log');
      else response.destroy();
    });
  }

  private async route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = pathOf(request);
    if (path === '/login') return this.login(request, response);
    if (!isReading(request, response, 'the network')) return;
    if (path === '/') return send(request, response, 'text/html; charset=utf-8', PAGE);
    if (path === '/style.css') return send(request, response, 'text/css; charset=utf-8', STYLE);
    if (path.startsWith('/api/')) {
      if (!this.entrance.knows(request)) return refuse(response, 401, 'sign in with the token first');
      if (path === '/api/events') return this.listen(request, response);
      return this.call(path.slice('/api/'.length), request, response);
    }
    const asset = await assetAt(path);
    if (asset === null) return refuse(response, 404, 'there is nothing here');
    send(request, response, asset.type, asset.body);
  }

  /** `POST /login` with the token as its body. */
  private async login(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST') return refuse(response, 405, 'the token is sent by POST');
    const token = await bodyOf(request);
    const cookie = token === null ? null : this.entrance.enter(token);
    if (cookie === null) return refuse(response, 403, 'this is not the token of this daemon');
    response.setHeader('Set-Cookie', cookie);
    send(request, response, 'text/plain; charset=utf-8', 'welcome\n');
  }

  /** `GET /api/METHOD?params=JSON`: the result as JSON. */
  private async call(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = CALLABLE.has(name) ? findMethod(METHODS, name) : null;
    if (method === null) return refuse(response, 404, `there is no method ${name.slice(0, 64)} here`);
    const checked = checkParams(method, paramsOf(request));
    if ('wrong' in checked) return refuse(response, 400, checked.wrong);
    try {
      const result = await method.run(this.context(), checked.params);
      send(request, response, 'application/json; charset=utf-8', JSON.stringify(result));
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      refuse(response, 400, error.message);
    }
  }

  /** Events as they happen, as server-sent events (HTML, section 9.2). */
  private listen(request: IncomingMessage, response: ServerResponse): void {
    request.socket.setTimeout(0);
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(': welcome\n\n');
    this.listeners.add(response);
    const [oldest] = this.listeners;
    if (this.listeners.size > MAX_LISTENERS) oldest.destroy();
    const stop = this.parts.events.listen((event) => {
      response.write(`data: ${JSON.stringify(event)}\n\n`);
      if (response.writableLength > MAX_UNREAD) response.destroy();
    });
    response.once('close', () => {
      stop();
      this.listeners.delete(response);
    });
  }

  /** A caller without a connection of the control socket, who may only read. */
  private context(): MethodContext {
    const none = () => {
      throw new RequestError('the web page cannot do that');
    };
    return {
      ...this.parts,
      who: WHO,
      privilege: 'read',
      connection: { hello: none, cancel: none, setSubscribed: none },
      clients: () => [],
      signal: AbortSignal.timeout(PATIENCE_MS),
    };
  }
}

/** The parameters in a request's address; undefined when they are no JSON. */
function paramsOf({ url = '' }: IncomingMessage): unknown {
  const text = new URL(url, 'http://octolink').searchParams.get('params') ?? '{}';
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** A short body as text; null when it is too long. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  let text = '';
  for await (const part of request.setEncoding('utf8')) {
    text += part;
    if (text.length > MAX_FORM_BYTES) return null;
  }
  return text;
}
