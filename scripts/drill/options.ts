/** Command line of `npm run drill`. */
import { parseArgs } from 'node:util';
import type { Policy } from '../../src/api/config.js';
import { POLICY } from '../../src/state/peers.js';
import { DEATH_KINDS, DEATHS, type DeathKind } from '../lab/deaths.js';
import { between } from '../lab/options.js';
import type { Timers } from './bed.js';

export const POLICIES = Object.keys(POLICY) as Policy[];
export const LOADS = ['busy', 'idle'] as const;
export type Load = (typeof LOADS)[number];

const DEFAULT_TIMES = 5;
const QUICK_TIMES = 1;

export const HELP = `npm run drill -- [options]

Joins two hosts in network namespaces by Octolink and lets the link in use die, in every way a link can, under
every policy, busy and idle. Tells how soon each death was noticed, how long it was felt, and what was lost.

  --times N         deaths of each kind (default ${DEFAULT_TIMES})
  --kinds LIST      kinds of death (default: all); --kinds help lists them
  --policies LIST   ${POLICIES.join(', ')} (default: all)
  --loads LIST      ${LOADS.join(', ')} (default: both); busy is a ping every millisecond and a UDP stream
  --timers I/H      heartbeat interval and hold time in ms (default 10/30)
  --links N         links between the two hosts, 2–8 (default 2)
  --rate N          datagrams per second of the stream (default 20000)
  --quick           each death once
  --out FOLDER      where drill.json and drill.html are written (default build/drill)
  --json            prints the result as JSON instead of the table
  --soak MINUTES    no deaths: counts the links that are taken down although nothing is wrong
  --servers N       kills one of two redundant servers N times under a ping between two clients instead
  --busy            keeps every processor busy meanwhile
  --help

Exit status: 0 nothing was lost or came twice (or, in a soak, no link was taken down), 1 otherwise, 64 wrong
options, 77 this machine or user cannot run it.
`;

export interface DrillOptions {
  times: number;
  kinds: DeathKind[];
  policies: Policy[];
  loads: Load[];
  timers: Timers;
  links: number;
  rate: number;
  out: string;
  json: boolean;
  /** Minutes of a soak; undefined for a drill. */
  soak: number | undefined;
  /** Kills of a server; undefined for a drill. */
  servers: number | undefined;
  busy: boolean;
}

/** The words of a list, in the order of `known`. */
function listOf<T extends string>(name: string, text: string | undefined, known: readonly T[]): T[] {
  if (text === undefined) return [...known];
  const wanted = text.split(',');
  const unknown = wanted.find((word) => !(known as readonly string[]).includes(word));
  if (unknown !== undefined)
    throw new Error(`--${name} takes of ${known.join(', ')}; '${unknown}' is not among them`);
  return known.filter((word) => wanted.includes(word));
}

function timersOf(text: string): Timers {
  const match = /^(\d+)\/(\d+)$/.exec(text);
  if (!match) throw new Error(`--timers takes INTERVAL/HOLD in ms, such as 10/30, not '${text}'`);
  return {
    interval: between('timers', match[1], 10, 60_000),
    hold: between('timers', match[2], 30, 600_000),
  };
}

/** What `--kinds help` prints. */
export function kindsHelp(): string {
  return DEATH_KINDS.map((kind) => `  ${kind.padEnd(17)} ${DEATHS[kind].title}`).join('\n');
}

/** @throws Error with a sentence for the user when an option is wrong. */
export function parseOptions(args: string[]): DrillOptions {
  const { values } = parseArgs({
    args,
    options: {
      times: { type: 'string' },
      kinds: { type: 'string' },
      policies: { type: 'string' },
      loads: { type: 'string' },
      timers: { type: 'string', default: '10/30' },
      links: { type: 'string', default: '2' },
      rate: { type: 'string', default: '20000' },
      quick: { type: 'boolean', default: false },
      out: { type: 'string', default: 'build/drill' },
      json: { type: 'boolean', default: false },
      soak: { type: 'string' },
      servers: { type: 'string' },
      busy: { type: 'boolean', default: false },
    },
  });
  if (values.kinds === 'help') throw new Error(`kinds of death:\n${kindsHelp()}`);
  const times = values.times ?? String(values.quick ? QUICK_TIMES : DEFAULT_TIMES);
  return {
    times: between('times', times, 1, 10_000),
    kinds: listOf('kinds', values.kinds, DEATH_KINDS),
    policies: listOf('policies', values.policies, POLICIES),
    loads: listOf('loads', values.loads, LOADS),
    timers: timersOf(values.timers),
    links: between('links', values.links, 2, 8),
    rate: between('rate', values.rate, 1, 200_000),
    out: values.out,
    json: values.json,
    soak: values.soak === undefined ? undefined : between('soak', values.soak, 1, 10_000),
    servers: values.servers === undefined ? undefined : between('servers', values.servers, 1, 1000),
    busy: values.busy,
  };
}
