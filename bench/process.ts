/** What a process takes of the machine, from the kernel's own account. */
import { readdirSync, readFileSync } from 'node:fs';

/** Milliseconds that all threads of a process have run since their start. */
export function processorMs(pid: number): number {
  const nanoseconds = readdirSync(`/proc/${pid}/task`).map((task) => {
    const [ran] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ');
    return Number(ran);
  });
  return nanoseconds.reduce((sum, ran) => sum + ran, 0) / 1e6;
}

/** The same of several processes together. */
export function spentMs(processes: readonly { pid: number }[]): number {
  return processes.reduce((sum, { pid }) => sum + processorMs(pid), 0);
}

/** Resident memory of a process in MiB. */
export function residentMiB(pid: number): number {
  return memoryMiB(pid, 'VmRSS');
}

/** The most memory that a process has had resident since its start, in MiB. */
export function peakMiB(pid: number): number {
  return memoryMiB(pid, 'VmHWM');
}

function memoryMiB(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)![1]) / 1024;
}
