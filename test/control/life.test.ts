/** Candidates, archive, lock, accounting: through the socket, with time turned by hand. */
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { ARCHIVE_ENTRIES, ERROR } from '../../src/api/index.js';
import { renderConfig } from '../../src/config/render.js';
import { EXAMPLE } from './fixtures.js';
import {
  clock,
  connect,
  MINUTE,
  mtu,
  restart,
  runningMtu,
  settled,
  test,
  type,
  useHandTurnedServer,
} from './hand-turned.js';

useHandTurnedServer();

describe('a candidate', () => {
  it.each(['exclusive', 'private', 'session'] as const)(
    'of mode %s changes nothing until it is committed',
    async (mode) => {
      const client = await connect();
      await client.request('config.open', { mode, ...(mode === 'session' && { session: 'a' }) });
      const { state } = await type(client, mtu(1400));
      expect(state).toMatchObject({ mode, uncommitted: true });
      expect(test.backend.applied).toBe(0);
      expect((await client.request('config.candidate', {})).text).toContain('mtu 1400');
      expect((await client.request('config.compare', {})).lines).toEqual([
        ' interface octo0',
        '- mtu 1500',
        '+ mtu 1400',
      ]);
      expect((await client.request('config.commit', { checkOnly: true })).changed).toBe(false);
      const result = await client.request('config.commit', {});
      expect(result).toMatchObject({ changed: true, linesAdded: 1, linesRemoved: 1 });
      expect(result.state).toMatchObject({ mode: mode === 'session' ? 'none' : mode, uncommitted: false });
      expect(runningMtu()).toBe(1400);
    },
  );

  it('is discarded, or left as a whole', async () => {
    const client = await connect();
    await client.request('config.open', { mode: 'private' });
    await type(client, mtu(1400));
    expect((await client.request('config.discard', {})).state).toMatchObject({
      mode: 'private',
      uncommitted: false,
    });
    await type(client, mtu(1300));
    expect(await client.request('config.abort', {})).toMatchObject({
      what: 'candidate',
      state: { mode: 'none' },
    });
    expect(await client.request('config.abort', {})).toMatchObject({ what: 'nothing' });
    expect(test.backend.applied).toBe(0);
  });

  it('that contradicts itself, or that the system refuses, stays as it is', async () => {
    const client = await connect();
    await client.request('config.open', { mode: 'private' });
    await expect(type(client, ['interface octo0', 'bridge octo0'])).rejects.toMatchObject({
      code: ERROR.BAD_CONFIG,
    });
    await type(client, mtu(1400));
    test.backend.refuse = 'the kernel says no';
    await expect(client.request('config.commit', {})).rejects.toThrow('the kernel says no');
    expect((await client.request('config.state', {})).uncommitted).toBe(true);
    expect(runningMtu()).toBe(1500);
  });

  it('takes over what others committed elsewhere, and refuses what they committed at the same place', async () => {
    const [ana, bob] = [await connect(), await connect()];
    await ana.request('config.open', { mode: 'private' });
    await type(ana, mtu(1400));
    await type(bob, ['hostname kyoto']);
    await ana.request('config.commit', {});
    expect(test.backend.config.hostname).toBe('kyoto');
    expect(runningMtu()).toBe(1400);

    await type(ana, mtu(1300));
    await type(bob, mtu(1200));
    await expect(ana.request('config.commit', {})).rejects.toThrow('interface octo0, mtu');
    expect(runningMtu()).toBe(1200);
    expect((await ana.request('config.update', {})).conflicts).toEqual(['interface octo0, mtu']);
    await ana.request('config.commit', {});
    expect(runningMtu()).toBe(1300);
  });

  it('with a name outlives its connection, and has one editor at a time', async () => {
    const ana = await connect();
    await ana.request('config.open', { mode: 'session', session: 'night' });
    await type(ana, mtu(1400));
    const bob = await connect();
    await expect(bob.request('config.open', { mode: 'session', session: 'night' })).rejects.toMatchObject({
      code: ERROR.BUSY,
    });
    await expect(bob.request('config.removeSession', { session: 'night' })).rejects.toThrow('is held by');
    ana.close();
    await settled();
    expect(await bob.request('config.sessions', {})).toMatchObject([
      { name: 'night', open: false, uncommitted: true },
    ]);
    expect(await bob.request('complete', { kind: 'session' })).toEqual(['night']);
    await bob.request('config.open', { mode: 'session', session: 'night' });
    await bob.request('config.commit', {});
    expect(runningMtu()).toBe(1400);
    expect(await bob.request('config.sessions', {})).toEqual([]);
  });

  it('is refused by a check for what a commit would be refused for, and stays', async () => {
    const [ana, bob] = [await connect(), await connect()];
    await ana.request('config.open', { mode: 'private' });
    await type(ana, mtu(1400));
    test.backend.refuse = 'octo0: no such key file';
    await expect(ana.request('config.commit', { checkOnly: true })).rejects.toThrow('no such key file');
    test.backend.refuse = null;
    await ana.request('config.commit', { checkOnly: true });
    await bob.request('config.open', { mode: 'exclusive' });
    await expect(ana.request('config.commit', { checkOnly: true })).rejects.toThrow('is locked by');
    expect(test.backend.applied).toBe(0);
    expect(await ana.request('config.state', {})).toMatchObject({ mode: 'private', uncommitted: true });
  });

  it('that is taken by force is an event, and its owner has none any more', async () => {
    const [ana, bob, cat] = [await connect(), await connect(), await connect()];
    const told: unknown[] = [];
    cat.onEvent((event) => told.push(event));
    await cat.request('events.subscribe', {});
    await ana.request('config.open', { mode: 'exclusive', force: true });
    await cat.request('config.state', {});
    expect(told).toEqual([]);
    await bob.request('config.open', { mode: 'exclusive', force: true });
    await cat.request('config.state', {});
    expect(told).toMatchObject([{ kind: 'config', by: 'root', what: 'taken by force' }]);
    expect(await ana.request('config.state', {})).toMatchObject({ mode: 'none' });
    expect(await bob.request('config.state', {})).toMatchObject({ mode: 'exclusive' });
    await ana.request('config.open', { mode: 'session', session: 'night', force: true });
    await cat.request('config.open', { mode: 'session', session: 'night', force: true });
    expect(told).toHaveLength(2);
    expect(await ana.request('config.state', {})).toMatchObject({ mode: 'none' });
  });

  it('that was lost is not mistaken for what runs', async () => {
    const [ana, bob] = [await connect(), await connect()];
    await ana.request('config.open', { mode: 'exclusive' });
    await bob.request('config.open', { mode: 'exclusive', force: true });
    await bob.request('config.close', {});
    await expect(type(ana, mtu(1400), { candidate: true })).rejects.toThrow('the candidate is gone');
    await expect(ana.request('config.commit', { candidate: true })).rejects.toThrow('the candidate is gone');
    expect(test.backend.applied).toBe(0);
  });
});

