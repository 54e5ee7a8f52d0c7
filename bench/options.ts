/** Command line of `npm run bench`. */
import { parseArgs } from 'node:util';
import { type DrillOptions, parseOptions as parseDrillOptions } from '../scripts/drill/options.js';
import { DEATH_KINDS, type DeathKind } from '../scripts/lab/deaths.js';
import type { AgainstOptions } from './against/main.js';
import { ROWS } from './aggregate-rows.js';
import {
  DAEMON_FIGURES,
  FIGURES,
  type Figure,
  isCommon,
  MESH_FIGURES,
  PROGRAM_FIGURES,
  RUSH_FIGURES,
  SEARCHED_FIGURES,
} from './figures.js';
import { LOADS, type LoadName } from './hostile/loads.js';
import { ON_REQUEST } from './peers/index.js';

const ALL_FIGURES = Object.keys(FIGURES) as Figure[];
/** Links that a peer may have. */
const MOST_LINKS = 8;
const LOAD_NAMES = Object.keys(LOADS) as LoadName[];
/** Loads that cost other pairs most. */
const COSTLY_LOADS: readonly LoadName[] = ['bundles', 'parity', 'flips', 'resend'];
const COMMON_FIGURES: readonly Figure[] = [...ALL_FIGURES.filter(isCommon), ...PROGRAM_FIGURES];
const KNOWN_TO_COMPARE = [...COMMON_FIGURES, ...MESH_FIGURES];

interface Defaults {
  rounds: string;
  seconds: string;
  figures: readonly Figure[];
  /** The figures that can be taken. */
  known: readonly Figure[];
}

/** A comparison with other VPNs, without the figures that need a search for the lossless rate. */
const COMMON_DEFAULTS: Defaults = {
  rounds: '3',
  seconds: '4',
  figures: COMMON_FIGURES.filter((figure) => !SEARCHED_FIGURES.includes(figure)),
  known: KNOWN_TO_COMPARE,
};
/** The committed table: within 25 minutes where every peer can be had. */
const TABLE_DEFAULTS: Defaults = {
  rounds: '2',
  seconds: '2',
  figures: [
    'tcp1',
    'tcp8',
    'tcp128',
    'vxlan',
    'cpu',
    ...PROGRAM_FIGURES,
    'rtt',
    ...SEARCHED_FIGURES.filter((figure) => figure !== 'lossless512'),
    ...MESH_FIGURES,
  ],
  known: KNOWN_TO_COMPARE,
};
/** The same for a comparison with another revision. */
const AGAINST_DEFAULTS: Defaults = {
  rounds: '5',
  seconds: '4',
  figures: ['tcp1', 'udp64', 'udp1400', 'rtt', ...DAEMON_FIGURES],
  known: ALL_FIGURES,
};
/** The same for links of different rates: long enough that the start of a transfer counts for little. */
const AGGREGATE_DEFAULTS: Defaults = { ...COMMON_DEFAULTS, seconds: '12' };
/** Numbers of links that there are rows of. */
const ROWS_OF_LINKS = [...new Set(ROWS.map(({ paths }) => paths.length))];
/** Options that replace the table of figures by something else. */
const INSTEAD = ['table', 'profile', 'aggregate', 'workers', 'stations', 'hostile', 'cuts'];

const GROUPS: Record<string, Figure[]> = {
  tcp: ['tcp1', 'tcp8', 'cpu'],
  udp: ['udp64', 'udp512', 'udp1400'],
  loss: ['loss01', 'loss1'],
  lossless: ['lossless64', 'lossless512', 'lossless1400'],
  overload: ['lossless64', 'overload64', 'lossless1400', 'overload1400'],
  latency: ['lossless1400', 'p50', 'p99', 'p999'],
  mesh: [...MESH_FIGURES],
};

/** A list for the help, broken where its lines get long. */
function inLines(words: readonly string[]): string {
  const lines: string[] = [''];
  for (const word of words) {
    if (lines[lines.length - 1].length + word.length > 84) lines.push('');
    lines[lines.length - 1] += `${word}, `;
  }
  return lines.join('\n                    ').replace(/, $/, '').replace(/ \n/g, '\n');
}

