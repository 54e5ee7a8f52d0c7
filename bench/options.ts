/** Command line of `npm run bench`. */
import { parseArgs } from 'node:util';
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
  --help
`;

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
  help: boolean;
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} takes a whole number from 1`);
  return value;
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
    help: values.help,
  };
}