describe('the lock', () => {
  it('names its holder, and is gone with the connection', async () => {
    const [ana, bob] = [await connect(), await connect()];
    await ana.request('config.open', { mode: 'exclusive' });
    clock.pass(4 * MINUTE);
    const locked = {
      code: ERROR.BUSY,
      message: expect.stringMatching(
        /^configuration is locked by user root on connection 1 \(process \d+\) for 4 min$/,
      ),
    };
    await expect(type(bob, mtu(1400))).rejects.toMatchObject(locked);
    await expect(bob.request('config.open', { mode: 'exclusive' })).rejects.toMatchObject(locked);
    await expect(bob.request('config.open', { mode: 'terminal' })).rejects.toMatchObject(locked);
    await expect(bob.request('config.rollback', { number: 0 })).rejects.toMatchObject(locked);
    expect((await bob.request('config.state', {})).lock).toMatchObject({ heldSeconds: 240 });
    ana.close();
    await settled();
    await type(bob, mtu(1400));
    expect(runningMtu()).toBe(1400);
  });

  it('leaves room for private candidates, but not for their commits', async () => {
    const [ana, bob] = [await connect(), await connect()];
    await ana.request('config.open', { mode: 'exclusive' });
    await bob.request('config.open', { mode: 'private' });
    await type(bob, mtu(1400));
    await expect(bob.request('config.commit', {})).rejects.toMatchObject({ code: ERROR.BUSY });
    await ana.request('config.close', {});
    await bob.request('config.commit', {});
    expect(runningMtu()).toBe(1400);
  });
});

