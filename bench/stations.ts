/**
 * `npm run bench -- --stations`: what a frame costs the daemons while the frames are of 10 stations at each end, and of 100,000,
 * through a tunnel, in alternation. The tables hold all of them throughout; what counts is how many are asked for.
 */
import { join } from 'node:path';
import { machine, machineLine } from '../scripts/drill/machine.js';
import { Lab } from '../scripts/lab/lab.js';
import { Mesh, ROOT } from '../scripts/lab/mesh.js';
import { spentMs } from './process.js';
import { median } from './report.js';

const TOOL = join(ROOT, 'bench/stations.py');
const FEW = 10;
const MANY = 100_000;
const LIMIT = 131_072;
/** Frames a second: far from what is lost, so that every frame is paid for. */
const RATE = 20_000;
/** The first bytes of the addresses of each host's stations. */
const HIGH = ['0201', '0202'];
/** Less of what was sent than this has arrived: the machine was too busy. */
const ARRIVED = 0.9;

interface Sent {
  stations: number;
  order: 'each' | 'random';
  frames: number;
}

function send(lab: Lab, host: 1 | 2, { stations, order, frames }: Sent): Promise<string> {
  const [own, other] = host === 1 ? HIGH : HIGH.toReversed();
  const words = ['octo0', stations, order, RATE, frames, own, other].map(String);
  return lab.run(host, 'python3', [TOOL, ...words], 60_000);
}

/** Microseconds of both daemons for a frame from h1 to h2. */
async function cost(lab: Lab, mesh: Mesh, stations: number, seconds: number): Promise<number> {
  const frames = RATE * seconds;
  const spent = () => spentMs(mesh.hosts.map(({ daemon }) => daemon));
  const [before, had] = [spent(), await arrived(lab)];
  await send(lab, 1, { stations, order: 'random', frames });
  const [ms, share] = [spent() - before, ((await arrived(lab)) - had) / frames];
  if (share < ARRIVED) throw new Error(`only ${Math.round(100 * share)} % of the frames arrived`);
  return (1000 * ms) / frames;
}

/** Frames that the daemon of h2 has written to its TAP. */
async function arrived(lab: Lab): Promise<number> {
  return Number(await lab.run(2, 'cat', ['/sys/class/net/octo0/statistics/rx_packets']));
}

/** Measures in rounds and prints a table; returns the exit status. */
export async function stations(rounds: number, seconds: number): Promise<number> {
  const lab = await Lab.build({ hosts: 2, underlays: [{ family: 4, direct: true }] });
  try {
    const mesh = await Mesh.start(lab, { interfaceLines: [`mac-table limit ${LIMIT}`] });
    await mesh.waitUp(true);
    for (const host of [1, 2] as const)
      await send(lab, host, { stations: MANY, order: 'each', frames: MANY });
    const costs = new Map<number, number[]>([FEW, MANY].map((count) => [count, []]));
    for (let round = 0; round < rounds; round++)
      for (const [count, into] of costs) into.push(await cost(lab, mesh, count, seconds));
    report(rounds, seconds, costs);
    return 0;
  } finally {
    await lab.remove();
  }
}

function report(rounds: number, seconds: number, costs: ReadonlyMap<number, readonly number[]>): void {
  const [few, many] = [costs.get(FEW)!, costs.get(MANY)!];
  const ratios = many.map((each, round) => each / few[round]);
  console.log(
    `${machineLine(machine())}; medians of ${rounds} rounds of ${seconds} s at ${RATE} frames/s of 64 bytes.\n`,
  );
  console.log('| stations at each end | processor time of both daemons for a frame |');
  console.log('| --- | --- |');
  for (const [count, each] of costs) console.log(`| ${count} | ${median(each)!.toFixed(2)} µs |`);
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  console.log(`\nRatio: ${median(ratios)!.toFixed(3)} (${least.toFixed(3)} to ${most.toFixed(3)}).`);
}
