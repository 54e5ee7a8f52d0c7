/** Processor time of processes, from the kernel's own account. */
import { readdirSync, readFileSync } from 'node:fs';

/** Milliseconds that all threads of a process have run since their start. */
export function processorMs(pid: number): number {
  const nanoseconds = readdirSync(`/proc/${pid}/task`).map((task) => {
    const [ran] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ');
    return Number(ran);
  });
  return nanoseconds.reduce((sum, ran) => sum + ran, 0) / 1e6;
}
