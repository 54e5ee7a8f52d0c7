/** What an idle daemon with two peers costs: time to start, memory and processor time. */
import { pause } from '../../scripts/lab/run.js';
import type { Figure, Figures } from '../figures.js';
import { processorMs, residentMiB } from '../process.js';
import { median } from '../report.js';
import type { Tunnel } from './tunnel.js';

/** The figures that {@link measureIdle} takes. */
export const IDLE_FIGURES: readonly Figure[] = ['start', 'rss', 'idle'];
/** Three hosts, so that each daemon has two peers. */
export const IDLE_HOSTS = 3;

/** How long memory and timers are left to settle after the handshakes. */
const SETTLE_MS = 2_000;

/** Takes {@link IDLE_FIGURES} of tunnels over the same `seconds`: the medians of each tunnel's daemons. */
export async function measureIdle(tunnels: Tunnel[], seconds: number): Promise<Figures[]> {
  await pause(SETTLE_MS);
  const pids = tunnels.map(({ daemons }) => daemons.map(({ process }) => process.pid));
  // Read first: within the next seconds V8 may return memory, and when it does differs from start to start.
  const rss = pids.map((ofTunnel) => median(ofTunnel.map(residentMiB))!);
  const start = performance.now();
  const before = pids.map((ofTunnel) => ofTunnel.map(processorMs));
  await pause(seconds * 1000);
  const percent = 100 / (performance.now() - start);
  return tunnels.map(({ daemons }, tunnel) => ({
    start: median(daemons.map(({ startMs }) => startMs))!,
    rss: rss[tunnel],
    idle: median(pids[tunnel].map((pid, i) => (processorMs(pid) - before[tunnel][i]) * percent))!,
  }));
}
