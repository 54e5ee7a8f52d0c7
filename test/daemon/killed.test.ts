/** Whatever the daemon saves, it finds the old or the new one again, whole, wherever it was killed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { rolldown } from 'rolldown';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ARCHIVE_ENTRIES } from '../../src/api/index.js';
import { Archive } from '../../src/daemon/commits/archive.js';
import { generation, generationOf, READERS, SAVERS, type SaverKind } from './savers.js';

const SAVER_MODULE = new URL('./saver.js', import.meta.url).pathname;
const KINDS: SaverKind[] = ['startup', 'archive', 'amended', 'pending'];
/** How often a saver is killed at random; each takes about the start of a process. */
const KILLS = Number(process.env['OCTOLINK_KILLS'] ?? 40);
const LONGEST_LIFE_MS = 30;

let programs: string;
let saver: string;
let folder: string;

/** More than a hundred savers start: as one file, each does so in half the time. */
beforeAll(async () => {
  programs = await fs.mkdtemp(join(tmpdir(), 'octolink-saver-'));
  saver = join(programs, 'saver.mjs');
  const build = await rolldown({ input: SAVER_MODULE, platform: 'node' });
  await build.write({ file: saver, format: 'esm' });
  await build.close();
});
afterAll(() => fs.rm(programs, { recursive: true, force: true }));

beforeEach(async () => {
  folder = await fs.mkdtemp(join(tmpdir(), 'octolink-killed-'));
});
afterEach(() => fs.rm(folder, { recursive: true, force: true }));

/** Saves in a process of its own that dies by SIGKILL before file operation number `step`. Returns whether it died. */
async function saveAndDie(kind: SaverKind, text: string, step: number): Promise<boolean> {
  const child = spawn(process.execPath, [saver, kind, folder, text, String(step)], { stdio: 'inherit' });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (code !== 0 && signal !== 'SIGKILL') throw new Error(`the saver ended with ${code ?? signal}`);
  return signal === 'SIGKILL';
}

describe.each(KINDS)('%s', (kind) => {
  it('is the old or the new one, whichever step of a save is the last', async () => {
    // A full archive: an entry that comes makes one go.
    for (let number = 0; kind === 'archive' && number < ARCHIVE_ENTRIES; number++) {
      await SAVERS.archive(folder, generation(number));
    }
    await SAVERS[kind](folder, generation(99));
    let previous = generation(99);
    const seen = new Set<string>();
    let step = 0;
    for (let died = true; died; step++) {
      const next = generation(100 + step);
      died = await saveAndDie(kind, next, step);
      const text = await READERS[kind](folder);
      expect([previous, next]).toContain(text);
      if (died) seen.add(text === next ? 'new' : 'old');
      previous = text as string;
    }
    expect(seen).toEqual(new Set(['old', 'new']));
    expect(step).toBeGreaterThan(8);
  });
});

it(
  `all of them are whole after each of ${KILLS} kills at random`,
  async () => {
    const lives = fc.sample(fc.integer({ min: 0, max: LONGEST_LIFE_MS }), KILLS);
    for (const life of lives) {
      const child = spawn(process.execPath, [saver, 'endless', folder], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
      setTimeout(() => child.kill('SIGKILL'), life);
      await once(child, 'exit');
      const found = await Promise.all(KINDS.map((kind) => READERS[kind](folder)));
      for (const text of found) if (text !== null) expect(generationOf(text)).not.toBeNull();
      expect(found[0]).not.toBeNull();
      const archive = new Archive(join(folder, 'archive'));
      expect(await archive.load()).toEqual([]);
      expect(archive.list().length).toBeLessThanOrEqual(ARCHIVE_ENTRIES);
    }
  },
  60_000 + KILLS * 3000,
);
