/** One daemon at a time has a state folder, however the one before it ended. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { claimState } from '../../src/daemon/base/state-claim.js';
import { loadNative } from '../../src/native/binding.js';
import { HandClock } from '../control/hand-clock.js';

const native = loadNative();
let parent: string;
let folder: string;
let clock: HandClock;
const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'octolink-claim-'));
  folder = join(parent, 'state');
  clock = new HandClock();
  vi.clearAllMocks();
});
afterEach(() => rmSync(parent, { recursive: true }));

const claim = (path = folder) => claimState({ native, folder: path, log, clock });

it('makes the folder for its owner alone, and writes nothing into it', async () => {
  const release = await claim();
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(readdirSync(folder)).toEqual([]);
  release();
  (await claim())();
  expect(log.warn).not.toHaveBeenCalled();
});

it('is refused while another has it, by whatever path, with the name of the folder', async () => {
  const release = await claim();
  const alias = join(parent, 'alias');
  symlinkSync(folder, alias);
  for (const path of [folder, alias]) {
    const refused = expect(claim(path)).rejects.toThrow(`another daemon has the state folder ${path}`);
    await passes(10_000);
    await refused;
  }
  release();
});

it('is waited for when the other is about to end', async () => {
  const release = await claim();
  const next = claim();
  await passes(2_000);
  expect(log.warn.mock.calls.map(([, text]) => text)).toEqual([
    expect.stringContaining('waiting for it to end'),
  ]);
  release();
  await passes(100);
  const releaseNext = await next;
  const third = expect(claim()).rejects.toThrow(folder);
  await passes(10_000);
  await third;
  releaseNext();
});

it('ends with a process that is killed', async () => {
  const binding = new URL('../../src/native/binding.js', import.meta.url).href;
  const claiming = new URL('../../src/daemon/base/state-claim.js', import.meta.url).href;
  const script = `import { loadNative } from '${binding}';
    import { claimState } from '${claiming}';
    await claimState({ native: loadNative(), folder: ${JSON.stringify(folder)}, log: console });
    console.log('claimed');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const refused = expect(claim()).rejects.toThrow(folder);
  await passes(10_000);
  await refused;
  child.kill('SIGKILL');
  await once(child, 'exit');
  (await claim())();
});

it('does without a folder that cannot be there', async () => {
  writeFileSync(join(parent, 'file'), '');
  (await claim(join(parent, 'file', 'state')))();
  expect(log.warn).toHaveBeenCalledWith(expect.anything(), expect.stringContaining('cannot be claimed'));
  expect(existsSync(folder)).toBe(false);
});

/** Lets time pass in small steps, so that whoever waits for one finds it and waits for the next. */
async function passes(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 20) {
    clock.pass(20);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