export const HELP = `npm run bench -- [options]

Sets Octolink up beside other VPNs on this machine, in two network namespaces joined by one cable, and
measures them in turn. Absolute figures depend on the machine and on what else runs; compare the ratios.

  --rounds N        interleaved rounds; the median is shown (default ${COMMON_DEFAULTS.rounds})
  --seconds N       length of one run (default 4)
  --quick           one round of two seconds
  --only LIST       figures: ${inLines(KNOWN_TO_COMPARE)},
                    or the groups ${Object.keys(GROUPS).join(', ')};
                    lossless, overload and latency need a search for the lossless rate, half a minute each, and mesh
                    is a full mesh of eight hosts that send broadcasts, of Octolink alone: only when asked for
  --peers LIST      peers by name (default: every one that can be had); octolink is always among them
                    unless --no-octolink is given; ${ON_REQUEST} only when named
  --no-octolink     only the others
  --node24          adds Octolink under Node 24
  --table           adds Octolink under Node 24 and over several links, and writes docs/bench-table.md and its picture;
                    ${TABLE_DEFAULTS.rounds} rounds of ${TABLE_DEFAULTS.seconds} s unless told otherwise, up to 25 minutes
  --json FILE       writes every round's figures as JSON
  --against REV     compares this build with that of another revision instead, and gives the ratio of each figure;
                    the revision is built under build/against and kept there; goes with --rounds (default
                    ${AGAINST_DEFAULTS.rounds}), --seconds, --quick, --json and --only (default ${AGAINST_DEFAULTS.figures.join(', ')}),
                    which also takes figures of the daemons alone: ${DAEMON_FIGURES.join(', ')},
                    and, a minute each, ${RUSH_FIGURES.join(', ')}; over --links N links, by default one
  --profile         shows where the time of a frame goes in Octolink instead
  --aggregate       measures two to eight links of different rate, delay and loss under the policy adaptive, beside each alone,
                    instead: runs of ${AGGREGATE_DEFAULTS.seconds} s by default, a quarter of an hour in all; --links N for those of N links only
  --workers         measures 1, 2, … workers up to the number of processors (8 at most) instead, by TCP and by sealing alone
  --stations        measures what a frame costs the daemons with 10 and with 100,000 stations at each end instead
  --strangers       measures joins and goodput under floods of handshakes by strangers instead
  --hostile         measures TCP beside each load of a hostile peer, and what such a peer makes a host send, instead
  --minutes N       with --hostile: memory of the attacked daemon over N minutes of each load, and bytes out for bytes in
  --loads LIST      with --hostile: ${LOAD_NAMES.join(', ')}
                    (default: those that cost another pair most; with --minutes all)
  --cuts N          lets N links of Octolink die under a ping and a stream instead, and tells how long each
                    death was felt: \`npm run drill\` with one kind of death and the policy passive
  --kind KIND       how they die: near-end, far-end or a kind of the drill's (default black-hole)
  --links N         links between the two hosts: with --cuts 2–8 (default 2), with --against 1–8 (default 1), with
                    --aggregate one of ${ROWS_OF_LINKS.join(', ')}
  --help
`;

/** Short words of `--kind` for the drill's. */
const KIND_WORDS: Record<string, DeathKind> = { 'near-end': 'admin-down', 'far-end': 'far-down' };

