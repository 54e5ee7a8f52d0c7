/** How many threads an interface's datapath is to have. */
import { availableParallelism } from 'node:os';

/** The control thread, and the programs whose traffic it is, want a processor too; beyond four the engine is what takes the time. */
const MOST_BY_ITSELF = 4;
/** With so few processors helpers would only take from others what they give. */
const FEW_PROCESSORS = 2;

/** Threads, the worker included, for `workers auto` or a number. */
export function workerCount(wanted: number | 'auto', processors = availableParallelism()): number {
  if (wanted !== 'auto') return wanted;
  return processors <= FEW_PROCESSORS ? 1 : Math.min(MOST_BY_ITSELF, processors - 1);
}
