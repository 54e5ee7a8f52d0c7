/** What a daemon costs that has two peers and nothing to do: time to start, memory and processor time. */
import { readdirSync, readFileSync } from 'node:fs';
import { Lab } from '../../scripts/lab/lab.js';
import { pause } from '../../scripts/lab/run.js';
import type { Figure, Figures } from '../measure.js';
import { median } from '../report.js';
import { startDaemons, waitUp } from './daemons.js';
import type { Build } from './revision.js';

/** What {@link measureIdle} takes. */
export const IDLE_FIGURES: readonly Figure[] = ['start', 'rss', 'idle'];

/** What the handshakes left behind, in memory and timers, has this long to go. */
const SETTLE_MS = 3_000;

/** Takes {@link IDLE_FIGURES} of a build; the processor is watched for `seconds`. */
export async function measureIdle(build: Build, seconds: number): Promise<Figures> {
  const lab = await Lab.build({ hosts: 3, underlays: [{ family: 4 }] });
  try {
    const daemons = await startDaemons(lab, build);
    await waitUp(lab, build, daemons);
    await pause(SETTLE_MS);
    const { pid } = daemons[0].process;
    const [from, before] = [performance.now(), processorMs(pid)];
    await pause(seconds * 1000);
    const idle = (100 * (processorMs(pid) - before)) / (performance.now() - from);
    return { start: median(daemons.map(({ startMs }) => startMs))!, rss: residentMiB(pid), idle };
  } finally {
    await lab.remove();
  }
}

/** Processor time of all threads of a process since their start. */
export function processorMs(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = tasks.map((task) => {
    const [ran] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ');
    return Number(ran);
  });
  return nanoseconds.reduce((sum, ran) => sum + ran, 0) / 1e6;
}

function residentMiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) / 1024;
}