describe('the archive', () => {
  it('holds a sitting of typed lines as one entry, and the last twenty', async () => {
    const client = await connect();
    for (const value of [1400, 1401, 1402]) await type(client, mtu(value));
    expect(await client.request('config.archive', {})).toMatchObject([
      { origin: 'terminal' },
      { origin: 'start' },
    ]);
    await client.request('config.commit', { comment: 'done typing' });
    await client.request('config.open', { mode: 'private' });
    for (let value = 0; value < 25; value++) {
      await type(client, mtu(1000 + value));
      await client.request('config.commit', { comment: `change ${value}` });
    }
    const entries = await client.request('config.archive', {});
    expect(entries).toHaveLength(ARCHIVE_ENTRIES);
    expect(entries[0]).toMatchObject({ number: 0, origin: 'commit', comment: 'change 24', revision: 27 });
    expect(readdirSync(join(test.folder, 'state', 'archive'))).toHaveLength(ARCHIVE_ENTRIES);
    const oldest = await client.request('config.archived', { number: 19 });
    expect(oldest).toMatchObject({ comment: 'change 5', text: EXAMPLE.replace('mtu 1500', 'mtu 1005') });
  });

  it('is there after a restart, without what is damaged', async () => {
    const client = await connect();
    await type(client, mtu(1400));
    writeFileSync(join(test.folder, 'state', 'archive', '0000000007.json'), '{"revision":');
    await restart();
    const again = await connect();
    expect(await again.request('config.archive', {})).toMatchObject([
      { number: 0, origin: 'start' },
      { number: 1, origin: 'terminal', by: { user: 'root', session: null } },
      { number: 2, origin: 'start' },
    ]);
    await again.request('config.rollback', { number: 1 });
    expect(runningMtu()).toBe(1400);
  });

  it('goes back, and back again', async () => {
    const client = await connect();
    await type(client, mtu(1400));
    const before = test.backend.applied;
    expect((await client.request('config.rollback', { number: 0 })).changed).toBe(false);
    expect(test.backend.applied).toBe(before);
    expect((await client.request('config.rollback', { number: 1, comment: 'oops' })).changed).toBe(true);
    expect(renderConfig(test.backend.config)).toBe(EXAMPLE);
    await client.request('config.rollback', { number: 1 });
    expect(runningMtu()).toBe(1400);
    await expect(client.request('config.rollback', { number: 9 })).rejects.toThrow('rollback 9 not found');
    await client.request('config.rollback', { number: 1, confirmMinutes: 1 });
    expect(runningMtu()).toBe(1500);
    clock.pass(MINUTE);
    await settled();
    expect(runningMtu()).toBe(1400);
  });

  it('changes nothing when what it holds cannot run any more', async () => {
    const client = await connect();
    await type(client, mtu(1400));
    test.backend.refuse = 'bridge br0 does not exist';
    await expect(client.request('config.rollback', { number: 1 })).rejects.toThrow('bridge br0');
    expect(runningMtu()).toBe(1400);
    expect(await client.request('config.archive', {})).toHaveLength(2);
  });

  it('loads into a candidate, where there is one', async () => {
    const client = await connect();
    await type(client, mtu(1400));
    await client.request('config.open', { mode: 'private' });
    expect((await client.request('config.rollback', { number: 1 })).state.uncommitted).toBe(true);
    expect(runningMtu()).toBe(1400);
    await client.request('config.commit', {});
    expect(runningMtu()).toBe(1500);
  });

  it('that cannot be written keeps nobody from working', async () => {
    const client = await connect();
    await rm(join(test.folder, 'state'), { recursive: true });
    writeFileSync(join(test.folder, 'state'), 'in the way');
    const { warnings } = await type(client, mtu(1400));
    expect(runningMtu()).toBe(1400);
    const told = warnings.map(({ message }) => message).join();
    for (const what of ['archive of configurations', 'accounting'])
      expect(told).toContain(`${what} cannot be written`);
    const events = await client.request('show.events', {});
    expect(events.filter(({ kind }) => kind === 'warning')).toHaveLength(2);
  });
});

