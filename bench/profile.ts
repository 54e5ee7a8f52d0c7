/**
 * Where the time of a frame goes: Octolink carries one TCP stream while the sending and the receiving
 * daemon write V8 profiles of their threads; the functions with most time of their own are printed. Calls
 * into the addon are sampled under the names of the addon's functions.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Lab } from '../scripts/lab/lab.js';
import { Mesh } from '../scripts/lab/mesh.js';
import { measure } from './measure.js';
import { INNER_TARGET } from './peers/peer.js';

const SHOWN = 15;
/** Samples that V8 attributes to waiting rather than to a function. */
const IDLE = '(idle)';

/** The part of a V8 CPU profile that is read here; times in microseconds. */
interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: number[];
  timeDeltas: number[];
}

export interface HotFunction {
  name: string;
  /** Of the thread's time, idle time included. */
  percent: number;
}

/** The functions of a profile by their own time, most first. */
export function hotFunctions(profile: CpuProfile): HotFunction[] {
  const names = new Map(profile.nodes.map((node) => [node.id, frameName(node.callFrame)]));
  const own = new Map<string, number>();
  let total = 0;
  for (const [i, sample] of profile.samples.entries()) {
    const name = names.get(sample)!;
    own.set(name, (own.get(name) ?? 0) + profile.timeDeltas[i]);
    total += profile.timeDeltas[i];
  }
  return [...own]
    .map(([name, time]) => ({ name, percent: (100 * time) / total }))
    .sort((a, b) => b.percent - a.percent);
}

function frameName(frame: CpuProfile['nodes'][number]['callFrame']): string {
  const place = frame.url === '' ? '' : ` (${frame.url.split('/dist/').pop()}:${frame.lineNumber + 1})`;
  return `${frame.functionName || '(anonymous)'}${place}`;
}

/** Prints the profile of every busy thread of both daemons; returns the exit status. */
export async function profile(seconds: number): Promise<number> {
  const lab = await Lab.build({ hosts: 2, underlays: [{ family: 4, direct: true }] });
  const folder = join(lab.folder, 'profiles');
  try {
    const mesh = await Mesh.start(lab, { nodeFlags: ['--cpu-prof', `--cpu-prof-dir=${folder}`] });
    await mesh.waitUp(true);
    const figures = await measure({ lab, target: INNER_TARGET, seconds }, new Set(['tcp1']));
    console.log(`TCP, 1 stream, while profiled: ${figures.tcp1!.toFixed(2)} Gbit/s, h1 sends to h2`);
    for (const host of mesh.hosts) await host.daemon.stop();
    for (const host of mesh.hosts) printThreads(folder, host.name, host.daemon.pid);
  } finally {
    await lab.remove();
  }
  return 0;
}

/** V8 names its files CPU.date.time.process.thread.sequence.cpuprofile. */
function printThreads(folder: string, host: string, pid: number): void {
  const files = readdirSync(folder).filter((name) => name.split('.')[3] === String(pid));
  for (const file of files) {
    const hot = hotFunctions(JSON.parse(readFileSync(join(folder, file), 'utf8')));
    const idle = hot.find(({ name }) => name === IDLE)?.percent ?? 0;
    console.log(`\n${host}, thread ${file.split('.')[4]}: ${(100 - idle).toFixed(0)} % busy`);
    for (const { name, percent } of hot.filter(({ name }) => name !== IDLE).slice(0, SHOWN)) {
      console.log(`  ${percent.toFixed(1).padStart(5)} %  ${name}`);
    }
  }
}
