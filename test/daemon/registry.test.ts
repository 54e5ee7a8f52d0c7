/** Following etcd, against a gateway that says odd things. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { until } from '../../scripts/lab/run.js';
import { login } from '../../src/daemon/registry/etcd.js';
import { type Entry, Follower } from '../../src/daemon/registry/follower.js';
import { Gateway } from '../../src/daemon/registry/gateway.js';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const OWN: Entry = { key: 'members/own', value: Buffer.from('own record') };

/** A gateway of one server; `odd` may answer in its place. */
class FakeServer {
  readonly requests: { path: string; body: Record<string, unknown>; headers: IncomingMessage['headers'] }[] =
    [];
  readonly streams: ServerResponse[] = [];
  odd: (path: string, answer: ServerResponse) => boolean = () => false;
  values = new Map<string, string>([['members/a', 'record a']]);
  leases = 0;
  isLeaseAlive = true;
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, answer) => {
      let text = '';
      request.on('data', (piece) => {
        text += piece;
      });
      request.on('end', () => {
        const path = request.url ?? '';
        this.requests.push({ path, body: JSON.parse(text), headers: request.headers });
        if (!this.odd(path, answer)) this.answer(path, JSON.parse(text), answer);
      });
    });
  }

  static async start(): Promise<FakeServer> {
    const fake = new FakeServer();
    await new Promise<void>((resolve) => fake.server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  count(path: string): number {
    return this.requests.filter((request) => request.path === path).length;
  }

  private answer(path: string, body: Record<string, string>, answer: ServerResponse): void {
    const header = { revision: '7' };
    switch (path) {
      case '/v3/lease/grant':
        this.leases++;
        this.isLeaseAlive = true;
        return this.say(answer, { header, ID: String(1000 + this.leases), TTL: '15' });
      case '/v3/lease/keepalive':
        return this.say(answer, {
          result: { header, ID: body['ID'], ...(this.isLeaseAlive && { TTL: '15' }) },
        });
      case '/v3/kv/range': {
        const kvs = [...this.values].map(([key, value]) => ({
          key: base64(`/p/${key}`),
          value: base64(value),
        }));
        return this.say(answer, { header, kvs });
      }
      case '/v3/watch':
        answer.writeHead(200);
        answer.write(`${JSON.stringify({ result: { header, created: true } })}\n`);
        this.streams.push(answer);
        return;
      case '/v3/auth/authenticate':
        return this.say(answer, { token: `token-${this.count(path)}` });
      default:
        return this.say(answer, { header });
    }
  }

  say(answer: ServerResponse, value: unknown, status = 200): void {
    answer.writeHead(status, { 'content-type': 'application/json' });
    answer.end(JSON.stringify(value));
  }

  tell(line: unknown): void {
    this.streams.at(-1)?.write(`${JSON.stringify(line)}\n`);
  }
}

let servers: FakeServer[] = [];
let follower: Follower | null = null;
let taken: string[] = [];

beforeEach(async () => {
  taken = [];
  servers = [await FakeServer.start(), await FakeServer.start()];
});
afterEach(() => {
  follower?.close();
  for (const server of servers) server.close();
});

function follow(user = false): Follower {
  follower = new Follower({
    prefix: '/p',
    open: async (index) =>
      new Gateway(
        { servers: servers.map(({ url }) => url) },
        index,
        user ? (gateway, signal) => login(gateway, { name: 'u', password: 'secret' }, signal) : null,
      ),
    own: () => OWN,
    lasting: () => [],
    took: (values) => taken.push(...values.map((value) => Buffer.from(value).toString())),
    changed: () => {},
    random: () => 0,
    wallClockMs: () => Date.now(),
  });
  return follower;
}

const becomes = (what: string, holds: () => boolean) => until(what, holds, 10_000, 5);
const following = () => becomes('following', () => follower?.status.state === 'following');
const watched = (server: FakeServer, times = 1) => becomes('a watch', () => server.streams.length >= times);

it('registers first, then lists and watches with a leader', async () => {
  follow();
  await following();
  await watched(servers[0]);
  expect(taken).toEqual(['record a']);
  const paths = servers[0].requests.map(({ path }) => path);
  expect(paths.indexOf('/v3/kv/put')).toBeLessThan(paths.indexOf('/v3/kv/range'));
  const watch = servers[0].requests.find(({ path }) => path === '/v3/watch');
  expect(watch?.headers['grpc-metadata-hasleader']).toBe('true');
  expect(watch?.body).toMatchObject({ create_request: { start_revision: '8' } });
});

it('takes what changes, and nothing of what was deleted or lies elsewhere', async () => {
  follow();
  await watched(servers[0]);
  const put = (key: string, value: string) => ({ kv: { key: base64(key), value: base64(value) } });
  servers[0].tell({ result: { events: [put('/p/members/b', 'record b'), put('/q/x', 'foreign')] } });
  servers[0].tell({ result: { events: [{ type: 'DELETE', kv: { key: base64('/p/members/b') } }] } });
  servers[0].tell({ result: { events: [put('/p/members/c', 'record c')] } });
  await becomes('the last change', () => taken.includes('record c'));
  expect(taken).toEqual(['record a', 'record b', 'record c']);
});

it('asks the next server when one is mute, and stays with it', async () => {
  servers[0].odd = () => true;
  follow();
  await following();
  expect(follower?.status.server).toBe(servers[1].url);
  expect(taken).toEqual(['record a']);
});

it('blames no server for a time in which this program was held up', async () => {
  let asked = () => {};
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  servers[0].odd = (path, answer) => {
    asked();
    setTimeout(() => servers[0].say(answer, { path }), 50);
    return true;
  };
  const gateway = new Gateway({ servers: servers.map(({ url }) => url) }, 0, null);
  const answer = gateway.call({ path: '/v3/x', body: {}, signal: new AbortController().signal });
  await isAsked;
  // Longer than a request may take.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 900);
  expect(await answer).toEqual({ path: '/v3/x' });
  expect(servers[1].requests).toEqual([]);
  gateway.close();
});

it('believes no server whose certificate the authority has not signed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'octolink-registry-'));
  const make = (name: string) => {
    const files = ['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.pem`)];
    const subject = ['-nodes', '-days', '2', '-subj', `/O=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
    const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
    execFileSync('openssl', [...kind, ...files, ...subject], { stdio: 'ignore' });
    return (end: string) => readFileSync(join(folder, `${name}.${end}`), 'utf8');
  };
  const [own, other] = [make('own'), make('other')];
  const asked: string[] = [];
  const server = createTlsServer({ key: own('key'), cert: own('pem') }, (request, answer) => {
    asked.push(request.url ?? '');
    answer.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ask = { path: '/v3/kv/range', body: {}, signal: new AbortController().signal };
  for (const [ca, outcome] of [
    [own('pem'), {}],
    [other('pem'), null],
  ] as const) {
    const gateway = new Gateway({ servers: [url], ca }, 0, null);
    const answer = gateway.call(ask);
    if (outcome === null) await expect(answer).rejects.toThrow(/self-signed certificate/);
    else expect(await answer).toEqual(outcome);
    gateway.close();
  }
  expect(asked).toHaveLength(1);
  server.close();
  rmSync(folder, { recursive: true });
});

it('takes the whole list again when the history was compacted, which is no failure', async () => {
  follow();
  await watched(servers[0]);
  const failures = follower?.status.failures;
  servers[0].tell({ result: { canceled: true, compact_revision: '99' } });
  await watched(servers[0], 2);
  expect(follower?.status).toMatchObject({ resyncs: 2, failures });
});

it.each([
  ['an end', (server: FakeServer) => server.streams.at(-1)?.end()],
  ['no leader', (server: FakeServer) => server.tell({ error: { grpc_code: 14, message: 'no leader' } })],
  ['a line that is no JSON', (server: FakeServer) => server.streams.at(-1)?.write('nonsense\n')],
  ['a cut', (server: FakeServer) => server.streams.at(-1)?.destroy()],
])('begins anew after %s of the watch', async (_, happen) => {
  follow();
  await watched(servers[0]);
  happen(servers[0]);
  await becomes('another listing', () => (follower?.status.resyncs ?? 0) >= 2);
  expect(follower?.status.failures).toBe(1);
});

it('takes another lease when the old one is answered without its time', async () => {
  follow();
  await watched(servers[0]);
  servers[0].isLeaseAlive = false;
  // The next round renews at once.
  servers[0].streams.at(-1)?.end();
  await becomes('another lease', () => servers[0].leases === 2);
  await becomes('the record', () => servers[0].count('/v3/kv/put') >= 2);
  const puts = servers[0].requests.filter(({ path }) => path === '/v3/kv/put');
  expect(puts.at(-1)?.body).toMatchObject({ lease: '1002', value: base64('own record') });
});

it('follows although it may not write, and says so', async () => {
  servers[0].odd = (path, answer) => {
    if (path === '/v3/kv/put') servers[0].say(answer, { message: 'permission denied', code: 7 }, 403);
    return path === '/v3/kv/put';
  };
  follow();
  await following();
  expect(follower?.status.error).toBe('permission denied');
  expect(taken).toEqual(['record a']);
});

it('fetches a token, and another when the first is no longer good', async () => {
  let isStale = false;
  for (const server of servers)
    server.odd = (path, answer) => {
      const refuses =
        isStale && path === '/v3/kv/range' && server.requests.at(-1)?.headers.authorization === 'token-1';
      if (refuses) server.say(answer, { message: 'invalid auth token', code: 16 }, 401);
      if (path === '/v3/lease/grant') isStale = true;
      return refuses;
    };
  follow(true);
  await following();
  expect(servers[0].count('/v3/auth/authenticate')).toBe(2);
  expect(JSON.stringify(follower?.status)).not.toContain('secret');
});

it.each([
  ['more than may be', (server: FakeServer, answer: ServerResponse) => server.say(answer, 'x'.repeat(5e6))],
  ['no JSON', (_: FakeServer, answer: ServerResponse) => answer.end('<html>')],
  [
    'no revision',
    (server: FakeServer, answer: ServerResponse) => server.say(answer, { header: 'none', kvs: 3 }),
  ],
  ['nothing that is an object', (server: FakeServer, answer: ServerResponse) => server.say(answer, null)],
])('survives a listing that is %s', async (_, say) => {
  let times = 0;
  for (const server of servers)
    server.odd = (path, answer) => {
      const isOdd = path === '/v3/kv/range' && times++ < 2;
      if (isOdd) say(server, answer);
      return isOdd;
    };
  follow();
  await following();
  expect(follower?.status.failures).toBeGreaterThan(0);
  expect(taken).toEqual(['record a']);
});
