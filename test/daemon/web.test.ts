/** The web page's server: who gets what. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EventLog } from '../../src/daemon/base/event-log.js';
import type { DaemonParts } from '../../src/daemon/methods/method.js';
import { readToken } from '../../src/daemon/web/entrance.js';
import { WebPlace } from '../../src/daemon/web/web-place.js';
import { freePorts } from './free-ports.js';

const events = new EventLog();
/** What the log got: nothing that a stranger sends is worth an error. */
const complaints: string[] = [];
const parts = {
  log: { error: (_: object, message: string) => complaints.push(message) },
  hostname: () => 'tokyo',
  runningConfig: () => ({ interfaces: [] }),
  events,
} as unknown as DaemonParts;

const folder = mkdtempSync(join(tmpdir(), 'octolink-web-'));
const place = new WebPlace(folder, () => parts);
let at = '';
let token = '';

beforeAll(async () => {
  const [port] = await freePorts(1);
  await place.serveAt({ address: '127.0.0.1', port });
  at = `http://127.0.0.1:${port}`;
  token = readFileSync(join(folder, 'web-token'), 'utf8').trim();
});
afterAll(() => {
  expect(complaints).toEqual([]);
  place.close();
  rmSync(folder, { recursive: true });
});

const withToken = () => ({ headers: { authorization: `Bearer ${token}` } });
const ask = (path: string, init?: RequestInit) => fetch(at + path, init);

describe('the token', () => {
  it('is made once, for its owner only, and kept', async () => {
    expect(statSync(join(folder, 'web-token')).mode & 0o777).toBe(0o600);
    expect(await readToken(folder)).toBe(token);
  });

  it('is not replaced where its file holds something else', async () => {
    const other = mkdtempSync(join(tmpdir(), 'octolink-web-'));
    writeFileSync(join(other, 'web-token'), 'short\n');
    await expect(readToken(other)).rejects.toThrow('holds no token');
    rmSync(other, { recursive: true });
  });

  it('lets a browser in, which then has a session of its own', async () => {
    const wrong = await ask('/login', { method: 'POST', body: `${token}x` });
    expect([wrong.status, wrong.headers.get('set-cookie')]).toEqual([403, null]);
    const right = await ask('/login', { method: 'POST', body: token });
    const cookie = right.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^octolink=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/);
    expect(cookie).not.toContain(token);
    const [session] = cookie.split(';');
    expect((await ask('/api/show.version', { headers: { cookie: session } })).status).toBe(200);
    expect((await ask('/api/show.version', { headers: { cookie: `${session}x` } })).status).toBe(401);
  });
});

describe('without the token', () => {
  it.each(['/api/show.version', '/api/show.interfaces', '/api/events', '/api/nothing'])(
    '%s is refused',
    async (path) => {
      expect((await ask(path)).status).toBe(401);
    },
  );

  it('the page and what draws it are served, under a policy that takes nothing from elsewhere', async () => {
    const page = await ask('/');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await page.text()).toContain('<html lang="en">');
    for (const path of [
      '/style.css',
      '/plot.css',
      '/modules/web/main.js',
      '/modules/web/plot.js',
      '/modules/cli/output/events.js',
    ])
      expect((await ask(path)).status, path).toBe(200);
  });

  it.each([
    '/modules/daemon/main.js',
    '/modules/web/../daemon/main.js',
    '/modules/web/%2e%2e/daemon/main.js',
    '/modules/web/main.js.map',
    '/web-token',
    '//etc/passwd',
  ])('there is nothing at %s', async (path) => {
    expect((await ask(path)).status).toBe(404);
  });
});

describe('with the token', () => {
  it('reading methods of the control API answer', async () => {
    const answer = await ask('/api/show.version', withToken());
    expect(((await answer.json()) as { hostname: string }).hostname).toBe('tokyo');
    const interfaces = await ask('/api/show.interfaces', withToken());
    expect(await interfaces.json()).toEqual([]);
  });

  it.each([
    ['/api/config.commit', 404],
    ['/api/show.users', 404],
    ['/api/__proto__', 404],
    ['/api/show.peersPage?params={%22limit%22:0}', 400],
    ['/api/show.peersPage?params={', 400],
    ['/api/show.interfaces?params={%22interface%22:%22octo9%22}', 400],
  ])('%s is answered by %i', async (path, status) => {
    expect((await ask(path, withToken())).status).toBe(status);
  });

  it.each(['/', '/api/show.version'])('%s cannot be written to', async (path) => {
    const answer = await ask(path, { ...withToken(), method: 'POST' });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('events come as they happen', async () => {
    const stream = await ask('/api/events', withToken());
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toBe(': welcome\n\n');
    events.publish({ kind: 'config', by: 'root', what: 'written' });
    expect((await reader.read()).value).toContain('data: {"timeMs":');
    await reader.cancel();
  });
});
