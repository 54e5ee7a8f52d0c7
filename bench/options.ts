/** Command line of `npm run bench`. */
import { parseArgs } from 'node:util';
import { type DrillOptions, parseOptions as parseDrillOptions } from '../scripts/drill/options.js';
import { DEATH_KINDS, type DeathKind } from '../scripts/lab/deaths.js';
import { FIGURES, type Figure } from './measure.js';

export const HELP = `npm run bench -- [options]

Sets Octolink up beside other VPNs on this machine, in two network namespaces joined by one cable, and
measures them in turn. Absolute figures depend on the machine and on what else runs; compare the ratios.

  --rounds N        interleaved rounds; the median is shown (default 3)
  --seconds N       length of one run (default 4)
  --quick           one round of two seconds
  --only LIST       figures: ${Object.keys(FIGURES).join(', ')},
                    or the groups tcp, udp and loss
  --peers LIST      peers by name (default: every one that can be had); octolink is always among them
                    unless --no-octolink is given
  --no-octolink     only the others
  --node24          adds Octolink under Node 24
  --json FILE       writes every round's figures as JSON
  --profile         shows where the time of a frame goes in Octolink instead
  --aggregate       measures two links of different rate and delay under the policy adaptive, beside each alone, instead
  --strangers       measures joins and goodput under floods of handshakes by strangers instead
  --cuts N          lets N links of Octolink die under a ping and a stream instead, and tells how long each
                    death was felt: \`npm run drill\` with one kind of death and the policy passive
  --kind KIND       how they die: near-end, far-end or a kind of the drill's (default black-hole)
  --links N         links between the two hosts, 2–8 (default 2)
  --help
`;

/** Short words of `--kind` for the drill's. */
const KIND_WORDS: Record<string, DeathKind> = { 'near-end': 'admin-down', 'far-end': 'far-down' };

const GROUPS: Record<string, Figure[]> = {
  tcp: ['tcp1', 'tcp8', 'cpu'],
  udp: ['udp64', 'udp512', 'udp1400'],
  loss: ['loss01', 'loss1'],
};

export interface BenchOptions {
  rounds: number;
  seconds: number;
  figures: Set<Figure>;
  /** Undefined: every peer. */
  peers: string[] | undefined;
  octolink: boolean;
  node24: boolean;
  json: string | undefined;
  profile: boolean;
  aggregate: boolean;
  strangers: boolean;
  /** Undefined: no links are cut. */
  cuts: DrillOptions | undefined;
  help: boolean;
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} takes a whole number from 1`);
  return value;
}

function cutsOf(cuts: string | undefined, kind: string, links: string): DrillOptions | undefined {
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

function figuresOf(list: string): Set<Figure> {
  const figures = list.split(',').flatMap((name) => {
    if (name in FIGURES) return [name as Figure];
    if (name in GROUPS) return GROUPS[name];
    throw new Error(`no figure is called '${name}'; --help lists them`);
  });
  return new Set(figures);
}

/** @throws Error with a sentence for the user when an option is wrong. */
export function parseOptions(args: string[]): BenchOptions {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '4' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: Object.keys(FIGURES).join(',') },
      peers: { type: 'string' },
      'no-octolink': { type: 'boolean', default: false },
      node24: { type: 'boolean', default: false },
      json: { type: 'string' },
      profile: { type: 'boolean', default: false },
      aggregate: { type: 'boolean', default: false },
      strangers: { type: 'boolean', default: false },
      cuts: { type: 'string' },
      kind: { type: 'string', default: 'black-hole' },
      links: { type: 'string', default: '2' },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    rounds: values.quick ? 1 : wholeNumber('rounds', values.rounds),
    seconds: values.quick ? 2 : wholeNumber('seconds', values.seconds),
    figures: figuresOf(values.only),
    peers: values.peers?.split(','),
    octolink: !values['no-octolink'],
    node24: values.node24,
    json: values.json,
    profile: values.profile,
    aggregate: values.aggregate,
    strangers: values.strangers,
    cuts: cutsOf(values.cuts, values.kind, values.links),
    help: values.help,
  };
}