describe('two at once', () => {
  it('commit one after the other, each whole', async () => {
    const [ana, bob] = [await connect(), await connect()];
    for (const client of [ana, bob]) await client.request('config.open', { mode: 'private' });
    await type(ana, mtu(1400));
    await type(bob, mtu(1300));
    const results = await Promise.allSettled([
      ana.request('config.commit', {}),
      bob.request('config.commit', {}),
    ]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(test.backend.applied).toBe(1);
    expect(runningMtu()).toBe(results[0].status === 'fulfilled' ? 1400 : 1300);
  });
});

describe('a reload', () => {
  beforeEach(() => {
    test.backend.startupFile = join(test.folder, 'startup.conf');
    writeFileSync(test.backend.startupFile, EXAMPLE);
  });

  it('goes back to the startup configuration, at once or in time', async () => {
    const client = await connect();
    await type(client, mtu(1400));
    expect((await client.request('config.state', {})).unsaved).toBe(true);
    expect((await client.request('reload.start', {})).changed).toBe(true);
    expect(runningMtu()).toBe(1500);
    expect((await client.request('config.state', {})).unsaved).toBe(false);

    await type(client, mtu(1400));
    const { state } = await client.request('reload.start', { inMinutes: 10 });
    expect(state.reload).toMatchObject({ secondsLeft: 600 });
    client.close();
    clock.pass(10 * MINUTE);
    await settled();
    expect(runningMtu()).toBe(1500);
  });

  it('can be cancelled', async () => {
    const client = await connect();
    await type(client, mtu(1400));
    await client.request('reload.start', { inMinutes: 10 });
    await client.request('reload.cancel', {});
    clock.pass(20 * MINUTE);
    await settled();
    expect(runningMtu()).toBe(1400);
    await expect(client.request('reload.cancel', {})).rejects.toThrow('no reload is scheduled');
  });
});

describe('accounting', () => {
  it('says who did what, when, and what came of it, without secrets', async () => {
    const client = await connect();
    const secret = Buffer.alloc(32, 7).toString('base64');
    await expect(type(client, ['interface octo0', `private-key ${secret}`])).rejects.toThrow();
    await expect(type(client, ['mtu 1400'], { context: [`interface ${secret}`] })).rejects.toThrow();
    await type(client, mtu(1400));
    await type(client, mtu(1400));
    await client.request('config.commit', { comment: `key ${secret}` });
    await client.request('config.compare', { with: 'running' });
    const records = await client.request('show.accounting', {});
    expect(records.map(({ action, outcome }) => [action, outcome])).toEqual([
      ['configure', 'refused'],
      ['configure', 'refused'],
      ['configure', 'done'],
      ['configure', 'no change'],
      ['commit', 'no change'],
    ]);
    expect(records[2]).toMatchObject({ by: { user: 'root', uid: 0, pid: process.pid }, lines: mtu(1400) });
    expect(records[0].lines[1]).toBe('private-key <removed>');
    expect(records[1].context).toEqual(['interface <removed>']);
    const state = join(test.folder, 'state');
    const archived = readdirSync(join(state, 'archive')).map((name) => join(state, 'archive', name));
    for (const file of [join(state, 'accounting.log'), ...archived]) {
      expect(readFileSync(file, 'utf8')).not.toContain(secret);
    }
    expect((await client.request('config.archive', {}))[0].comment).toBe('key <removed>');
    await restart();
    expect(await (await connect()).request('show.accounting', { last: 2 })).toMatchObject([
      { action: 'configure', outcome: 'no change' },
      { action: 'commit', comment: 'key <removed>' },
    ]);
  });

  it('writes through no link', async () => {
    const client = await connect();
    const elsewhere = join(test.folder, 'elsewhere');
    writeFileSync(elsewhere, 'precious');
    symlinkSync(elsewhere, join(test.folder, 'state', 'accounting.log'));
    await type(client, mtu(1400));
    expect(await client.request('show.accounting', {})).toMatchObject([{ action: 'configure' }]);
    expect(readFileSync(elsewhere, 'utf8')).toBe('precious');
  });
});
