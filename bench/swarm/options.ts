/** Command line of `npm run swarm`. */
import { parseArgs } from 'node:util';
import { between } from '../../scripts/lab/options.js';

export const PHASES = [
  'join',
  'idle',
  'churn',
  'roam',
  'broadcast',
  'unicast',
  'tcp',
  'show',
  'restart',
] as const;
export type PhaseName = (typeof PHASES)[number];

/** Clients that one process plays, unless the number of processes is given. */
const CLIENTS_PER_PROCESS = 32_768;
export const MOST_CLIENTS = 65_536;
/** Clients that are daemons, for the phase tcp. */
const STATIONS = 2;

export const HELP = `npm run swarm -- [options]

Starts an octolinkd as a server and up to ${MOST_CLIENTS} clients, each with keys, an address, a session and heartbeats of
its own, played by a few processes in the same network namespace. Measures what a server with that many clients costs.
For the phase tcp two more clients are daemons with TAPs in namespaces of their own; all together are ${MOST_CLIENTS} at most.

  --clients N          clients, 2–${MOST_CLIENTS} (default 1000)
  --phases LIST        ${PHASES.join(', ')}
                       (default: all; join always comes first)
  --processes N        processes that play the clients (default: one for each ${CLIENTS_PER_PROCESS})
  --server-cores LIST  processors that the server may use, such as 0 or 0-3 (default: all)
  --interval MS        heartbeat interval of server and clients (default 10000); the hold time is three intervals
  --at-once N          clients of a process that call at the same time, while the others wait (default 1024)
  --seconds N          length of the phases that take as long as one likes (default 5)
  --patience S         longest wait until all clients are up (default 120)
  --server-flags LIST  flags for the server's Node, such as --cpu-prof, separated by commas
  --keep-log FILE      where the server's log is copied
  --json FILE          where the figures are written as JSON
  --plot FILE          where the clients that are up over time are drawn, as SVG (default build/swarm.svg)
  --help

Exit status: 0 all clients came up in every phase, 1 otherwise, 64 wrong options, 77 this machine or user cannot run it.
`;

export interface SwarmOptions {
  clients: number;
  phases: ReadonlySet<PhaseName>;
  processes: number;
  serverCores: string | undefined;
  serverFlags: string[];
  keepLog: string | undefined;
  intervalMs: number;
  atOnce: number;
  seconds: number;
  patienceMs: number;
  json: string | undefined;
  plot: string;
}

function phasesOf(list: string): Set<PhaseName> {
  const named = list.split(',').map((name) => {
    if (!(PHASES as readonly string[]).includes(name))
      throw new Error(`no phase is called '${name}'; they are ${PHASES.join(', ')}`);
    return name as PhaseName;
  });
  return new Set(['join', ...named]);
}

/** @throws Error with a sentence for the user when an option is wrong. */
export function parseSwarmOptions(args: string[]): SwarmOptions {
  const { values } = parseArgs({
    args,
    options: {
      clients: { type: 'string', default: '1000' },
      phases: { type: 'string', default: PHASES.join(',') },
      processes: { type: 'string' },
      'server-cores': { type: 'string' },
      'server-flags': { type: 'string' },
      'keep-log': { type: 'string' },
      interval: { type: 'string', default: '10000' },
      'at-once': { type: 'string', default: '1024' },
      seconds: { type: 'string', default: '5' },
      patience: { type: 'string', default: '120' },
      json: { type: 'string' },
      plot: { type: 'string', default: 'build/swarm.svg' },
    },
  });
  const phases = phasesOf(values.phases);
  const clients = Math.min(
    between('clients', values.clients, 2, MOST_CLIENTS),
    MOST_CLIENTS - (phases.has('tcp') ? STATIONS : 0),
  );
  const cores = values['server-cores'];
  if (cores !== undefined && !/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(cores))
    throw new Error(`--server-cores takes a list of processors, such as 0,2-3, not '${cores}'`);
  const processes = values.processes ?? String(Math.ceil(clients / CLIENTS_PER_PROCESS));
  return {
    clients,
    phases,
    processes: between('processes', processes, 1, Math.min(16, clients / 2)),
    serverCores: cores,
    serverFlags: values['server-flags']?.split(',') ?? [],
    keepLog: values['keep-log'],
    intervalMs: between('interval', values.interval, 10, 60_000),
    atOnce: between('at-once', values['at-once'], 1, MOST_CLIENTS),
    seconds: between('seconds', values.seconds, 1, 600),
    patienceMs: between('patience', values.patience, 1, 3600) * 1000,
    json: values.json,
    plot: values.plot,
  };
}
