/** Laying out files as they will be installed: modes and times are ours, never those of the machine that packs. */
import { chmodSync, copyFileSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { run } from '../lab/run.js';

const PLAIN = 0o644;
const PROGRAM = 0o755;

interface Placing {
  /** It is a program. */
  runs?: boolean;
}

/** Writes `text` into a file under an existing or new folder. */
export function put(file: string, text: string | Uint8Array, { runs = false }: Placing = {}): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, runs ? PROGRAM : PLAIN);
}

/** Copies one file. */
export function place(from: string, to: string, { runs = false }: Placing = {}): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
  chmodSync(to, runs ? PROGRAM : PLAIN);
}

/** Files and links under a folder, as paths from it, in a fixed order. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/** Copies the files under `from` that `accept` allows, told by their paths from there. */
export function placeAll(from: string, to: string, accept: (path: string) => boolean): void {
  for (const path of filesIn(from).filter(accept)) place(join(from, path), join(to, path));
}

/** Bytes under a folder, in KiB, every file rounded up, as dpkg counts an installed size. */
export function sizeKib(folder: string): number {
  return filesIn(folder).reduce((sum, path) => sum + Math.ceil(statSync(join(folder, path)).size / 1024), 0);
}

/** Gives everything under a folder one time, and folders one mode. */
export async function settle(folder: string, epoch: number): Promise<void> {
  await run('find', [folder, '-type', 'd', '-exec', 'chmod', '0755', '{}', '+']);
  await run('find', [folder, '-exec', 'touch', '--no-dereference', `--date=@${epoch}`, '{}', '+']);
}

/** gzip without name and time. */
export async function gzipped(file: string): Promise<void> {
  await run('gzip', ['-9', '-n', '-f', file]);
}
