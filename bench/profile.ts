/**
 * Where the time of a frame goes: Octolink carries one TCP stream while the sending and the receiving
 * daemon are sampled; the functions with most time of their own are printed. V8 counts a call into the addon,
 * waiting included, to the function that made it; perf tells these apart.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Lab } from '../scripts/lab/lab.js';
import { Mesh } from '../scripts/lab/mesh.js';
import { measure } from './measure.js';
import { INNER_TARGET } from './peers/peer.js';
import { PERF_NODE_FLAGS, perfAvailable, recordPerf, removePerfMap, reportPerf } from './perf.js';

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

/** Prints where the time goes, as V8 and, where it is installed, as perf sees it; returns the exit status. */
export async function profile(seconds: number): Promise<number> {
  await profileByV8(seconds);
  if (perfAvailable()) await profileByPerf(seconds);
  else console.log("\nThe kernel's share is not shown: perf is not installed (Debian package linux-perf).");
  return 0;
}

/** Runs `work` between two daemons that Node starts with `nodeFlags`. */
async function withPair(nodeFlags: (lab: Lab) => string[], work: (lab: Lab, mesh: Mesh) => Promise<void>) {
  const lab = await Lab.build({ hosts: 2, underlays: [{ family: 4, direct: true }] });
  try {
    const mesh = await Mesh.start(lab, { nodeFlags: nodeFlags(lab) });
    await mesh.waitUp(true);
    await work(lab, mesh);
  } finally {
    await lab.remove();
  }
}

async function oneStream(lab: Lab, seconds: number): Promise<string> {
  const figures = await measure({ lab, target: INNER_TARGET, seconds }, new Set(['tcp1']));
  return `TCP, 1 stream, while profiled: ${figures.tcp1!.toFixed(2)} Gbit/s, h1 sends to h2`;
}

async function profileByV8(seconds: number): Promise<void> {
  const folder = (lab: Lab) => join(lab.folder, 'profiles');
  const flags = (lab: Lab) => ['--cpu-prof', `--cpu-prof-dir=${folder(lab)}`];
  await withPair(flags, async (lab, mesh) => {
    console.log(`V8: ${await oneStream(lab, seconds)}`);
    for (const host of mesh.hosts) await host.daemon.stop();
    for (const host of mesh.hosts) printThreads(folder(lab), host.name, host.daemon.pid);
  });
}

async function profileByPerf(seconds: number): Promise<void> {
  await withPair(
    () => PERF_NODE_FLAGS,
    async (lab, mesh) => {
      const pids = mesh.hosts.map((host) => host.daemon.pid);
      const [stream, files] = await Promise.all([
        oneStream(lab, seconds + 1),
        recordPerf(lab, pids, seconds),
      ]);
      console.log(`\nperf: ${stream}`);
      for (const [i, host] of mesh.hosts.entries()) {
        console.log(`\n${host.name}, all threads`);
        for (const line of await reportPerf(files[i])) console.log(line);
        removePerfMap(pids[i]);
      }
    },
  );
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
