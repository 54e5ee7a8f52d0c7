import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AuthorizedKeysFile } from '../../src/daemon/interfaces/authorized-keys-file.js';
import { ClientTable } from '../../src/handshake/admission.js';

/** Two public keys, and a time that no host has seen. */
const KEYS = [`${'A'.repeat(42)}E=`, `${'B'.repeat(42)}E=`];
const FUTURE = new Date('2090-01-01');

let folder: string;
let file: AuthorizedKeysFile | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keys-'));
});
afterEach(() => {
  file?.close();
  rmSync(folder, { recursive: true });
});

it('a file that seems half written is believed in the end, though its time is that of a clock which was set back', async () => {
  const path = join(folder, 'keys');
  const write = (keys: string[]): void => {
    writeFileSync(path, keys.map((key, index) => `c${index} ${key}`).join('\n'));
    utimesSync(path, FUTURE, FUTURE);
  };
  let table = new ClientTable();
  let loaded = (): void => undefined;
  const nextLoad = (): Promise<void> =>
    new Promise((resolve) => {
      loaded = resolve;
    });
  file = new AuthorizedKeysFile(path, {
    table: () => table,
    loaded: (read) => {
      table = read.table;
      loaded();
    },
    failed: (message) => expect.fail(message),
  });
  write(KEYS);
  await file.read();
  expect(table.size).toBe(2);
  const next = nextLoad();
  write(KEYS.slice(0, 1));
  await next;
  expect(table.size).toBe(1);
});
