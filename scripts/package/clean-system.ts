/** Clean Debian systems, made by debootstrap and kept for the next run, and programs run in them. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../lab/run.js';

const CACHE = join(tmpdir(), 'octolink-package-test');
/** The least that a system has, for each kind of trial. */
const PACKAGES = {
  bare: ['iproute2'],
  booted: ['iproute2', 'systemd', 'systemd-sysv', 'dbus', 'iputils-ping', 'iperf3', 'procps'],
} as const;
const NAMESPACES = ['--mount', '--pid', '--fork', '--kill-child', '--net', '--uts', '--ipc', '--cgroup'];

export type Kind = keyof typeof PACKAGES;

/** A folder whose content is kept for the next run. */
export function keptFolder(name: string): string {
  const folder = join(CACHE, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Folder of a minimal system, made at the first need. */
export async function cleanSystem(suite: string, kind: Kind): Promise<string> {
  const folder = join(CACHE, `${suite}-${kind}`);
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true });
  const fresh = mkdtempSync(`${folder}-`);
  await run('debootstrap', ['--variant=minbase', `--include=${PACKAGES[kind].join()}`, suite, fresh]);
  await run('chmod', ['0755', fresh]);
  renameSync(fresh, folder);
  return folder;
}

interface Trial {
  /** Folder of the clean system, which stays clean. */
  system: string;
  /** Folder for what is written, gone when the caller removes it. */
  layers: string;
  /** Folder that is `/trial` there. */
  trial: string;
  /** `scripts/package/clean-system.sh`. */
  script: string;
  timeoutMs: number;
}

/**
 * Runs a program in a clean system with namespaces of its own, as process 1; its output goes to ours while it runs.
 * @throws Error when it does not end with status 0.
 */
export async function runIn(
  { system, layers, trial, script, timeoutMs }: Trial,
  program: readonly string[],
): Promise<void> {
  const group = mkdtempSync(join(unifiedHierarchy(), 'octolink-trial-'));
  const enter = `echo $$ >${group}/cgroup.procs; exec unshare "$@"`;
  const inside = ['sh', script, system, layers, trial, ...program];
  const words = ['-c', enter, 'sh', ...NAMESPACES, '--propagation', 'private', ...inside];
  const child = spawn('sh', words, { stdio: ['ignore', 'inherit', 'inherit'], timeout: timeoutMs });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code !== 0) throw new Error(`${program.join(' ')} in a clean system ended with status ${code}`);
  } finally {
    await removeGroup(group);
  }
}

/** Where the groups of cgroup2 are: the whole of /sys/fs/cgroup, or a folder in it beside those of cgroup1. */
function unifiedHierarchy(): string {
  const mounts = readFileSync('/proc/self/mounts', 'utf8');
  const place = /^\S+ (\S+) cgroup2 /m.exec(mounts)?.[1];
  if (place === undefined) throw new Error('cgroup2 is mounted nowhere');
  return place;
}

/** Groups that systemd has made go before the one that they are in. */
async function removeGroup(group: string): Promise<void> {
  const inner = await run('find', [group, '-mindepth', '1', '-depth', '-type', 'd']);
  for (const folder of [...inner.split('\n').filter((line) => line !== ''), group]) rmdirSync(folder);
}
