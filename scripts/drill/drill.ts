/** Runs the cells of a drill, one death after another. */
import type { Policy } from '../../src/api/config.js';
import { DEATHS, type DeathKind } from '../lab/deaths.js';
import { Bed } from './bed.js';
import type { DrillOptions, Load } from './options.js';
import type { Cell } from './summary.js';
import { Traffic } from './traffic.js';
import { clockMs, runTrial, type Trial } from './trial.js';

/** Answers of the ping over which the undisturbed state is measured. */
const UNDISTURBED_ANSWERS = 500;
const FIRST_ANSWERS = 50;

/** What is to be measured in one cell. */
export interface CellPlan {
  kind: DeathKind;
  policy: Policy;
  load: Load;
}

/** Is notified of the drill's progress. */
export interface Progress {
  /** A trial begins: `done` of `all` are finished. */
  trial(plan: CellPlan, done: number, all: number): void;
  cell(cell: Cell): void;
}

/** Every requested cell, those with the same lab together. */
export function planCells({ kinds, policies, loads }: DrillOptions): CellPlan[] {
  const inOrder = [...kinds].sort(
    (a, b) => Number(DEATHS[a].needsSlowWire) - Number(DEATHS[b].needsSlowWire),
  );
  return inOrder.flatMap((kind) =>
    policies.flatMap((policy) => loads.map((load) => ({ kind, policy, load }))),
  );
}

/** Runs the drill; a cell that fails is reported as failed, and the next one gets a fresh lab. */
export async function runDrill(options: DrillOptions, progress: Progress): Promise<Cell[]> {
  const plans = planCells(options);
  const all = plans.length * options.times;
  const cells: Cell[] = [];
  let bed: Bed | undefined;
  try {
    for (const [index, plan] of plans.entries()) {
      const slow = DEATHS[plan.kind].needsSlowWire;
      if (bed !== undefined && bed.options.slow !== slow) {
        await bed.remove();
        bed = undefined;
      }
      bed ??= await Bed.build({ links: options.links, timers: options.timers, slow });
      const beforeTrial = (done: number) => progress.trial(plan, index * options.times + done, all);
      const cell = await runCell(bed, plan, options, beforeTrial);
      cells.push(cell);
      progress.cell(cell);
      if (cell.failure !== null) {
        await bed.remove();
        bed = undefined;
      }
    }
  } finally {
    await bed?.remove();
  }
  return cells;
}

async function runCell(
  bed: Bed,
  plan: CellPlan,
  options: DrillOptions,
  beforeTrial: (done: number) => void,
): Promise<Cell> {
  const trials: Trial[] = [];
  let traffic: Traffic | undefined;
  let undisturbed: [number, number] = [0, 0];
  let failure: string | null = null;
  try {
    await bed.setPolicy(plan.policy);
    await bed.allUp();
    if (plan.load === 'busy') {
      traffic = await Traffic.start(bed.lab, options.rate);
      await traffic.answers(FIRST_ANSWERS);
      const from = clockMs();
      await traffic.answers(UNDISTURBED_ANSWERS);
      undisturbed = [from, clockMs()];
    }
    for (let done = 0; done < options.times; done++) {
      beforeTrial(done);
      trials.push(await runTrial(bed, DEATHS[plan.kind], traffic));
    }
  } catch (error) {
    failure = (error as Error).message;
  }
  const cell: Cell = { ...plan, trials, undisturbed: null, senderLatenessMs: null, failure };
  if (traffic === undefined) return cell;
  try {
    const { windows, sender } = await traffic.stop([undisturbed, ...trials.map(({ window }) => window)]);
    const [before, ...during] = windows;
    return {
      ...cell,
      trials: trials.map((trial, index) => ({ ...trial, traffic: during[index] })),
      undisturbed: before,
      senderLatenessMs: sender.latenessMaxMs,
    };
  } catch (error) {
    return { ...cell, failure: failure ?? (error as Error).message };
  }
}
