import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ControlEvent, ERROR } from '../../src/api/index.js';
import { client, Raw, test, useServer } from './harness.js';

useServer();

describe('a connection', () => {
  it('begins with hello', async () => {
    const raw = new Raw();
    expect((await raw.ask({ method: 'show.version' })).error).toMatchObject({ code: ERROR.INVALID_REQUEST });
    expect((await raw.hello()).result).toMatchObject({
      name: 'octolink-control',
      protocol: 1,
      hostname: 'tokyo',
      privilege: 'admin',
    });
    expect((await raw.ask({ method: 'show.version' })).result).toMatchObject({ version: '0.1.0' });
  });

  it('tells a client of another protocol which one it speaks, and no more', async () => {
    const raw = new Raw();
    const answer = await raw.ask({ method: 'hello', params: { protocol: 99, client: 'raw' } });
    expect(answer.result).toMatchObject({ protocol: 1 });
    expect((await raw.ask({ method: 'show.version' })).error?.message).toBe('this daemon speaks protocol 1');
  });

  it('speaks the newest protocol in common with a newer client', async () => {
    const raw = new Raw();
    const params = { protocol: 99, oldestProtocol: 1, client: 'raw', fashion: 'new' };
    expect((await raw.ask({ method: 'hello', params })).result).toMatchObject({ protocol: 1 });
    expect((await raw.ask({ method: 'show.version' })).result).toMatchObject({ version: '0.1.0' });
    const answer = await raw.ask({ method: 'show.future' });
    expect(answer.error).toEqual({ code: ERROR.METHOD_NOT_FOUND, message: 'there is no method show.future' });
  });

  it('takes no name or comment that another terminal would obey', async () => {
    const raw = new Raw();
    const painted = { protocol: 1, client: 'innocent\x1b[2J' };
    expect((await raw.ask({ method: 'hello', params: painted })).error?.code).toBe(ERROR.INVALID_PARAMS);
    await raw.hello();
    const commit = { method: 'config.commit', params: { comment: 'first\nsecond' } };
    expect((await raw.ask(commit)).error?.message).toBe('comment: a character that cannot be printed');
  });

  it('answers a batch in one line, and notifications not at all', async () => {
    const raw = new Raw();
    await raw.hello();
    const call = (id: number | undefined, method: string) => ({
      jsonrpc: '2.0',
      method,
      ...(id !== undefined && { id }),
    });
    raw.send(`${JSON.stringify(call(undefined, 'clear.counters'))}\n`);
    raw.send(`${JSON.stringify([call(undefined, 'clear.counters')])}\n`);
    raw.send(
      `${JSON.stringify([call(1, 'show.version'), call(undefined, 'clear.counters'), 5, call(2, 'none')])}\n`,
    );
    expect(await raw.answer(2)).toMatchObject([
      { id: 1, result: { version: '0.1.0' } },
      { id: null, error: { code: ERROR.INVALID_REQUEST } },
      { id: 2, error: { code: ERROR.METHOD_NOT_FOUND } },
    ]);
    expect(test.backend.cleared).toEqual(['counters', 'counters', 'counters']);
  });

  it('answers requests that arrive in pieces, and several that arrive at once', async () => {
    const raw = new Raw();
    await raw.hello();
    const request = (id: number) => `${JSON.stringify({ jsonrpc: '2.0', id, method: 'show.version' })}\n`;
    for (const char of request(7)) raw.send(char);
    raw.send(request(8) + request(9));
    await raw.answer(4);
    expect(
      raw.answers
        .slice(1)
        .map(({ id }) => id)
        .sort(),
    ).toEqual([7, 8, 9]);
  });
});

