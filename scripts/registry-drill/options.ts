/** Command line of `npm run registry-drill`. */
import { parseArgs } from 'node:util';
import { between } from '../lab/options.js';

export const HELP = `npm run registry-drill -- [options]

Starts many members that find each other by a cluster of three etcd servers, in network namespaces. Prints how long a new
member takes until it has links to all others, and what is lost between two members while etcd is stopped.

  --members N   members, 3–128 (default 64)
  --minutes N   how long etcd is stopped, up to 60 (default 1)
  --pings N     echo requests a second meanwhile, 1–100 (default 10)
  --help

Exit status: 0 measured, 64 wrong options, 77 this machine or user cannot run it.
`;

const MOST_MINUTES = 60;

export interface RegistryDrillOptions {
  members: number;
  minutes: number;
  pings: number;
}

/** @throws Error with a sentence for the user when an option is wrong. */
export function parseOptions(args: string[]): RegistryDrillOptions {
  const { values } = parseArgs({
    args,
    options: {
      members: { type: 'string', default: '64' },
      minutes: { type: 'string', default: '1' },
      pings: { type: 'string', default: '10' },
    },
  });
  const minutes = Number(values.minutes);
  if (!(minutes > 0 && minutes <= MOST_MINUTES)) {
    throw new Error(`--minutes takes a number up to ${MOST_MINUTES}, not '${values.minutes}'`);
  }
  return {
    members: between('members', values.members, 3, 128),
    minutes,
    pings: between('pings', values.pings, 1, 100),
  };
}
