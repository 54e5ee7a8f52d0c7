/**
 * Names, discovery and removal of the lab's network namespaces. A name carries the id of the process that
 * made it (`octo-4711-h1`), so that what a killed run left can be told from what a live run uses.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const NAMESPACE_FOLDER = '/run/netns';
/** Not TMPDIR: whoever finds a namespace finds its folder too, and the marker in it, whatever its own environment says. */
const FOLDERS = '/tmp';
const NAME = /^octo-(\d+)-[a-z][a-z0-9]*$/;
const FOLDER = /^octo-(\d+)$/;

/** The namespace's name for a host or underlay of the lab owned by `pid`. */
export function namespaceName(pid: number, short: string): string {
  const name = `octo-${pid}-${short}`;
  if (!NAME.test(name)) throw new Error(`'${short}' cannot name a host: lower-case letters and digits only`);
  return name;
}

/** The process id in a lab namespace's name, or undefined for a namespace that is not the lab's. */
export function ownerOf(name: string): number | undefined {
  const match = NAME.exec(name);
  return match ? Number(match[1]) : undefined;
}

/** Folder for configurations, sockets and logs of the lab owned by `pid`. */
export function labFolder(pid: number): string {
  return join(FOLDERS, `octo-${pid}`);
}

/** The file whose presence says that a lab was kept on purpose. */
export function keepMarker(pid: number): string {
  return join(labFolder(pid), 'keep');
}

/** True if a process with that id is running. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function names(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Process ids of every lab on this machine, from namespaces and folders. */
export function labOwners(): number[] {
  const owners = new Set<number>();
  for (const name of names(NAMESPACE_FOLDER)) {
    const owner = ownerOf(name);
    if (owner !== undefined) owners.add(owner);
  }
  for (const name of names(FOLDERS)) {
    const match = FOLDER.exec(name);
    if (match) owners.add(Number(match[1]));
  }
  return [...owners];
}

/** Namespaces of the lab owned by `pid`, as the kernel has them now. */
export function namespacesOf(pid: number): string[] {
  return names(NAMESPACE_FOLDER).filter((name) => ownerOf(name) === pid);
}

/**
 * Ends what runs in a lab's namespaces and removes them and the lab's folder. Synchronous, because it also
 * runs while the process exits.
 */
export function removeLab(pid: number): void {
  const spaces = namespacesOf(pid);
  for (const space of spaces) {
    const inside = spawnSync('ip', ['netns', 'pids', space], { encoding: 'utf8' });
    for (const line of (inside.stdout ?? '').split('\n')) {
      const member = Number(line);
      if (member > 0 && member !== process.pid) killQuietly(member);
    }
  }
  if (spaces.length > 0) {
    const batch = spaces.map((space) => `netns del ${space}\n`).join('');
    spawnSync('ip', ['-force', '-batch', '-'], { input: batch });
  }
  rmSync(labFolder(pid), { recursive: true, force: true });
}

/** Removes labs whose process is gone and which were not kept on purpose; returns their process ids. */
export function removeStaleLabs(): number[] {
  const stale = labOwners().filter((pid) => !isAlive(pid) && !existsSync(keepMarker(pid)));
  for (const pid of stale) removeLab(pid);
  return stale;
}

/** Removes labs that `--keep` left; returns their process ids. */
export function removeKeptLabs(): number[] {
  const kept = labOwners().filter((pid) => !isAlive(pid) && existsSync(keepMarker(pid)));
  for (const pid of kept) removeLab(pid);
  return kept;
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself in the meantime.
  }
}
