/**
 * `npm run bench -- --aggregate`: what TCP reaches over two links of different rate, delay and loss under the policy
 * `adaptive`, beside each link alone. Rates by a token bucket with 50 ms of queue at both hosts, delays by a program
 * between them, losses by nftables where hosts receive, all in network namespaces.
 */
import { carryOut } from '../scripts/lab/armed.js';
import { deviceOrder } from '../scripts/lab/impair.js';
import { Lab } from '../scripts/lab/lab.js';
import { Mesh, PORT } from '../scripts/lab/mesh.js';
import { CommandError } from '../scripts/lab/run.js';
import { SLOW_WIRE_PORT, SlowWire, slowWireAddress } from '../scripts/lab/slow-wire.js';
import type { Figures } from './figures.js';
import { measure } from './measure.js';
import { INNER_TARGET } from './peers/peer.js';

interface Path {
  mbit: number;
  /** Each way. */
  delayMs: number;
  /** Datagrams in a thousand that each host loses as it receives them. */
  lossPermille?: number;
}

interface Row {
  paths: readonly [Path, Path];
  /** Congestion control of TCP; absent: that of the system. */
  congestion?: string;
}

const LOSSY: Path = { mbit: 40, delayMs: 20, lossPermille: 5 };

/**
 * Pairs that the figures of other multilink VPNs are known for, and smaller ones for busy machines. Where links lose
 * datagrams the congestion control is named: BBR, which may be the system's, hardly minds losses.
 */
const ROWS: readonly Row[] = [
  {
    paths: [
      { mbit: 100, delayMs: 25 },
      { mbit: 100, delayMs: 25 },
    ],
  },
  {
    paths: [
      { mbit: 300, delayMs: 10 },
      { mbit: 80, delayMs: 30 },
    ],
  },
  {
    paths: [
      { mbit: 40, delayMs: 10 },
      { mbit: 40, delayMs: 30 },
    ],
  },
  { paths: [LOSSY, LOSSY], congestion: 'cubic' },
];

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

function nameOf({ mbit, delayMs, lossPermille }: Path): string {
  return `${mbit} Mbit/s ${delayMs} ms${lossPermille === undefined ? '' : ` ${lossPermille / 10} % lost`}`;
}

/** Measures each of two paths alone, and both together, and prints a line for one stream and one for eight. */
async function measureRow({ paths, congestion }: Row, seconds: number): Promise<void> {
  const [first, second] = paths;
  const a = await throughput([first], 'passive', seconds, congestion);
  const b = await throughput([second], 'passive', seconds, congestion);
  const both = await throughput(paths, 'adaptive', seconds, congestion);
  for (const figure of ['tcp1', 'tcp8'] as const) {
    const [one, other, together] = [a, b, both].map(({ figures }) => figures[figure]! * 1000);
    const percent = (of: number) => `${Math.round((100 * together) / of)} %`;
    const rates = [one, other, together].map((rate) => rate.toFixed(1));
    const shares = [percent(one + other), percent(Math.max(one, other))];
    printLine(paths, both.congestion, figure.slice(3), ...rates, ...shares);
  }
}

function printLine(paths: readonly Path[], ...cells: string[]): void {
  console.log(`| ${[paths.map(nameOf).join(' + '), ...cells].join(' | ')} |`);
}

/** Measures every pair, runs of `seconds`, and prints a table; returns the exit status. */
export async function aggregate(seconds: number): Promise<number> {
  console.log(`Mbit/s of payload, runs of ${seconds} s\n`);
  console.log(
    '| links | congestion control | streams | first alone | second alone | together | of the sum | of the better |',
  );
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- |');
  for (const row of ROWS) {
    try {
      await measureRow(row, seconds);
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
      printLine(row.paths, row.congestion ?? '', `skipped: ${error.message}`);
    }
  }
  return 0;
}
