/**
 * The same question asked of the kernel's own profiler, where it is installed: it sees the addon, OpenSSL and
 * the kernel's share too, which V8 counts to the function that called them.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '../scripts/lab/lab.js';
import { run } from '../scripts/lab/run.js';
import { findProgram } from './packages.js';

const SAMPLES_PER_SECOND = 999;
/** Functions below this share, in percent, are left out. */
const SMALLEST_SHARE = 1;

/** Flags that let the profiler name JavaScript functions. */
export const PERF_NODE_FLAGS = ['--perf-basic-prof', '--interpreted-frames-native-stack'];

export function perfAvailable(): boolean {
  return findProgram('perf') !== undefined;
}

/** Samples the processes for `seconds` while they work; returns a file of samples for each. */
export function recordPerf(lab: Lab, pids: number[], seconds: number): Promise<string[]> {
  return Promise.all(
    pids.map(async (pid) => {
      const file = join(lab.folder, `perf-${pid}.data`);
      const what = ['-q', '-F', String(SAMPLES_PER_SECOND), '-e', 'cpu-clock', '-p', String(pid), '-o', file];
      await run('perf', ['record', ...what, '--', 'sleep', String(seconds)]);
      return file;
    }),
  );
}

/** The functions of a recording by their own time, a line each, kernel and libraries named. */
export async function reportPerf(file: string): Promise<string[]> {
  const how = ['--stdio', '--no-children', '--sort', 'dso,symbol', '--percent-limit', String(SMALLEST_SHARE)];
  const text = await run('perf', ['report', '-q', '-i', file, ...how]);
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.trimEnd().slice(0, 110));
}

/** Removes the file in which Node left the names of its functions for the profiler. */
export function removePerfMap(pid: number): void {
  rmSync(`/tmp/perf-${pid}.map`, { force: true });
}
