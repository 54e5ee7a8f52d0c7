/** The machine on which figures were taken. */
import { cpus, loadavg, release } from 'node:os';

export interface Machine {
  processors: number;
  model: string;
  kernel: string;
  node: string;
  /** The load average of the last minute, at the time of asking. */
  load: number;
}

export function machine(): Machine {
  return {
    processors: cpus().length,
    model: cpus()[0].model,
    kernel: release(),
    node: process.version,
    load: loadavg()[0],
  };
}

export function machineLine({ processors, model, kernel, node, load }: Machine): string {
  return `${processors} × ${model}, Linux ${kernel}, Node ${node}, load ${load.toFixed(1)} at the start`;
}
