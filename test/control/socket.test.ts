import { spawnSync } from 'node:child_process';
import { rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DaemonClient } from '../../src/cli/base/daemon-client.js';
import { ControlServer } from '../../src/daemon/control/server.js';
import { FakeBackend } from './fake-backend.js';
import { fakeConfigurator, silentLog } from './fixtures.js';
import { client, closeAfterwards, test, useServer } from './harness.js';

useServer();

describe('the socket', () => {
  const options = (path: string) => {
    const backend = new FakeBackend();
    return {
      path,
      version: '0.1.0',
      methods: backend.methods(),
      parts: backend.parts(fakeConfigurator(backend, join(test.folder, 'other-state')), silentLog),
      log: silentLog,
      peerCredentials: () => ({ pid: 1, uid: 0, gid: 0 }),
    };
  };

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
    const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', script]);
    expect((await stat(path)).isSocket()).toBe(true);
    const server = await ControlServer.start(options(path));
    expect((await client(path)).hello.hostname).toBe('fake');
    await server.stop();
  });

  it('that was removed is made again, and who was connected stays so', async () => {
    const before = await client();
    await rm(test.path);
    await expect(client()).rejects.toThrow();
    await Promise.all([test.server.recover(), test.server.recover()]);
    expect((await client()).hello.hostname).toBe('tokyo');
    expect((await stat(test.path)).mode & 0o777).toBe(0o660);
    expect(await before.request('show.interfaces', {})).toHaveLength(1);
    const { ino } = await stat(test.path);
    await test.server.recover();
    expect((await stat(test.path)).ino, 'one that is there is left alone').toBe(ino);
  });

  it('that was removed with its folder is made again', async () => {
    const path = join(test.folder, 'run', 'one.sock');
    const server = await ControlServer.start(options(path));
    await rm(dirname(path), { recursive: true });
    await server.recover();
    expect((await client(path)).hello.hostname).toBe('fake');
    await server.stop();
    await expect(stat(path)).rejects.toThrow('ENOENT');
  });

  it("that is another daemon's by now is left to it, at the end as well", async () => {
    const path = join(test.folder, 'shared.sock');
    const first = await ControlServer.start(options(path));
    await rm(path);
    const second = await ControlServer.start(options(path));
    await first.recover();
    await first.stop();
    expect((await client(path)).hello.hostname).toBe('fake');
    await second.stop();
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
  let listeners = 0;

  async function listening(onConnect: (socket: Socket) => void): Promise<string> {
    const path = join(test.folder, `odd-${listeners++}.sock`);
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      onConnect(socket);
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    closeAfterwards({
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
    await expect(DaemonClient.connect(path, 'test')).rejects.toMatchObject({
      exitCode: 69,
      message: expect.stringContaining('speaks control protocol 2'),
    });
  });

  it('says so when something else answers', async () => {
    const path = await listening((socket) => socket.write('220 mail.example ESMTP\n'));
    await expect(DaemonClient.connect(path, 'test')).rejects.toThrow('does not speak the control protocol');
    const deaf = await listening((socket) => socket.end());
    await expect(DaemonClient.connect(deaf, 'test')).rejects.toThrow('the daemon closed the connection');
  });
});
