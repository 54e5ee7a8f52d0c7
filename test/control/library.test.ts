/** The published client library, against a server. */
import { stat } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { type Client, type ControlEvent, connect, ERROR } from '../../src/client/index.js';
import { startServer } from './fixtures.js';
import { closeAfterwards, test, useServer } from './harness.js';

useServer();

async function library(): Promise<Client> {
  const made = await connect({ socket: test.path, name: 'library test' });
  closeAfterwards(made);
  return made;
}

const changed = (timeMs: number): ControlEvent => ({ kind: 'config', by: 'test', what: 'changed', timeMs });

describe('a request', () => {
  it('gives the typed result, parameters or not', async () => {
    const client = await library();
    expect(client.hello).toMatchObject({ hostname: 'tokyo', privilege: 'admin', protocol: 1 });
    expect((await client.request('show.version')).hostname).toBe('tokyo');
    expect((await client.request('show.peer', { peer: 'osaka' })).links[0].rttSmoothedUs).toBe(510);
  });

  it('rejects with what the daemon says', async () => {
    const client = await library();
    await expect(client.request('show.peer', { peer: 'nobody' })).rejects.toMatchObject({
      name: 'ControlError',
      code: ERROR.FAILED,
      message: 'peer nobody not found',
    });
    const params = { context: [], lines: ['mtu 1'], mode: 'merge' as const, checkOnly: true };
    await expect(client.request('config.apply', params)).rejects.toMatchObject({
      code: ERROR.SYNTAX,
      problems: [{ line: 1, column: 1 }],
    });
  });

  it('is cancelled here and in the daemon by its signal', async () => {
    const client = await library();
    const controller = new AbortController();
    const waiting = client.request(
      'wait',
      { peer: 'never', state: 'up', timeoutS: 60 },
      { signal: controller.signal, timeoutMs: 60_000 },
    );
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    expect((await client.request('show.version')).hostname).toBe('tokyo');
    expect(test.backend.cleared).toEqual(['wait aborted']);
    const { signal } = controller;
    await expect(client.request('show.version', {}, { signal })).rejects.toThrow('enough');
  });

  it('rejects when the connection is lost', async () => {
    const client = await library();
    const waiting = client.request('wait', { peer: 'never', state: 'up', timeoutS: 60 });
    const lost = expect(waiting).rejects.toMatchObject({ name: 'ConnectionError', fault: 'closed' });
    await test.server.stop();
    await lost;
    expect(client.closed).toBe(true);
    await expect(client.request('show.version')).rejects.toMatchObject({ fault: 'closed' });
    await expect(connect({ socket: test.path })).rejects.toMatchObject({ fault: 'no-daemon' });
  });
});

describe('events', () => {
  it('are iterated over until the signal aborts', async () => {
    const client = await library();
    const controller = new AbortController();
    const events = client.events({ signal: controller.signal });
    const first = events.next();
    await client.request('show.version');
    expect(test.backend.listeners).toBe(1);
    test.backend.emit(changed(1));
    test.backend.emit(changed(2));
    expect((await first).value).toEqual(changed(1));
    expect((await events.next()).value).toEqual(changed(2));
    const end = events.next();
    controller.abort();
    expect((await end).done).toBe(true);
    expect(test.backend.listeners).toBe(0);
  });

  it('end for one reader without ending for another', async () => {
    const client = await library();
    const [one, two] = [client.events(), client.events()];
    const reads = [one.next(), two.next()];
    await client.request('show.version');
    test.backend.emit(changed(1));
    await Promise.all(reads);
    await one.return();
    test.backend.emit(changed(2));
    expect((await two.next()).value).toEqual(changed(2));
    await two.return();
    expect(test.backend.listeners).toBe(0);
  });

  it('tell how many a slow program has missed', async () => {
    const client = await library();
    const events = client.events();
    const first = events.next();
    await client.request('show.version');
    for (let sent = 0; sent < 1500; sent++) test.backend.emit(changed(sent));
    await client.request('show.version');
    const seen = [(await first).value as ControlEvent];
    while (seen.at(-1)?.kind !== 'lost') seen.push((await events.next()).value as ControlEvent);
    const lost = seen.at(-1);
    expect(seen.length - 1 + (lost?.kind === 'lost' ? lost.count : 0)).toBe(1500);
  });

  it('throw at their reader when the connection is lost', async () => {
    const client = await library();
    const events = client.events();
    const first = events.next();
    await client.request('show.version');
    const lost = expect(first).rejects.toMatchObject({ fault: 'closed' });
    await test.server.stop();
    await lost;
  });
});

describe('the read-only socket', () => {
  it('is open to everybody, and nothing can be changed by it, not even by root', async () => {
    const open = await startServer(0, undefined, true);
    try {
      expect((await stat(open.path)).mode & 0o777).toBe(0o666);
      const client = await connect({ socket: open.path });
      closeAfterwards(client);
      expect(client.hello.privilege).toBe('read');
      expect(await client.request('show.links')).toHaveLength(1);
      await expect(client.request('clear.counters')).rejects.toMatchObject({ code: ERROR.NOT_PERMITTED });
    } finally {
      await open.stop();
    }
  });
});
