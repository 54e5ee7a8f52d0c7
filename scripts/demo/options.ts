/** Command line of `npm run demo`. */
import { parseArgs } from 'node:util';
import { between } from '../lab/options.js';

export const HELP = `npm run demo -- [options]

Builds hosts in network namespaces, joins them by Octolink over several underlay networks, and cuts the
links of one pair one after another while a flood ping runs over it.

  --hosts N     hosts in the mesh, 2–8 (default 4)
  --links N     links between every pair, 2–8 (default 8); all but one are cut
  --dwell MS    time between two cuts (default 2000)
  --json        prints the result as JSON, and no picture
  --svg FILE    writes the terminal's picture as an animated SVG
  --keep        leaves the lab standing and prints how to enter it
  --remove      removes labs that were left standing, and does nothing else
  --help

Exit status: 0 the claim held, 1 it did not, 64 wrong options, 77 this machine or user cannot run it.
`;

export interface DemoOptions {
  hosts: number;
  links: number;
  dwellMs: number;
  json: boolean;
  svg: string | undefined;
  keep: boolean;
  remove: boolean;
}

/** @throws Error with a sentence for the user when an option is wrong. */
export function parseOptions(args: string[]): DemoOptions {
  const { values } = parseArgs({
    args,
    options: {
      hosts: { type: 'string', default: '4' },
      links: { type: 'string', default: '8' },
      dwell: { type: 'string', default: '2000' },
      json: { type: 'boolean', default: false },
      svg: { type: 'string' },
      keep: { type: 'boolean', default: false },
      remove: { type: 'boolean', default: false },
    },
  });
  return {
    hosts: between('hosts', values.hosts, 2, 8),
    links: between('links', values.links, 2, 8),
    dwellMs: between('dwell', values.dwell, 200, 60_000),
    json: values.json,
    svg: values.svg,
    keep: values.keep,
    remove: values.remove,
  };
}
