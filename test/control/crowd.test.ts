/** A crowd at the control socket, some of it ill-behaved: everybody else is served, and what is kept stays little. */
import { describe, expect, it } from 'vitest';
import { ERROR } from '../../src/api/index.js';
import { connect } from '../../src/client/index.js';
import { closeAfterwards, Raw, test, useServer } from './harness.js';

useServer();

const MEBIBYTE = 1024 * 1024;

describe('two hundred clients', () => {
  it('are all served, beside one that never reads and one that sends 64 MiB', async () => {
    const stuck = new Raw();
    await stuck.hello();
    stuck.socket.pause();
    const asking = `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'show.runningConfig' })}\n`;
    stuck.send(asking.repeat(10_000));

    const flooding = new Raw();
    await flooding.hello();
    const chunk = Buffer.alloc(MEBIBYTE, 'x');
    for (let sent = 0; sent < 64; sent++) flooding.send(chunk);

    const clients = await Promise.all(
      Array.from({ length: 200 }, () => connect({ socket: test.path, name: 'crowd' })),
    );
    for (const client of clients) closeAfterwards(client);
    for (let round = 0; round < 5; round++) {
      const answers = await Promise.all(clients.map((client) => client.request('show.peers')));
      for (const [peer] of answers) expect(peer.name).toBe('osaka');
    }

    expect(await flooding.answer(2)).toMatchObject({ error: { code: ERROR.INVALID_REQUEST } });
    await flooding.closed;
    expect(clients.some(({ closed }) => closed)).toBe(false);
  });

  it('each get every event, but for the one that does not read', async () => {
    const raws = Array.from({ length: 200 }, () => new Raw());
    for (const raw of raws) {
      await raw.hello();
      await raw.ask({ method: 'events.subscribe' });
    }
    const [stuck, ...others] = raws;
    stuck.socket.pause();
    const EVENTS = 200;
    for (let sent = 0; sent < EVENTS; sent++) {
      test.backend.emit({ kind: 'config', by: 'x'.repeat(1000), what: 'changed', timeMs: sent });
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const raw of others) {
      await raw.answer(2 + EVENTS);
      const times = raw.answers
        .slice(2)
        .map((event) => (event as { params?: { timeMs: number } }).params?.timeMs);
      expect(times).toEqual(Array.from({ length: EVENTS }, (_, index) => index));
    }
  });
});
