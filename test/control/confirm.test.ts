/** Commits that are undone unless they are confirmed: through the socket, with time turned by hand. */
import { existsSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ControlEvent, ERROR } from '../../src/api/index.js';
import type { DaemonClient } from '../../src/cli/base/daemon-client.js';
import { parseConfig } from '../../src/config/edit.js';
import { EXAMPLE, exampleConfig } from './fixtures.js';
import {
  clock,
  connect,
  MINUTE,
  mtu,
  pendingFile,
  restart,
  runningMtu,
  settled,
  test,
  type,
  useHandTurnedServer,
} from './hand-turned.js';

useHandTurnedServer();

describe('a commit that awaits confirmation', () => {
  async function commitConfirmed(client: DaemonClient, minutes = 5): Promise<void> {
    await client.request('config.open', { mode: 'private' });
    await type(client, mtu(1400));
    const { state } = await client.request('config.commit', { confirmMinutes: minutes });
    expect(state.pending).toMatchObject({ own: true, secondsLeft: minutes * 60 });
    expect(runningMtu()).toBe(1400);
  }

  it.each(['config.confirm', 'config.commit'] as const)('stays after %s', async (method) => {
    const client = await connect();
    await commitConfirmed(client);
    clock.pass(4 * MINUTE);
    await client.request(method, {});
    clock.pass(60 * MINUTE);
    await settled();
    expect(runningMtu()).toBe(1400);
    expect(existsSync(pendingFile())).toBe(false);
    await expect(client.request('config.confirm', {})).rejects.toThrow('no commit awaits confirmation');
  });

  it('is undone when time is up, after reminders', async () => {
    const client = await connect();
    const events: ControlEvent[] = [];
    client.onEvent((event) => events.push(event));
    await client.request('events.subscribe', {});
    await commitConfirmed(client, 20);
    clock.pass(20 * MINUTE - 1);
    expect(runningMtu()).toBe(1400);
    clock.pass(1);
    await settled();
    await client.request('show.version', {});
    expect(runningMtu()).toBe(1500);
    expect(existsSync(pendingFile())).toBe(false);
    expect(events.filter((event) => event.kind === 'unconfirmed').map((event) => event.secondsLeft)).toEqual([
      1200, 900, 300, 60,
    ]);
    expect(events).toContainEqual(expect.objectContaining({ kind: 'config', what: 'rolled back' }));
    expect(await client.request('config.archive', {})).toMatchObject([
      { number: 0, origin: 'not confirmed', by: { user: 'octolinkd' } },
      { number: 1, origin: 'commit', by: { user: 'root' } },
      { number: 2, origin: 'start' },
    ]);
  });

  it.each([-1, 1])('keeps its time when the time of day is set %s years off', async (years) => {
    const client = await connect();
    await commitConfirmed(client, 20);
    clock.correct(years * 365 * 24 * 60 * MINUTE);
    clock.pass(20 * MINUTE - 1);
    await settled();
    expect(runningMtu()).toBe(1400);
    clock.pass(1);
    await settled();
    expect(runningMtu()).toBe(1500);
  });

  it('is undone at once when the connection of its owner is lost, unless it was left to its time', async () => {
    const lost = await connect();
    await commitConfirmed(lost);
    lost.close();
    await settled();
    expect(runningMtu()).toBe(1500);

    const leaving = await connect();
    await commitConfirmed(leaving);
    await leaving.request('config.detach', {});
    leaving.close();
    await settled();
    expect(runningMtu()).toBe(1400);
    clock.pass(5 * MINUTE);
    await settled();
    expect(runningMtu()).toBe(1500);
  });

  it('is undone when its owner dies while it is being put in force', async () => {
    const owner = await connect();
    await owner.request('config.open', { mode: 'private' });
    await type(owner, mtu(1400));
    const apply = test.backend.applyConfig.bind(test.backend);
    const seen: (number | undefined)[] = [];
    test.backend.applyConfig = async (next) => {
      owner.close();
      await new Promise((resolve) => setImmediate(resolve));
      await apply(next);
      seen.push(runningMtu());
    };
    await expect(owner.request('config.commit', { confirmMinutes: 5 })).rejects.toThrow();
    await settled();
    await settled();
    expect(seen).toEqual([1400, 1500]);
  });

  it('is undone by a daemon that starts after a crash, whatever was saved meanwhile', async () => {
    const client = await connect();
    await type(client, ['hostname kyoto']);
    await commitConfirmed(client);
    await restart(parseConfig(EXAMPLE.replace('mtu 1500', 'mtu 1400')).config);
    expect(test.backend.config).toEqual(parseConfig(EXAMPLE.replace('tokyo', 'kyoto')).config);
    expect(existsSync(join(`${test.folder}`, 'state', 'pending-commit.json'))).toBe(false);
    const again = await connect();
    expect((await again.request('config.archive', {}))[0]).toMatchObject({ origin: 'not confirmed' });
    expect((await again.request('config.state', {})).pending).toBeNull();
  });

  it('falls back to the startup configuration when the record is damaged, or its target cannot run', async () => {
    const client = await connect();
    await commitConfirmed(client);
    writeFileSync(pendingFile(), '{"by":');
    await restart();
    expect(test.backend.config).toEqual(exampleConfig());
  });

  it('is not put in force when its record cannot be written', async () => {
    const client = await connect();
    await client.request('config.open', { mode: 'private' });
    await type(client, mtu(1400));
    await rm(join(test.folder, 'state'), { recursive: true });
    writeFileSync(join(test.folder, 'state'), 'in the way');
    await expect(client.request('config.commit', { confirmMinutes: 1 })).rejects.toThrow(
      'a rollback cannot be prepared, nothing was changed',
    );
    expect(test.backend.applied).toBe(0);
    expect((await client.request('config.state', {})).pending).toBeNull();
  });

  it('is tried again later when the system refuses to go back', async () => {
    const client = await connect();
    await commitConfirmed(client);
    test.backend.refuse = 'the bridge is gone';
    clock.pass(5 * MINUTE);
    await settled();
    expect(runningMtu()).toBe(1400);
    expect(existsSync(pendingFile())).toBe(true);
    clock.pass(MINUTE);
    await settled();
    expect(runningMtu()).toBe(1500);
  });

  it('keeps its first way back when it is extended', async () => {
    const client = await connect();
    await commitConfirmed(client, 1);
    await type(client, mtu(1300));
    await client.request('config.commit', { confirmMinutes: 10 });
    clock.pass(5 * MINUTE);
    await settled();
    expect(runningMtu()).toBe(1300);
    clock.pass(5 * MINUTE);
    await settled();
    expect(runningMtu()).toBe(1500);
  });

  it('keeps others from changing anything, and from saving what may be undone', async () => {
    const [ana, bob] = [await connect(), await connect()];
    test.backend.startupFile = join(test.folder, 'startup.conf');
    await commitConfirmed(ana);
    await expect(type(bob, ['hostname kyoto'])).rejects.toMatchObject({
      code: ERROR.BUSY,
      message: expect.stringContaining('awaits confirmation for 300 s more'),
    });
    await expect(ana.request('config.write', {})).rejects.toThrow('confirm it, then save');
    expect(existsSync(test.backend.startupFile)).toBe(false);
    await bob.request('config.confirm', {});
    await type(bob, ['hostname kyoto']);
  });

  it('is undone at once by abort', async () => {
    const client = await connect();
    await type(client, mtu(1400), { confirmMinutes: 5 });
    expect(await client.request('config.abort', {})).toMatchObject({
      what: 'commit',
      state: { pending: null },
    });
    expect(runningMtu()).toBe(1500);
  });

  it('asked for after lines that took effect at once undoes those, and not what others did', async () => {
    const [ana, bob] = [await connect(), await connect()];
    await ana.request('config.open', { mode: 'terminal' });
    await type(ana, mtu(1400));
    await type(bob, ['hostname kyoto']);
    await ana.request('config.commit', { confirmMinutes: 5 });
    clock.pass(5 * MINUTE);
    await settled();
    expect(runningMtu()).toBe(1500);
    expect(test.backend.config.hostname).toBe('kyoto');
  });

  it('asked for before lines that take effect at once undoes those', async () => {
    const ana = await connect();
    await ana.request('config.open', { mode: 'terminal' });
    await ana.request('config.commit', { confirmMinutes: 5 });
    await type(ana, mtu(1400));
    ana.close();
    await settled();
    expect(runningMtu()).toBe(1500);
  });
});
