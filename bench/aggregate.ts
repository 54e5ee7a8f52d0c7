/**
 * `npm run bench -- --aggregate`: what TCP reaches over two to eight links of different rate, delay and loss under the
 * policy `adaptive`, beside each link alone. Rates by a token bucket with 50 ms of queue at both hosts, delays by a program
 * between them, losses by nftables where hosts receive, all in network namespaces.
 */
import { carryOut } from '../scripts/lab/armed.js';
import { deviceOrder } from '../scripts/lab/impair.js';
import { Lab } from '../scripts/lab/lab.js';
import { Mesh, PORT } from '../scripts/lab/mesh.js';
import { CommandError } from '../scripts/lab/run.js';
import { SLOW_WIRE_PORT, SlowWire, slowWireAddress } from '../scripts/lab/slow-wire.js';
import { namesOf, type Path, ROWS, type Row } from './aggregate-rows.js';
import type { Figures } from './figures.js';
import { measure } from './measure.js';
import { INNER_TARGET } from './peers/peer.js';

const CONTROL = '/proc/sys/net/ipv4/tcp_congestion_control';
const CONTROLS = '/proc/sys/net/ipv4/tcp_available_congestion_control';

/** Something that a row needs is not on this machine. */
class Missing extends Error {}

interface Measured {
  figures: Figures;
  /** The congestion control that was used. */
  congestion: string;
}

async function throughput(
  paths: readonly Path[],
  policy: string,
  seconds: number,
  congestion: string | undefined,
): Promise<Measured> {
  const underlays = paths.map(() => ({ family: 4 as const }));
  const lab = await Lab.build({ hosts: 2, underlays });
  try {
    const used = congestion ?? (await lab.run(1, 'cat', [CONTROL])).trim();
    const known = (await lab.run(1, 'cat', [CONTROLS])).trim().split(' ');
    if (!known.includes(used)) throw new Missing(`the kernel has no ${used}`);
    const remotes = new Map<number, { address: string; port: number }>();
    for (const [id, path] of paths.entries()) {
      await lab.limitRate(id + 1, path.mbit);
      if (path.lossPermille !== undefined) await lose(lab, id + 1, path.lossPermille);
      const wire = await SlowWire.start(lab, id + 1, [1, 2], PORT);
      wire.delay(path.delayMs);
      remotes.set(id, { address: slowWireAddress(lab, id + 1), port: SLOW_WIRE_PORT });
    }
    const mesh = await Mesh.start(lab, { remotes, interfaceLines: [`policy ${policy}`] });
    await mesh.waitUp(true);
    const bed = { lab, target: INNER_TARGET, seconds, ...(congestion && { congestion }) };
    return { figures: await measure(bed, new Set(['tcp1', 'tcp8'])), congestion: used };
  } finally {
    await lab.remove();
  }
}

/** Lets both ends of an underlay lose some of Octolink's datagrams, each by chance. */
async function lose(lab: Lab, underlay: number, permille: number): Promise<void> {
  const rule = `udp dport ${PORT} numgen random mod 1000 < ${permille} counter drop`;
  for (const end of lab.ends(underlay)) {
    await carryOut(deviceOrder(end, [rule])).catch((error: unknown) => {
      throw error instanceof CommandError
        ? new Missing(`nftables: ${error.result.stderr.split('\n')[0]}`)
        : error;
    });
  }
}

/** Links alone, each kind measured once. */
class Alone {
  private readonly known = new Map<string, Promise<Measured>>();

  constructor(private readonly seconds: number) {}

  measure(path: Path, congestion: string | undefined): Promise<Measured> {
    const key = JSON.stringify([path, congestion]);
    const measured = this.known.get(key) ?? throughput([path], 'passive', this.seconds, congestion);
    this.known.set(key, measured);
    return measured;
  }
}

/** Measures each path alone and all together, and prints a line for one stream and one for eight. */
async function measureRow({ paths, congestion }: Row, alone: Alone, seconds: number): Promise<void> {
  const each: Measured[] = [];
  for (const path of paths) each.push(await alone.measure(path, congestion));
  const all = await throughput(paths, 'adaptive', seconds, congestion);
  for (const figure of ['tcp1', 'tcp8'] as const) {
    const rates = each.map(({ figures }) => figures[figure]! * 1000);
    const together = all.figures[figure]! * 1000;
    const percent = (of: number) => `${Math.round((100 * together) / of)} %`;
    const sum = rates.reduce((total, rate) => total + rate, 0);
    const cells = [figure.slice(3), sum.toFixed(1), together.toFixed(1)];
    printLine(paths, all.congestion, ...cells, percent(sum), percent(Math.max(...rates)));
  }
}

function printLine(paths: readonly Path[], ...cells: string[]): void {
  console.log(`| ${[namesOf(paths), ...cells].join(' | ')} |`);
}

/** Measures every row, or those of so many `links`, in runs of `seconds`, and prints a table; returns the exit status. */
export async function aggregate(seconds: number, links: number | undefined): Promise<number> {
  const rows = ROWS.filter(({ paths }) => links === undefined || paths.length === links);
  console.log(`Mbit/s of payload, runs of ${seconds} s\n`);
  console.log(
    '| links | congestion control | streams | sum of each alone | together | of the sum | of the best |',
  );
  console.log('| --- | --- | --- | --- | --- | --- | --- |');
  const alone = new Alone(seconds);
  for (const row of rows) {
    try {
      await measureRow(row, alone, seconds);
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
      printLine(row.paths, row.congestion ?? '', `skipped: ${error.message}`);
    }
  }
  return 0;
}
