/** Everything that the daemon keeps on disk and must find whole again: how it is saved, and read back. */
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { DAEMON } from '../../src/daemon/commits/accounting.js';
import { Archive } from '../../src/daemon/commits/archive.js';
import { PendingStore } from '../../src/daemon/commits/guard.js';
import { StartupFile } from '../../src/daemon/commits/startup-file.js';

export type SaverKind = 'startup' | 'archive' | 'amended' | 'pending';
type Io = typeof fs;

const store = (folder: string, io: Io = fs) => new StartupFile(join(folder, 'octolink.conf'), io);
const pending = (folder: string, io: Io = fs) => new PendingStore(join(folder, 'pending-commit.json'), io);
const entry = (text: string) => ({
  timeMs: 0,
  by: DAEMON,
  origin: 'commit' as const,
  comment: null,
  text,
});

async function archive(folder: string, io: Io = fs): Promise<Archive> {
  const opened = new Archive(join(folder, 'archive'), io);
  const wrong = await opened.load();
  if (wrong.length > 0) throw new Error(wrong.join('; '));
  return opened;
}

export const SAVERS: Record<SaverKind, (folder: string, text: string, io?: Io) => Promise<unknown>> = {
  startup: (folder, text, io) => store(folder, io).save(text),
  archive: async (folder, text, io) => (await archive(folder, io)).add(entry(text)),
  amended: async (folder, text, io) => (await archive(folder, io)).amend(entry(text)),
  pending: (folder, text, io) =>
    pending(folder, io).save({ by: DAEMON, comment: null, deadlineMs: 0, target: text }),
};

/** Throws when a file is there and cannot be read. */
export const READERS: Record<SaverKind, (folder: string) => Promise<string | null>> = {
  startup: (folder) => store(folder).load(),
  archive: async (folder) => (await (await archive(folder)).get(0))?.text ?? null,
  amended: async (folder) => (await (await archive(folder)).get(0))?.text ?? null,
  pending: async (folder) => (await pending(folder).load())?.target ?? null,
};

/** Texts all different, all recognised: a generation is its number on each of a thousand lines. */
export function generation(number: number): string {
  return `generation ${number}\n`.repeat(1000);
}

/** The number of a generation; null unless the text is a whole one. */
export function generationOf(text: string): number | null {
  const number = Number(/^generation (\d+)\n/.exec(text)?.[1] ?? Number.NaN);
  return text === generation(number) ? number : null;
}

export async function endlessly(folder: string): Promise<never> {
  const opened = await archive(folder);
  for (let number = 0; ; number++) {
    await store(folder).save(generation(number));
    await opened.add(entry(generation(number)));
    await opened.amend(entry(generation(number)));
    await pending(folder).save({ by: DAEMON, comment: null, deadlineMs: 0, target: generation(number) });
    if (number === 0) process.stdout.write('saved\n');
    if (number % 3 === 2) await pending(folder).remove();
  }
}
