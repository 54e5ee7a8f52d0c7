/** What is measured between the two hosts of a bench: one function a figure. */
import { readFileSync } from 'node:fs';
import type { Lab } from '../scripts/lab/lab.js';
import { until } from '../scripts/lab/run.js';
import type { Figure, Figures } from './figures.js';
import { PACED_ROWS, takePaced } from './rates.js';
import { inVxlan } from './vxlan.js';

const IPERF_PORT = 5299;
const PINGS = 20_000;
/** Clock ticks of /proc/stat per second, fixed by the kernel's user interface. */
const TICKS_PER_SECOND = 100;

/** Two hosts on one cable, h1 sending to h2. */
export interface Bed {
  lab: Lab;
  /** Address of h2 inside what is measured. */
  target: string;
  /** Length of one run in seconds. */
  seconds: number;
  /** Congestion control of TCP; absent: that of the system. */
  congestion?: string;
}

/** Takes some figures in one go. */
interface Run {
  figures: readonly Figure[];
  take(bed: Bed, wanted: ReadonlySet<Figure>): Promise<Figures>;
}

/** A run that gives one figure. */
function single(figure: Figure, take: (bed: Bed) => Promise<number>): Run {
  return { figures: [figure], take: async (bed) => ({ [figure]: await take(bed) }) };
}

/** What can be measured of every VPN, in the order in which it is. */
const RUNS: readonly Run[] = [
  { figures: ['tcp1', 'cpu'], take: tcpWithCpu },
  single('tcp8', (bed) => tcp(bed, 8)),
  single('tcp128', (bed) => tcp(bed, 128)),
  single('vxlan', (bed) => inVxlan(bed, (inner) => tcp(inner, 1))),
  single('udp64', (bed) => udp(bed, 64)),
  single('udp512', (bed) => udp(bed, 512)),
  single('udp1400', (bed) => udp(bed, 1400)),
  ...PACED_ROWS.map((row) => ({
    figures: [row.lossless, ...(row.overload === undefined ? [] : [row.overload]), ...(row.latency ?? [])],
    take: (bed: Bed, wanted: ReadonlySet<Figure>) => takePaced(bed, row, wanted),
  })),
  single('rtt', floodRtt),
  single('loss01', (bed) => tcpAtLoss(bed, 1)),
  single('loss1', (bed) => tcpAtLoss(bed, 10)),
];

/** `wanted` in parts that are measured together. */
export function inRuns(wanted: ReadonlySet<Figure>): ReadonlySet<Figure>[] {
  return RUNS.map(({ figures }) => new Set(figures.filter((figure) => wanted.has(figure)))).filter(
    ({ size }) => size > 0,
  );
}

/** Waits until the target answers, starts the iperf3 server and takes the wanted figures in turn. */
export async function measure(bed: Bed, wanted: ReadonlySet<Figure>): Promise<Figures> {
  const { lab, target } = bed;
  await until(`an answer from ${target}`, () => answers(lab, target), 20_000, 200);
  const server = lab.start(2, 'iperf3', ['-s', '-p', String(IPERF_PORT)]);
  server.output.resume();
  await until('the iperf3 server to listen', () => listens(lab), 5_000);
  const figures: Figures = {};
  try {
    for (const run of RUNS) {
      if (run.figures.some((figure) => wanted.has(figure)))
        Object.assign(figures, await run.take(bed, wanted));
    }
  } finally {
    await server.stop();
  }
  return figures;
}

async function answers(lab: Lab, target: string): Promise<boolean> {
  return lab.run(1, 'ping', ['-c', '1', '-W', '1', '-q', target]).then(
    () => true,
    () => false,
  );
}

async function listens(lab: Lab): Promise<boolean> {
  return (await lab.run(2, 'ss', ['-Hltn', `sport = :${IPERF_PORT}`])).trim() !== '';
}

/** The part of iperf3's JSON that is read here. */
interface IperfReport {
  end: {
    sum_received?: { bits_per_second: number; bytes: number };
    sum: { packets: number; lost_packets: number; seconds: number };
  };
}

async function iperf(bed: Bed, extra: string[]): Promise<IperfReport> {
  const fixed = ['-c', bed.target, '-p', String(IPERF_PORT), '-t', String(bed.seconds), '-J'];
  const text = await bed.lab.run(1, 'iperf3', [...fixed, ...extra], (bed.seconds + 15) * 1000);
  return JSON.parse(text) as IperfReport;
}

function controlOf({ congestion }: Bed): string[] {
  return congestion === undefined ? [] : ['-C', congestion];
}

async function tcp(bed: Bed, streams: number): Promise<number> {
  const report = await iperf(bed, [...controlOf(bed), '-P', String(streams)]);
  return report.end.sum_received!.bits_per_second / 1e9;
}

/** One TCP stream, and the processor time that the whole machine spent on it. */
async function tcpWithCpu(bed: Bed): Promise<Figures> {
  const before = busySeconds();
  const report = await iperf(bed, controlOf(bed));
  const seconds = busySeconds() - before;
  const received = report.end.sum_received!;
  return { tcp1: received.bits_per_second / 1e9, cpu: seconds / ((received.bytes * 8) / 1e9) };
}

/** User, nice, system, interrupt and soft-interrupt time of all processors since boot. */
function busySeconds(): number {
  const fields = readFileSync('/proc/stat', 'utf8').split('\n')[0].trim().split(/\s+/).map(Number);
  return (fields[1] + fields[2] + fields[3] + fields[6] + fields[7]) / TICKS_PER_SECOND;
}

async function udp(bed: Bed, bytes: number): Promise<number> {
  const { sum } = (await iperf(bed, ['-u', '-b', '0', '-l', String(bytes)])).end;
  return (sum.packets - sum.lost_packets) / sum.seconds / 1000;
}

async function floodRtt(bed: Bed): Promise<number> {
  const text = await bed.lab.run(1, 'ping', ['-f', '-q', '-c', String(PINGS), bed.target], 60_000);
  const match = /= [\d.]+\/([\d.]+)\//.exec(text);
  if (!match) throw new Error(`ping printed no round-trip time: ${text}`);
  return Number(match[1]);
}

async function tcpAtLoss(bed: Bed, lossPermille: number): Promise<number> {
  await bed.lab.setSegmentation(1, 'off');
  await bed.lab.impair(1, { blackHole: false, lossPermille });
  try {
    return await tcp(bed, 1);
  } finally {
    await bed.lab.impair(1, { blackHole: false, lossPermille: 0 });
    await bed.lab.setSegmentation(1, 'on');
  }
}
