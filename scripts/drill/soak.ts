/** The other half of a detector: links are left alone for a while, and none may be taken down. */
import { cpus } from 'node:os';
import { pause } from '../lab/run.js';
import { Bed, type Lateness, type LinkEvent, NEAR } from './bed.js';
import type { DrillOptions, Load } from './options.js';
import { Traffic, type TrafficWindow } from './traffic.js';
import { clockMs } from './trial.js';

/** A program that never waits, for each processor. */
const NEVER_WAITS = ['sh', ['-c', 'while :; do :; done']] as const;
const MINUTE_MS = 60_000;
const LOOK_MS = 5000;
const FIRST_ANSWERS = 50;

export interface SoakResult {
  minutes: number;
  links: number;
  /** Programs that kept the processors busy. */
  spinners: number;
  loads: Load[];
  /** Changes of any link away from up, as each host reported them. */
  downs: (LinkEvent & { host: string })[];
  lateness: (Lateness & { host: string })[];
  /** Null when the hosts were idle. */
  traffic: TrafficWindow | null;
}

/** Leaves the links alone for the time asked for; calls `tell` after each minute. */
export async function runSoak(options: DrillOptions, tell: (text: string) => void): Promise<SoakResult> {
  const minutes = options.soak ?? 0;
  const bed = await Bed.build({ links: options.links, timers: options.timers, slow: false });
  try {
    await bed.setPolicy(options.policies[0]);
    const spinners = options.busy ? cpus().length : 0;
    for (let number = 0; number < spinners; number++) {
      const [program, args] = NEVER_WAITS;
      bed.lab.start(NEAR, program, [...args]).output.resume();
    }
    const traffic = options.loads.includes('busy') ? await Traffic.start(bed.lab, options.rate) : undefined;
    await traffic?.answers(FIRST_ANSWERS);
    await bed.clearCounters();
    const start = clockMs();
    const downs = () =>
      bed.ends.flatMap((end) =>
        end.events
          .filter(({ state, timeMs }) => state !== 'up' && timeMs >= Math.floor(start))
          .map((event) => ({ host: end.name, ...event })),
      );
    for (let left = minutes * MINUTE_MS; left > 0; left = start + minutes * MINUTE_MS - clockMs()) {
      await pause(Math.min(LOOK_MS, left));
      const passed = ((clockMs() - start) / MINUTE_MS).toFixed(1);
      tell(`${passed} of ${minutes} minutes, ${downs().length} links taken down`);
    }
    const end = clockMs();
    const lateness = await Promise.all(
      bed.ends.map(async (host) => ({ host: host.name, ...(await host.lateness()) })),
    );
    const account = await traffic?.stop([[start, end]]);
    return {
      minutes,
      links: options.links,
      spinners,
      loads: options.loads,
      downs: downs(),
      lateness,
      traffic: account?.windows[0] ?? null,
    };
  } finally {
    await bed.remove();
  }
}

export function soakText(result: SoakResult): string {
  const { minutes, links, spinners, downs, lateness, traffic } = result;
  return [
    `${minutes} minutes, ${links} links, ${spinners} busy processes: ${downs.length} links taken down`,
    ...downs.map(
      ({ host, link, state, cause, timeMs }) =>
        `${new Date(timeMs).toISOString()}  ${host}: link ${link} ${state}, ${cause}`,
    ),
    ...(traffic === null
      ? []
      : [`${traffic.sent} frames sent, ${traffic.lost} lost, ${traffic.duplicated} twice`]),
    ...lateness.map(
      ({ host, scheduling, maxMs }) =>
        `${host}: the worker (${scheduling}) was at most ${(maxMs ?? 0).toFixed(1)} ms late`,
    ),
  ].join('\n');
}
