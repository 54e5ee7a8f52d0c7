import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type ControlEvent,
  ERROR,
  type Page,
  type PageParams,
  type PeerStatus,
  type WaitParams,
} from '../../src/api/index.js';
import { RequestError } from '../../src/daemon/base/request-errors.js';
import { parseAdminGroup, privilegeOf } from '../../src/daemon/control/credentials.js';
import { EXAMPLE, exampleConfig, startServer } from './fixtures.js';
import { client, Raw, test, useServer } from './harness.js';

useServer();

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

describe('long listings', () => {
  it('come in pages, each telling where the next begins', async () => {
    const reader = await client();
    const peers = Array.from({ length: 2500 }, (_, index) => `peer p${index}`);
    const lines = ['interface octo0', ...peers.flatMap((peer) => [peer, 'exit'])];
    await reader.request('config.apply', { context: [], lines, mode: 'merge', checkOnly: false });
    const names: string[] = [];
    let next: string | null = null;
    do {
      const params: PageParams = { limit: 1000, ...(next !== null && { cursor: next }) };
      const page: Page<PeerStatus> = await reader.request('show.peersPage', params);
      names.push(...page.rows.map(({ name }) => name));
      next = page.next;
    } while (next !== null);
    expect(new Set(names).size).toBe(2501);
    await expect(reader.request('show.peersPage', { limit: 1001 })).rejects.toMatchObject({
      code: ERROR.INVALID_PARAMS,
    });
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
      problems: [
        { line: 2, column: 5, text: 'mtu x', message: 'Invalid input: mtu must be 576-65521 bytes' },
      ],
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

  it('is saved over what somebody else has written meanwhile, with a word about it', async () => {
    const file = join(test.folder, 'startup.conf');
    test.backend.startupFile = file;
    const admin = await client();
    const write = async () => (await admin.request('config.write', {})).othersKeptAs;
    expect(await write(), 'a file that is not there').toBeNull();
    expect(await write()).toBeNull();
    writeFileSync(file, `! a comment\n${EXAMPLE}`);
    expect(await write(), 'the same in other words').toBeNull();
    for (const text of [EXAMPLE.replace('tokyo', 'kyoto'), `${EXAMPLE}nonsense\n`, '']) {
      writeFileSync(file, text);
      expect(await write(), text).toBe(`${file}.sav`);
      expect(await write()).toBeNull();
    }
    writeFileSync(file, EXAMPLE.replace('tokyo', 'kyoto'));
    await admin.request('reload.start', {});
    expect(await write(), 'read before it is written').toBeNull();
  });

  it('shows no key that somebody wrote into the startup file', async () => {
    const secret = Buffer.alloc(32, 7).toString('base64');
    test.backend.startupFile = join(test.folder, 'startup.conf');
    writeFileSync(test.backend.startupFile, `interface octo0\n private-key ${secret}\n`);
    const reader = await client();
    const { text } = await reader.request('show.startupConfig', {});
    expect(text).toBe('interface octo0\n private-key <removed>\n');
    const refused = await reader.request('config.compare', { with: 'startup' }).catch((error) => error);
    expect(refused.problems[0].text).toContain('private-key <removed>');
    expect(JSON.stringify(refused)).not.toContain(secret);
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

  it('end when they are cancelled, and leave the connection alone', async () => {
    const raw = new Raw();
    await raw.hello();
    const params = { peer: 'never', state: 'up', timeoutS: 60 };
    raw.send(`${JSON.stringify({ jsonrpc: '2.0', id: 'w', method: 'wait', params })}\n`);
    expect(await raw.ask({ method: 'cancel', params: { id: 'w' } })).toMatchObject({ result: null });
    expect(await raw.answer(3)).toMatchObject({ id: 'w', error: { code: ERROR.FAILED } });
    expect(await raw.ask({ method: 'cancel', params: { id: 'w' } })).toMatchObject({ result: null });
    expect(await raw.ask({ method: 'show.version' })).toHaveProperty('result');
  });

  it('can be interrupted by the client, which keeps its connection', async () => {
    const waiting = await client();
    const params = { peer: 'never', state: 'up' as const, timeoutS: 60 };
    const result = waiting.request('wait', params).catch((error: Error) => error.message);
    waiting.interrupt();
    expect(await result).toBe('% Error: interrupted');
    expect((await waiting.request('show.version', {})).hostname).toBe('tokyo');
    expect(waiting.closed).toBe(false);
  });

  it('never share an id', async () => {
    const raw = new Raw();
    await raw.hello();
    const wait = {
      jsonrpc: '2.0',
      id: 7,
      method: 'wait',
      params: { peer: 'never', state: 'up', timeoutS: 60 },
    };
    raw.send(`${JSON.stringify(wait)}\n${JSON.stringify({ ...wait, method: 'show.version', params: {} })}\n`);
    expect(await raw.answer(2)).toMatchObject({ id: 7, error: { code: ERROR.INVALID_REQUEST } });
  });

  it.each([
    [{ state: 'up', timeoutS: 1 }, 'name a peer or an interface'],
    [{ interface: 'octo0', link: 1, state: 'up', timeoutS: 1 }, 'a link is one of a peer'],
  ])('wait for something that is named: %j', async (params, message) => {
    const reader = await client();
    await expect(reader.request('wait', params as WaitParams)).rejects.toThrow(message);
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
      await expect(reader.request('capture.open', { points: ['link-in'] })).rejects.toMatchObject({
        code: ERROR.NOT_PERMITTED,
      });
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
