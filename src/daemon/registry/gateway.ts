/**
 * Requests to the JSON gateway of an etcd cluster. Each ends after a while and goes to the next server then; whatever
 * comes back is bounded, and nothing of it is believed here.
 */
import type { Agent, IncomingMessage, RequestOptions } from 'node:http';
import { nodeHttp, nodeHttps } from '../base/node-http.js';
import { patience } from '../base/patience.js';

/** How long a request may take at one server: an election can hold a write for seconds, while another server is idle. */
const REQUEST_MS = 800;
/** Bytes of an answer, and of one line of a stream. */
const MAX_ANSWER = 4 * 1024 * 1024;
/** Of what a server says of an error, so many characters are shown. */
const MAX_MESSAGE = 200;
const UNAUTHORIZED = 401;

export interface GatewayTerms {
  /** URLs without a path. */
  servers: readonly string[];
  /** PEM. */
  ca?: string;
  cert?: string;
  key?: string;
}

/** What a server refused, with its words. Others are not asked: they would say the same. */
export class Refused extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

interface Ask {
  path: string;
  body: unknown;
  signal: AbortSignal;
}

export class Gateway {
  private readonly agent: Agent;
  private readonly agentIsTls: boolean;
  private token: string | null = null;

  /** `first`: index of the server to begin with. `login` fetches a token, for servers that want one. */
  constructor(
    private readonly terms: GatewayTerms,
    public index: number,
    private readonly login: ((gateway: Gateway, signal: AbortSignal) => Promise<string>) | null,
  ) {
    const { ca, cert, key } = terms;
    this.agentIsTls = terms.servers.some((server) => server.startsWith('https:'));
    this.agent = this.agentIsTls
      ? new (nodeHttps().Agent)({ keepAlive: true, ca, cert, key, minVersion: 'TLSv1.2' })
      : new (nodeHttp().Agent)({ keepAlive: true });
    this.index = index % Math.max(1, terms.servers.length);
  }

  /** The server that is asked first. */
  get server(): string {
    return this.terms.servers[this.index];
  }

  close(): void {
    this.agent.destroy();
  }

  /**
   * The answer to a request, as JSON.
   * @throws Refused when a server refuses it; Error with what each server did, when none answers.
   */
  async call(ask: Ask): Promise<unknown> {
    const troubles: string[] = [];
    for (let tries = 0; tries < this.terms.servers.length; tries++) {
      try {
        return await this.authorized(ask);
      } catch (error) {
        if (error instanceof Refused || ask.signal.aborted) throw error;
        troubles.push(`${this.server}: ${(error as Error).message}`);
        this.index = (this.index + 1) % this.terms.servers.length;
      }
    }
    throw new Error(troubles.join('; ') || 'there is no server');
  }

  /** As `call`, without a token: the request for one. */
  callWithoutToken(ask: Ask): Promise<unknown> {
    return this.once(ask, null);
  }

  /** With a token, which is fetched anew once when the one in hand is refused. */
  private async authorized(ask: Ask): Promise<unknown> {
    const before = this.token;
    this.token ??= this.login === null ? null : await this.login(this, ask.signal);
    try {
      return await this.once(ask, this.token);
    } catch (error) {
      const isStale = error instanceof Refused && error.status === UNAUTHORIZED && before !== null;
      if (!isStale || this.login === null) throw error;
      this.token = await this.login(this, ask.signal);
      return this.once(ask, this.token);
    }
  }

  private async once({ path, body, signal }: Ask, token: string | null): Promise<unknown> {
    const { signal: over, end } = patience(REQUEST_MS);
    const limit = AbortSignal.any([signal, over]);
    try {
      const answer = await this.send(path, body, { signal: limit, token });
      return parsed(await textOf(answer), answer.statusCode ?? 0);
    } catch (error) {
      if (limit.aborted && !signal.aborted) throw new Error(`no answer within ${REQUEST_MS} ms`);
      throw error;
    } finally {
      end();
    }
  }

  /**
   * The lines of a stream from the server that is asked first, each as JSON, until it ends.
   * @throws as `call` does.
   */
  async *stream({ path, body, signal }: Ask): AsyncGenerator<unknown> {
    // Without a leader a stream would stay open and mute.
    const answer = await this.send(path, body, { signal, token: this.token, needsLeader: true });
    if (answer.statusCode !== 200) parsed(await textOf(answer), answer.statusCode ?? 0);
    let rest = '';
    for await (const piece of this.pieces(answer, signal)) {
      const lines = (rest + piece).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > MAX_ANSWER) throw new Error('a line of the answer is too long');
      for (const line of lines) if (line.trim() !== '') yield parsed(line, 200);
    }
  }

  /** What comes of an answer, until it ends. */
  private async *pieces(answer: IncomingMessage, signal: AbortSignal): AsyncGenerator<string> {
    try {
      yield* answer.setEncoding('utf8') as AsyncIterable<string>;
    } catch (error) {
      // Node's word for a connection that breaks is "aborted", which says neither by whom nor what.
      throw signal.aborted ? error : new Error(`${this.server}: the connection broke off`);
    }
  }

  private send(
    path: string,
    body: unknown,
    { signal, token, needsLeader }: { signal: AbortSignal; token: string | null; needsLeader?: true },
  ): Promise<IncomingMessage> {
    const url = new URL(path, this.server);
    const isTls = url.protocol === 'https:';
    const payload = JSON.stringify(body);
    const options: RequestOptions = {
      method: 'POST',
      signal,
      // A cluster that is being moved to TLS has servers of both kinds: the agent serves those of one.
      agent: isTls === this.agentIsTls ? this.agent : undefined,
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(payload),
        ...(token !== null && { authorization: token }),
        ...(needsLeader === true && { 'grpc-metadata-hasleader': 'true' }),
      },
    };
    return new Promise((resolve, reject) => {
      const request = (isTls ? nodeHttps() : nodeHttp()).request(url, options, (answer) => {
        // The answer may break after this; whoever reads it is told.
        resolve(answer);
      });
      request.on('error', reject);
      request.end(payload);
    });
  }
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > MAX_ANSWER) throw new Error('the answer is too long');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** The value of an answer. Throws what it says of an error. */
function parsed(text: string, status: number): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(status === 200 ? 'the answer is no JSON' : `status ${status}`);
  }
  if (status === 200) return value;
  const { message, error } = (typeof value === 'object' && value !== null ? value : {}) as Record<
    string,
    unknown
  >;
  const words = shown(message ?? error ?? `status ${status}`);
  if (status >= 400 && status < 500) throw new Refused(words, status);
  throw new Error(words);
}

/** Words of a server, as they may be printed. */
export function shown(words: unknown): string {
  const text = typeof words === 'string' ? words : JSON.stringify(words);
  return (text ?? '').replace(/[^\x20-\x7e]/g, '?').slice(0, MAX_MESSAGE);
}
