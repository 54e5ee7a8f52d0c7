/** What a daemon costs that has two peers and nothing to do: time to start, memory and processor time. */
import { readFileSync } from 'node:fs';
import { pause } from '../../scripts/lab/run.js';
import type { Figure, Figures } from '../measure.js';
import { median } from '../report.js';
import { processorMs } from './processor.js';
import type { Tunnel } from './tunnel.js';

/** What {@link measureIdle} takes. */
export const IDLE_FIGURES: readonly Figure[] = ['start', 'rss', 'idle'];
/** Three hosts, so that each daemon has two peers. */
export const IDLE_HOSTS = 3;

/** What the handshakes left behind, in memory and timers, has this long to go. */
const SETTLE_MS = 3_000;

/** Takes {@link IDLE_FIGURES} of tunnels over the same `seconds`: the medians of each tunnel's daemons. */
export async function measureIdle(tunnels: Tunnel[], seconds: number): Promise<Figures[]> {
  await pause(SETTLE_MS);
  const pids = tunnels.map(({ daemons }) => daemons.map(({ process }) => process.pid));
  const start = performance.now();
  const before = pids.map((ofTunnel) => ofTunnel.map(processorMs));
  await pause(seconds * 1000);
  const percent = 100 / (performance.now() - start);
  return tunnels.map(({ daemons }, tunnel) => ({
    start: median(daemons.map(({ startMs }) => startMs))!,
    rss: median(pids[tunnel].map(residentMiB))!,
    idle: median(pids[tunnel].map((pid, i) => (processorMs(pid) - before[tunnel][i]) * percent))!,
  }));
}

function residentMiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) / 1024;
}
