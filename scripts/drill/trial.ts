/** One death of one link, from the command to the healing. */
import type { Armed, Death, Step } from '../lab/deaths.js';
import { pause } from '../lab/run.js';
import type { Bed, LinkEvent } from './bed.js';
import { type KernelDrops, kernelDrops, since } from './kernel-drops.js';
import type { Traffic, TrafficWindow } from './traffic.js';

/** The result of a trial, before the account of the traffic is known. */
export interface Trial {
  link: number;
  /** From the command until each end has left the link, in ms; null: it did not. */
  detectionMs: { near: number | null; far: number | null };
  /** In the daemons' words. */
  causes: { near: string | null; far: string | null };
  /** Changes of the link's state that the near end reported. */
  changes: number;
  /** Datagrams that both ends resent. */
  resent: number;
  /** The worst lateness of each worker, in ms. */
  latenessMs: { near: number | null; far: number | null };
  /** What the kernel dropped meanwhile because a program was late. */
  kernelDrops: KernelDrops;
  /** From the command until everything was healed and settled, in ms since the epoch. */
  window: [number, number];
  /** Null when the hosts were idle. */
  traffic: TrafficWindow | null;
}

/** Answers of the ping that must come before a link dies, and after it has healed. */
const SETTLED_ANSWERS = 60;
/** The same for hosts that are idle. */
const SETTLED_MS = 60;
/** How long a link that only gets worse is left that way: in hold times, and at least in ms. */
const WORSE_HOLDS = 8;
const WORSE_LEAST_MS = 1500;
/** How long an end may take to leave a dead link before it counts as not having left it. */
const DETECTION_PATIENCE_MS = 3000;

/** Milliseconds since the epoch. */
export function clockMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Lets the link in use die as `death` says, and heals it. */
export async function runTrial(bed: Bed, death: Death, traffic: Traffic | undefined): Promise<Trial> {
  const settle = () => (traffic ? traffic.answers(SETTLED_ANSWERS) : pause(SETTLED_MS));
  await settle();
  await bed.clearCounters();
  const dropsBefore = await kernelDrops(bed.lab);
  const place = await bed.placeInUse();
  const [near] = bed.ends;
  const steps = death.die(place).map((step) => ({ step, armed: step.arm() }));
  // Programs that were just started get a moment to begin reading their input.
  await pause(10);
  const start = clockMs();
  await fireAll(steps);
  const told = await Promise.all(
    bed.ends.map(async (end): Promise<LinkEvent | null> => {
      if (death.outcome === 'down') return end.left(place.link, start, patience(bed));
      await pause(Math.max(WORSE_LEAST_MS, WORSE_HOLDS * place.holdMs));
      return end.left(place.link, start, 1);
    }),
  );
  await settle();
  for (const step of death.heal(place)) await step.arm().fire();
  await bed.allUp();
  await settle();
  const latencyOf = (event: LinkEvent | null) => (event ? Math.max(0, event.timeMs - start) : null);
  const [nearLate, farLate] = await Promise.all(bed.ends.map((end) => end.lateness()));
  const resent = await Promise.all(bed.ends.map((end) => end.resent()));
  return {
    link: place.link,
    detectionMs: { near: latencyOf(told[0]), far: latencyOf(told[1]) },
    causes: { near: told[0]?.cause ?? null, far: told[1]?.cause ?? null },
    changes: near.events.filter((event) => event.link === place.link && event.timeMs >= start).length,
    resent: resent[0] + resent[1],
    latenessMs: { near: nearLate.maxMs, far: farLate.maxMs },
    kernelDrops: since(dropsBefore, await kernelDrops(bed.lab)),
    window: [start, clockMs()],
    traffic: null,
  };

  function patience({ options }: Bed): number {
    return DETECTION_PATIENCE_MS + 4 * options.timers.hold;
  }
}

async function fireAll(steps: { step: Step; armed: Armed }[]): Promise<void> {
  try {
    for (const { step, armed } of steps) {
      if (step.afterMs > 0) await pause(step.afterMs);
      await armed.fire();
    }
  } catch (error) {
    for (const { armed } of steps) armed.disarm();
    throw error;
  }
}
