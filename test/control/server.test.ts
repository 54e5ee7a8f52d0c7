import { readFileSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ControlEvent, ERROR } from '../../src/api.js';
import { Client } from '../../src/cli/client.js';
import { parseAdminGroup, privilegeOf } from '../../src/daemon/control/authorize.js';
import { RequestError } from '../../src/daemon/control/backend.js';
import { ControlServer } from '../../src/daemon/control/server.js';
import { FakeBackend } from './fake-backend.js';
import { EXAMPLE, exampleConfig, silentLog, startServer, type TestServer } from './fixtures.js';

let test: TestServer;
const opened: { close(): void }[] = [];

beforeEach(async () => {
  test = await startServer();
});
afterEach(async () => {
  for (const client of opened.splice(0)) client.close();
  await test.stop();
});

async function client(path = test.path): Promise<Client> {
  const made = await Client.connect(path, 'test');
  opened.push(made);
  return made;
}

interface Answer {
  id: number | string | null;
  result?: unknown;
  error?: { code: number; message: string };
  method?: string;
}

/** A socket that sends bytes as they are and collects the answers. */
class Raw {
  readonly answers: Answer[] = [];
  readonly closed: Promise<void>;
  readonly socket: Socket;
  #text = '';
  #wake: () => void = () => undefined;

  constructor(path = test.path) {
    this.socket = connect(path);
    opened.push({ close: () => this.socket.destroy() });
    this.socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => this.socket.on('close', () => resolve()));
    this.socket.on('data', (chunk) => {
      const lines = (this.#text + chunk.toString()).split('\n');
      this.#text = lines.pop() as string;
      this.answers.push(...lines.map((line) => JSON.parse(line) as Answer));
      this.#wake();
    });
  }

  send(text: string | Buffer): void {
    this.socket.write(text);
  }

  async answer(count = 1): Promise<Answer> {
    while (this.answers.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.answers[count - 1];
  }

  async ask(message: object): Promise<Answer> {
    const count = this.answers.length + 1;
    this.send(`${JSON.stringify({ jsonrpc: '2.0', id: count, ...message })}\n`);
    return this.answer(count);
  }

  hello(): Promise<Answer> {
    return this.ask({ method: 'hello', params: { protocol: 1, client: 'raw' } });
  }
}

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
    ['a batch', '[]\n', ERROR.INVALID_REQUEST],
    ['a number', '5\n', ERROR.INVALID_REQUEST],
    ['no version', '{"id":1,"method":"hello"}\n', ERROR.INVALID_REQUEST],
    ['no id', '{"jsonrpc":"2.0","method":"hello"}\n', ERROR.INVALID_REQUEST],
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
    ['show.peer', { peer: 'a b' }],
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

  it('what goes wrong inside is no secret of the daemon told to a client', async () => {
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
    // The 64 MiB stand in this process once, in the client's queue; the server must not add a second copy.
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
  });