export interface BenchOptions {
  rounds: number;
  seconds: number;
  figures: Set<Figure>;
  /** Undefined: every peer. */
  peers: string[] | undefined;
  octolink: boolean;
  node24: boolean;
  /** What was typed, where the table is to be written. */
  table: readonly string[] | undefined;
  json: string | undefined;
  profile: boolean;
  /** Undefined: links of different rates are not measured; `links`: all rows or those of so many. */
  aggregate: { seconds: number; links: number | undefined } | undefined;
  workers: boolean;
  stations: boolean;
  strangers: boolean;
  hostile: boolean;
  /** Undefined: fairness is measured instead of memory. */
  minutes: number | undefined;
  loads: readonly LoadName[];
  /** Undefined: no links are cut. */
  cuts: DrillOptions | undefined;
  /** Undefined: compared with other VPNs. */
  against: AgainstOptions | undefined;
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} takes a whole number from 1`);
  return value;
}

function cutsOf(cuts: string | undefined, kind: string, links = '2'): DrillOptions | undefined {
  if (cuts === undefined) return undefined;
  const death = Object.hasOwn(KIND_WORDS, kind) ? KIND_WORDS[kind] : kind;
  if (!(DEATH_KINDS as readonly string[]).includes(death)) {
    throw new Error(
      `--kind is one of ${[...Object.keys(KIND_WORDS), ...DEATH_KINDS].join(', ')}, not '${kind}'`,
    );
  }
  const what = ['--kinds', death, '--policies', 'passive', '--loads', 'busy'];
  return parseDrillOptions([...what, '--times', String(wholeNumber('cuts', cuts)), '--links', links]);
}

/** Links of a comparison with another revision. */
function linksOf(text = '1'): number {
  const links = wholeNumber('links', text);
  if (links > MOST_LINKS) throw new Error(`--links takes at most ${MOST_LINKS}`);
  return links;
}

function loadsOf(list: string | undefined, fallback: readonly LoadName[]): readonly LoadName[] {
  if (list === undefined) return fallback;
  return list.split(',').map((name) => {
    if (Object.hasOwn(LOADS, name)) return name as LoadName;
    throw new Error(`no load is called '${name}'; --help lists them`);
  });
}

/** @param known The figures that can be taken. */
function figuresOf(list: string, known: readonly Figure[]): Set<Figure> {
  const figures = list.split(',').flatMap((name) => {
    if (known.includes(name as Figure)) return [name as Figure];
    if (Object.hasOwn(GROUPS, name)) return GROUPS[name];
    throw new Error(`no figure is called '${name}' here; --help lists them`);
  });
  return new Set(figures);
}

/** Links of the rows to measure together; undefined: all rows. */
function rowsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const links = wholeNumber('links', text);
  if (!ROWS_OF_LINKS.includes(links))
    throw new Error(`--links is one of ${ROWS_OF_LINKS.join(', ')} with --aggregate`);
  return links;
}

function defaultsOf(given: { against?: string; table: boolean; aggregate: boolean }): Defaults {
  if (given.against !== undefined) return AGAINST_DEFAULTS;
  if (given.table) return TABLE_DEFAULTS;
  return given.aggregate ? AGGREGATE_DEFAULTS : COMMON_DEFAULTS;
}

/** @throws Error with a sentence for the user when an option is wrong. */
export function parseOptions(args: string[]): BenchOptions {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      peers: { type: 'string' },
      'no-octolink': { type: 'boolean', default: false },
      node24: { type: 'boolean', default: false },
      table: { type: 'boolean', default: false },
      json: { type: 'string' },
      against: { type: 'string' },
      profile: { type: 'boolean', default: false },
      aggregate: { type: 'boolean', default: false },
      workers: { type: 'boolean', default: false },
      stations: { type: 'boolean', default: false },
      strangers: { type: 'boolean', default: false },
      hostile: { type: 'boolean', default: false },
      minutes: { type: 'string' },
      loads: { type: 'string' },
      cuts: { type: 'string' },
      kind: { type: 'string', default: 'black-hole' },
      links: { type: 'string' },
    },
  });
  const defaults = defaultsOf(values);
  const rounds = values.quick ? 1 : wholeNumber('rounds', values.rounds ?? defaults.rounds);
  const seconds = values.quick ? 2 : wholeNumber('seconds', values.seconds ?? defaults.seconds);
  const figures = figuresOf(values.only ?? defaults.figures.join(','), defaults.known);
  const { json } = values;
  if (values.against !== undefined)
    refuseBeside('against', values, ['peers', 'no-octolink', 'node24', ...INSTEAD]);
  return {
    rounds,
    seconds,
    figures,
    peers: values.peers?.split(','),
    octolink: !values['no-octolink'],
    node24: values.node24 || values.table,
    table: values.table ? args : undefined,
    json,
    profile: values.profile,
    aggregate: values.aggregate ? { seconds, links: rowsOf(values.links) } : undefined,
    workers: values.workers,
    stations: values.stations,
    strangers: values.strangers,
    hostile: values.hostile,
    minutes: values.minutes === undefined ? undefined : wholeNumber('minutes', values.minutes),
    loads: loadsOf(values.loads, values.minutes === undefined ? COSTLY_LOADS : LOAD_NAMES),
    cuts: cutsOf(values.cuts, values.kind, values.links),
    against:
      values.against === undefined
        ? undefined
        : { revision: values.against, rounds, seconds, figures, links: linksOf(values.links), json },
  };
}

/** @throws Error when one of `others` is given beside the option `name`. */
function refuseBeside(name: string, values: Record<string, unknown>, others: readonly string[]): void {
  const given = others.filter((other) => values[other] !== undefined && values[other] !== false);
  if (given.length > 0) throw new Error(`--${name} does not go with --${given.join(', --')}`);
}