describe('bad requests', () => {
  const cases: [string, string, number][] = [
    ['no JSON', 'hello\n', ERROR.PARSE],
    ['an empty line', '\n', ERROR.PARSE],
    ['null', 'null\n', ERROR.INVALID_REQUEST],
    ['an empty batch', '[]\n', ERROR.INVALID_REQUEST],
    ['a batch too large', `[${'1,'.repeat(32)}1]\n`, ERROR.INVALID_REQUEST],
    ['a number', '5\n', ERROR.INVALID_REQUEST],
    ['no version', '{"id":1,"method":"hello"}\n', ERROR.INVALID_REQUEST],
    ['the id null', '{"jsonrpc":"2.0","id":null,"method":"hello"}\n', ERROR.INVALID_REQUEST],
    ['a key too many', '{"jsonrpc":"2.0","id":1,"method":"hello","x":1}\n', ERROR.INVALID_REQUEST],
    [
      'a prototype key',
      '{"jsonrpc":"2.0","id":1,"method":"hello","__proto__":{"admin":true}}\n',
      ERROR.PARSE,
    ],
    [
      'a hidden prototype key',
      '{"jsonrpc":"2.0","id":1,"method":"hello","params":{"\\u005f_proto__":1}}\n',
      ERROR.PARSE,
    ],
    ['deep nesting', `${'['.repeat(300_000)}\n`, ERROR.PARSE],
    ['a method of objects', '{"jsonrpc":"2.0","id":1,"method":"toString"}\n', ERROR.METHOD_NOT_FOUND],
    [
      'wrong parameters',
      '{"jsonrpc":"2.0","id":1,"method":"hello","params":{"protocol":"1"}}\n',
      ERROR.INVALID_PARAMS,
    ],
  ];

  it.each(cases)('%s gets an error, and the connection goes on', async (_title, bytes, code) => {
    const raw = new Raw();
    raw.send(bytes);
    expect((await raw.answer()).error?.code).toBe(code);
    expect((await raw.hello()).result).toBeDefined();
  });

  it('invalid UTF-8 gets an error', async () => {
    const raw = new Raw();
    raw.send(Buffer.from([0x22, 0xff, 0x22, 0x0a]));
    expect((await raw.answer()).error?.code).toBe(ERROR.PARSE);
  });

  it.each([
    ['show.peer', {}],
    ['show.peer', { peer: 'a  b' }],
    ['show.peer', { peer: 'osaka', extra: 1 }],
    ['wait', { peer: 'osaka', state: 'sideways', timeoutS: 1 }],
    ['ping', { peer: 'osaka', count: 0, size: 1, intervalMs: 10 }],
    ['config.apply', { context: [], lines: 'mtu', mode: 'merge', checkOnly: false }],
  ])('%s refuses %j', async (method, params) => {
    const raw = new Raw();
    await raw.hello();
    expect((await raw.ask({ method, params })).error?.code).toBe(ERROR.INVALID_PARAMS);
  });

  it('whatever bytes come, the next client is served', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), async (bytes) => {
        const raw = new Raw();
        raw.send(Buffer.from(bytes));
        raw.send('\n');
        await raw.answer();
        raw.socket.destroy();
        await raw.closed;
      }),
      { numRuns: 100 },
    );
    expect((await (await client()).request('show.version', {})).hostname).toBe('tokyo');
  });

  it('an internal error reveals nothing of the daemon to a client', async () => {
    test.backend.version = () => Promise.reject(new Error('key material'));
    await expect((await client()).request('show.version', {})).rejects.toMatchObject({
      code: ERROR.INTERNAL,
      message: 'internal error: see the log of the daemon',
    });
  });
});

describe('limits', () => {
  it('a request of 64 MiB is refused without being kept, while others are served', async () => {
    const raw = new Raw();
    await raw.hello();
    const other = await client();
    const before = process.memoryUsage().rss;
    const megabyte = Buffer.alloc(1024 * 1024, 'x');
    for (let sent = 0; sent < 64 && !raw.socket.destroyed; sent++) raw.send(megabyte);
    expect((await raw.answer(2)).error?.message).toBe('a request is longer than 1048576 bytes');
    expect((await other.request('show.version', {})).hostname).toBe('tokyo');
    await raw.closed;
    // This process holds the 64 MiB once, in the client's queue; the server must not add a second copy.
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
  });

  it('of 300 clients, those above 256 are told so', async () => {
    const clients = Array.from({ length: 300 }, () => new Raw());
    const answers = await Promise.all(clients.map((raw) => raw.hello()));
    const served = answers.filter(({ result }) => result !== undefined);
    const refused = answers.filter(({ error }) => error?.code === ERROR.BUSY);
    expect(served).toHaveLength(256);
    expect(refused).toHaveLength(44);
    expect(refused[0].error?.message).toMatch(
      new RegExp(
        `256 clients are connected already, \\d+ of them by process ${process.pid} of user \\S+: end it`,
      ),
    );
    for (const raw of clients) raw.socket.destroy();
    await Promise.all(clients.map((raw) => raw.closed));
    const late = new Raw();
    await late.hello();
  });

  it('a client that never reads is not read from, and keeps nobody waiting', async () => {
    const stuck = new Raw();
    await stuck.hello();
    stuck.socket.pause();
    const request = `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'show.runningConfig' })}\n`;
    for (let sent = 0; sent < 20_000; sent++) stuck.send(request);
    const other = await client();
    expect((await other.request('show.peers', {}))[0].name).toBe('osaka');
  });

  it('a slow reader loses events and is told how many', async () => {
    const raw = new Raw();
    await raw.hello();
    await raw.ask({ method: 'events.subscribe' });
    raw.socket.pause();
    const event: ControlEvent = {
      kind: 'peer',
      interface: 'octo0',
      peer: 'osaka',
      state: 'up',
      cause: 'x'.repeat(1000),
      timeMs: 0,
    };
    for (let sent = 0; sent < 5000; sent++) test.backend.emit(event);
    raw.socket.resume();
    let seen = 2;
    while ((raw.answers.at(-1) as { params?: { kind?: string } }).params?.kind !== 'lost')
      await raw.answer(++seen);
    const lost = (raw.answers.at(-1) as unknown as { params: { count: number } }).params.count;
    expect(raw.answers.length - 3 + lost).toBe(5000);
  });

  it('answers no more than 32 requests of a client at once', async () => {
    const raw = new Raw();
    await raw.hello();
    const wait = { method: 'wait', params: { peer: 'never', state: 'up', timeoutS: 60 } };
    for (let id = 0; id < 33; id++)
      raw.send(`${JSON.stringify({ jsonrpc: '2.0', id: `w${id}`, ...wait })}\n`);
    expect(await raw.answer(2)).toMatchObject({ id: 'w32', error: { code: ERROR.BUSY } });
  });
});
