/** The pages of docs/how-to: their commands are run as they are written, and their checks again while a link is cut. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../lab/mesh.js';
import { pageBlocks } from '../../lab/page-blocks.js';
import type { ProgramHost } from '../../lab/program-host.js';
import type { Bed } from '../bed.js';
import type { Outcome, Row } from '../row.js';

interface Page {
  name: string;
  program: string;
  packages: string[];
  /** Users that the packages would have made. */
  users?: string[];
  interfaceLines?: string[];
  edit?: Row['edit'];
}

async function follow(bed: Bed, { name, users }: Page): Promise<Outcome> {
  const blocks = pageBlocks(readFileSync(join(ROOT, 'docs', 'how-to', `${name}.md`), 'utf8'));
  const checks = blocks.filter(({ isCheck }) => isCheck);
  if (checks.length === 0) throw new Error(`docs/how-to/${name}.md checks nothing`);
  if (users) for (const host of [1, 2]) await bed.host(host).users(...users);
  for (const {
    places: [place],
    script,
  } of blocks.filter(({ isCheck }) => !isCheck))
    await hostOf(bed, place).sh(script, { timeoutMs: 30_000 });
  const check = async () => {
    for (const {
      places: [place],
      script,
    } of checks)
      await hostOf(bed, place).holds(`"${script.trim()}" in ${place}`, script, 40_000);
  };
  await check();
  await bed.eachCut(check);
  return { without: 'as the page says', cut: 'its checks hold' };
}

/** The host that a page calls `h1` or `h2`. */
function hostOf(bed: Bed, place: string): ProgramHost {
  return bed.host(Number(place.slice(1)));
}

const PAGES: Page[] = [
  {
    name: 'dhcp',
    program: 'dnsmasq',
    packages: ['dnsmasq-base', 'isc-dhcp-client'],
    users: ['dnsmasq'],
    edit: (host, config) => (host === 2 ? config.replace(/^ address .*\n/m, '') : config),
  },
  { name: 'router-advertisements', program: 'radvd', packages: ['radvd'], users: ['radvd'] },
  { name: 'vrrp', program: 'keepalived', packages: ['keepalived'] },
  { name: 'ospf', program: 'BIRD', packages: ['bird2'], users: ['bird'] },
  { name: 'cluster', program: 'Corosync', packages: ['corosync'] },
  { name: 'containers', program: 'Linux', packages: [] },
  { name: 'vxlan', program: 'Linux', packages: [] },
  { name: 'firewall', program: 'nftables', packages: ['nftables', 'iperf3'] },
];

/** Pages whose commands are run over a tunnel of two links, by their paths from the root. */
export const PAGES_OVER_THE_TUNNEL: readonly string[] = PAGES.map(({ name }) => `docs/how-to/${name}.md`);

export const HOW_TO: Row[] = PAGES.map((page) => ({
  name: `how-to-${page.name}`,
  program: page.program,
  packages: page.packages,
  asked: `what [how-to/${page.name}.md](how-to/${page.name}.md) says, command by command`,
  know: '',
  ...(page.interfaceLines && { interfaceLines: page.interfaceLines }),
  ...(page.edit && { edit: page.edit }),
  run: (bed) => follow(bed, page),
}));
