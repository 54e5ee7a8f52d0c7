/** A server on a clock turned by hand, for tests of the life of a configuration. */
import { cpSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { Methods } from '../../src/api/index.js';
import { DaemonClient } from '../../src/cli/base/daemon-client.js';
import { FakeBackend } from './fake-backend.js';
import { exampleConfig, startServer, type TestServer } from './fixtures.js';
import { HandClock } from './hand-clock.js';

export const MINUTE = 60_000;

export let clock: HandClock;
export let test: TestServer;
let clients: DaemonClient[];

/** Called once by each test file. */
export function useHandTurnedServer(): void {
  beforeEach(async () => {
    clock = new HandClock();
    clients = [];
    test = await startServer(0, new FakeBackend(exampleConfig()), false, clock);
  });
  afterEach(async () => {
    for (const client of clients) client.close();
    await test.stop();
  });
}

export async function connect(): Promise<DaemonClient> {
  const client = await DaemonClient.connect(test.path, 'test');
  clients.push(client);
  return client;
}

/** Types lines, outermost block first. */
export function type(
  client: DaemonClient,
  lines: string[],
  more: Partial<Methods['config.apply']['params']> = {},
) {
  return client.request('config.apply', { context: [], lines, mode: 'merge', checkOnly: false, ...more });
}

export const mtu = (value: number) => ['interface octo0', `mtu ${value}`];
export const runningMtu = () => test.backend.config.interfaces[0].mtu;
export const pendingFile = () => join(test.folder, 'state', 'pending-commit.json');

/** Comes back when everything that was asked for before has been done. */
export async function settled(): Promise<void> {
  const client = await connect();
  await client.request('config.close', {});
}

/** Another daemon on the same state, as after a crash: nothing of the first one was ended in order. */
export async function restart(startup = exampleConfig()): Promise<void> {
  const copy = `${test.folder}-crashed`;
  cpSync(join(test.folder, 'state'), copy, { recursive: true });
  for (const client of clients.splice(0)) client.close();
  await test.stop();
  test = await startServer(0, new FakeBackend(startup), false, clock, copy);
  const { stop } = test;
  test.stop = async () => {
    await stop();
    await rm(copy, { recursive: true, force: true });
  };
}