  it('of 200 clients, those above 64 are told so', async () => {
    const clients = Array.from({ length: 200 }, () => new Raw());
    const answers = await Promise.all(clients.map((raw) => raw.hello()));
    const served = answers.filter(({ result }) => result !== undefined);
    const refused = answers.filter(({ error }) => error?.code === ERROR.BUSY);
    expect(served).toHaveLength(64);
    expect(refused).toHaveLength(136);
    expect(refused[0].error?.message).toContain('64 clients are connected already');
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

describe('events', () => {
  it('reach those who asked for them, until they have had enough', async () => {
    const listener = await client();
    const events: ControlEvent[] = [];
    listener.onEvent((event) => events.push(event));
    await listener.request('events.subscribe', {});
    await listener.request('events.subscribe', {});
    expect(test.backend.listeners).toBe(1);
    test.backend.emit({ kind: 'config', by: 'test', what: 'changed', timeMs: 5 });
    await listener.request('events.unsubscribe', {});
    test.backend.emit({ kind: 'config', by: 'test', what: 'written', timeMs: 6 });
    await listener.request('show.version', {});
    expect(events).toEqual([{ kind: 'config', by: 'test', what: 'changed', timeMs: 5 }]);
  });
});

describe('configuration', () => {
  it('is changed by lines in their context', async () => {
    const admin = await client();
    const params = {
      context: ['interface octo0'],
      lines: ['mtu 1400', 'peer kyoto'],
      mode: 'merge' as const,
      checkOnly: false,
    };
    const { changed, context, warnings } = await admin.request('config.apply', params);
    expect({ changed, context }).toEqual({ changed: true, context: ['interface octo0', 'peer kyoto'] });
    expect(warnings).toMatchObject([{ line: 2, message: 'peer kyoto has no public-key and stays down' }]);
    expect(test.backend.config.interfaces[0].mtu).toBe(1400);
  });

  it('is left alone by a check, by what changes nothing, and by errors', async () => {
    const admin = await client();
    const apply = (lines: string[], checkOnly = false) =>
      admin.request('config.apply', { context: ['interface octo0'], lines, mode: 'merge', checkOnly });
    expect((await apply(['mtu 1400'], true)).changed).toBe(true);
    expect((await apply(['mtu 1500'])).changed).toBe(false);
    await expect(apply(['mtu 1400', 'mtu x'])).rejects.toMatchObject({
      code: ERROR.SYNTAX,
      problems: [{ line: 2, column: 5, text: 'mtu x', message: 'Invalid input: mtu must be 576-65521' }],
    });
    await expect(apply(['mtu 1400', 'bridge octo0'])).rejects.toMatchObject({ code: ERROR.BAD_CONFIG });
    test.backend.refuse = 'the kernel says no';
    await expect(apply(['mtu 1400'])).rejects.toMatchObject({
      code: ERROR.FAILED,
      message: 'the kernel says no',
    });
    expect(test.backend.applied).toBe(0);
    expect(test.backend.config).toEqual(exampleConfig());
  });

  it('is replaced as a whole', async () => {
    const admin = await client();
    const replace = (text: string) =>
      admin.request('config.apply', {
        context: [],
        lines: text.split('\n'),
        mode: 'replace',
        checkOnly: false,
      });
    expect((await replace(EXAMPLE)).changed).toBe(false);
    expect((await replace('hostname kyoto')).changed).toBe(true);
    expect(test.backend.config).toEqual({ hostname: 'kyoto', interfaces: [] });
  });

  it('changes one at a time', async () => {
    const admin = await client();
    let running = 0;
    const apply = test.backend.applyConfig.bind(test.backend);
    test.backend.applyConfig = async (next) => {
      expect(++running).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      await apply(next);
      running--;
    };
    const names = Array.from({ length: 20 }, (_, index) => `tap${index}`);
    await Promise.all(
      names.map((name) =>
        admin.request('config.apply', {
          context: [],
          lines: [`interface ${name}`],
          mode: 'merge',
          checkOnly: false,
        }),
      ),
    );
    expect(test.backend.config.interfaces.map(({ name }) => name)).toEqual(['octo0', ...names]);
  });

  it('is saved as the text that runs', async () => {
    test.backend.startupFile = join(test.folder, 'startup.conf');
    const { bytes } = await (await client()).request('config.write', {});
    expect(readFileSync(test.backend.startupFile, 'utf8')).toBe(EXAMPLE);
    expect(bytes).toBe(EXAMPLE.length);
  });
});

describe('calls', () => {
  it('end when their client has gone', async () => {
    const waiting = await client();
    const result = waiting.request('wait', { peer: 'never', state: 'up', timeoutS: 60 }).catch(() => 'gone');
    await waiting.request('show.version', {});
    const aborted = new Promise<void>((resolve) => {
      test.backend.cleared.push = (...items: string[]) => {
        if (items[0] === 'wait aborted') resolve();
        return 0;
      };
    });
    waiting.close();
    expect(await result).toBe('gone');
    await aborted;
  });

  it('name what does not exist', async () => {
    const reader = await client();
    await expect(reader.request('show.peer', { peer: 'nobody' })).rejects.toThrow('peer nobody not found');
    await expect(reader.request('clear.peer', { peer: 'nobody' })).rejects.toThrow('peer nobody not found');
  });

  it('pass on why the daemon refuses', async () => {
    test.backend.interfaces = () => Promise.reject(new RequestError('not now', ERROR.BUSY));
    await expect((await client()).request('show.interfaces', {})).rejects.toMatchObject({ code: ERROR.BUSY });
  });

  it('complete names that live', async () => {
    const reader = await client();
    expect(await reader.request('complete', { kind: 'interface' })).toEqual(['octo0']);
    expect(await reader.request('complete', { kind: 'peer', interface: 'octo0' })).toEqual(['osaka']);
    expect(await reader.request('complete', { kind: 'peer', interface: 'octo1' })).toEqual([]);
    expect(await reader.request('complete', { kind: 'link', peer: 'osaka' })).toEqual(['0']);
  });
});

describe('privilege', () => {
  it('lets others read, and only read', async () => {
    // No process runs under this number, so that it can be neither root nor the user of the test.
    const strangers = await startServer(4_000_000_000);
    try {
      const reader = await client(strangers.path);
      expect(reader.hello.privilege).toBe('read');
      expect(await reader.request('show.links', {})).toHaveLength(1);
      const params = { context: [], lines: ['hostname x'], mode: 'merge' as const, checkOnly: true };
      await expect(reader.request('config.apply', params)).rejects.toMatchObject({
        code: ERROR.NOT_PERMITTED,
      });
      await expect(reader.request('clear.counters', {})).rejects.toMatchObject({ code: ERROR.NOT_PERMITTED });
      expect(strangers.backend.cleared).toEqual([]);
    } finally {
      await strangers.stop();
    }
  });

  it('comes from user and group', () => {
    const group = parseAdminGroup(
      'root:x:0:\noctolink:x:77:ana,__proto__\n',
      'ana:x:1001:1001::/:\nbob:x:1002:77::/:\n',
    );
    expect(group).toEqual({ gid: 77, uids: new Set([1001]) });
    const of = (uid: number, gid: number) => privilegeOf({ pid: 1, uid, gid }, 500, group);
    expect([of(0, 0), of(500, 500), of(1001, 1001), of(1002, 77), of(1003, 1003)]).toEqual([
      'admin',
      'admin',
      'admin',
      'admin',
      'read',
    ]);
    expect(parseAdminGroup('octolinks:x:1:\n', '')).toBeNull();
  });
});

describe('the socket', () => {
  const options = (path: string) => ({
    path,
    version: '0.1.0',
    backend: new FakeBackend(),
    log: silentLog,
    peerCredentials: () => ({ pid: 1, uid: 0, gid: 0 }),
  });

  it('is open to owner and group alone, and is gone afterwards', async () => {
    expect((await stat(test.path)).mode & 0o777).toBe(0o660);
    await test.server.stop();
    await expect(stat(test.path)).rejects.toThrow('ENOENT');
    test.server = await ControlServer.start(options(test.path));
    await test.server.stop();
  });

  it('is not taken from a daemon that lives', async () => {
    await expect(ControlServer.start(options(test.path))).rejects.toThrow(
      `another daemon answers on ${test.path}`,
    );
    expect((await client()).hello.hostname).toBe('tokyo');
  });

  it('is taken over from one that died', async () => {
    const path = join(test.folder, 'stale.sock');
    const { spawnSync } = await import('node:child_process');
    const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', script]);
    expect((await stat(path)).isSocket()).toBe(true);
    const server = await ControlServer.start(options(path));
    expect((await client(path)).hello.hostname).toBe('fake');
    await server.stop();
  });

  it('never replaces a file, and says when its path is too long', async () => {
    const path = join(test.folder, 'file');
    await writeFile(path, 'precious');
    await expect(ControlServer.start(options(path))).rejects.toThrow('exists and is not a socket');
    await expect(ControlServer.start(options(`/tmp/${'x'.repeat(110)}`))).rejects.toThrow(
      'longer than 107 bytes',
    );
  });
});

describe('the client', () => {
  async function listening(onConnect: (socket: Socket) => void): Promise<string> {
    const path = join(test.folder, `odd-${Math.floor(performance.now())}.sock`);
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      onConnect(socket);
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    opened.push({
      close: () => {
        for (const socket of sockets) socket.destroy();
        server.close();
      },
    });
    return path;
  }

  it('says which protocol an unlike daemon speaks', async () => {
    const result = {
      name: 'octolink-control',
      protocol: 2,
      version: '9.0.0',
      hostname: 'x',
      privilege: 'read',
    };
    const path = await listening((socket) =>
      socket.write(`${JSON.stringify({ jsonrpc: '2.0', id: 1, result })}\n`),
    );
    await expect(Client.connect(path, 'test')).rejects.toMatchObject({
      exitCode: 69,
      message: expect.stringContaining('speaks control protocol 2'),
    });
  });

  it('says so when something else answers', async () => {
    const path = await listening((socket) => socket.write('220 mail.example ESMTP\n'));
    await expect(Client.connect(path, 'test')).rejects.toThrow('does not speak the control protocol');
    const deaf = await listening((socket) => socket.end());
    await expect(Client.connect(deaf, 'test')).rejects.toThrow('the daemon closed the connection');
  });
});
