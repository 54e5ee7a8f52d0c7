/** Command line of `npm run registry-drill`. */
import { parseArgs } from 'node:util';

export const HELP = `npm run registry-drill -- [options]

Starts many members that find each other by a cluster of three etcd servers, in network namespaces. Prints how long a new
member takes until it has links to all others, and what is lost between two members while etcd is stopped.

  --members N   members, 3–128 (default 64)
  --minutes N   how long etcd is stopped (default 1)
  --pings N     echo requests a second meanwhile, 1–100 (default 10)
  --help

Exit status: 0 measured, 64 wrong options, 77 this machine or user cannot run it.
`;

export interface RegistryDrillOptions {
  members: number;
  minutes: number;
  pings: number;
  help: boolean;
}

function between(name: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (!(value >= low && value <= high)) {
    throw new Error(`--${name} takes a number from ${low} to ${high}, not '${text}'`);
  }
  return value;
}

/** @throws Error with a sentence for the user when an option is wrong. */
export function parseOptions(args: string[]): RegistryDrillOptions {
  const { values } = parseArgs({
    args,
    options: {
      members: { type: 'string', default: '64' },
      minutes: { type: 'string', default: '1' },
      pings: { type: 'string', default: '10' },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    members: Math.trunc(between('members', values.members, 3, 128)),
    minutes: between('minutes', values.minutes, 0.1, 60),
    pings: between('pings', values.pings, 1, 100),
    help: values.help,
  };
}
