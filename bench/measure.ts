/** What is measured between the two hosts of a bench: one function a figure. */
import { readFileSync } from 'node:fs';
import type { Lab } from '../scripts/lab/lab.js';
import { until } from '../scripts/lab/run.js';
import { inVxlan } from './vxlan.js';

const IPERF_PORT = 5299;
const PINGS = 20_000;
/** Clock ticks of /proc/stat per second, fixed by the kernel's user interface. */
const TICKS_PER_SECOND = 100;

/** Every figure a bench can take; higher is better unless `lowerIsBetter`. */
export const FIGURES = {
  tcp1: { title: 'TCP, 1 stream', unit: 'Gbit/s', lowerIsBetter: false },
  tcp8: { title: 'TCP, 8 streams', unit: 'Gbit/s', lowerIsBetter: false },
  vxlan: { title: 'TCP in VXLAN, 1 stream', unit: 'Gbit/s', lowerIsBetter: false },
  udp64: { title: 'UDP 64 B received', unit: 'kpps', lowerIsBetter: false },
  udp512: { title: 'UDP 512 B received', unit: 'kpps', lowerIsBetter: false },
  udp1400: { title: 'UDP 1400 B received', unit: 'kpps', lowerIsBetter: false },
  rtt: { title: 'flood-ping round trip', unit: 'ms', lowerIsBetter: true },
  loss01: { title: 'TCP at 0.1 % loss', unit: 'Gbit/s', lowerIsBetter: false },
  loss1: { title: 'TCP at 1 % loss', unit: 'Gbit/s', lowerIsBetter: false },
  cpu: { title: 'CPU, 1 stream', unit: 's/Gbit', lowerIsBetter: true },
  cputcp: { title: 'CPU of the daemons, TCP', unit: 'ms/Gbit', lowerIsBetter: true },
  cpu64: { title: 'CPU of the daemons, UDP 64 B', unit: 'µs each', lowerIsBetter: true },
  cpu1400: { title: 'CPU of the daemons, UDP 1400 B', unit: 'µs each', lowerIsBetter: true },
  start: { title: 'start to first answer', unit: 'ms', lowerIsBetter: true },
  rss: { title: 'memory, idle with 2 peers', unit: 'MiB', lowerIsBetter: true },
  rsspeak: { title: 'memory, after a TCP stream', unit: 'MiB', lowerIsBetter: true },
  rssafter: { title: 'memory, 45 s later', unit: 'MiB', lowerIsBetter: true },
  idle: { title: 'CPU, idle with 2 peers', unit: '% of a core', lowerIsBetter: true },
} as const;

export type Figure = keyof typeof FIGURES;
/** Figures of Octolink's daemons alone, which other VPNs are not asked for. */
export const DAEMON_FIGURES: readonly Figure[] = ['cputcp', 'cpu64', 'cpu1400', 'start', 'rss', 'idle'];
/** Those that take a minute, and only when asked for. */
export const RUSH_FIGURES: readonly Figure[] = ['rsspeak', 'rssafter'];

/** True for a figure that every VPN can be asked for, as {@link measure} does. */
export function isCommon(figure: Figure): boolean {
  return !DAEMON_FIGURES.includes(figure) && !RUSH_FIGURES.includes(figure);
}

export type Figures = Partial<Record<Figure, number>>;

/** Two hosts on one cable, h1 sending to h2. */
export interface Bed {
  lab: Lab;
  /** Address of h2 inside what is measured. */
  target: string;
  /** Length of one run in seconds. */
  seconds: number;
}

/** Waits until the target answers, starts the iperf3 server and takes the wanted figures in turn. */
export async function measure(bed: Bed, wanted: Set<Figure>): Promise<Figures> {
  const { lab, target } = bed;
  await until(`an answer from ${target}`, () => answers(lab, target), 20_000, 200);
  const server = lab.start(2, 'iperf3', ['-s', '-p', String(IPERF_PORT)]);
  server.output.resume();
  await until('the iperf3 server to listen', () => listens(lab), 5_000);
  const figures: Figures = {};
  try {
    if (wanted.has('tcp1') || wanted.has('cpu')) Object.assign(figures, await tcpWithCpu(bed));
    if (wanted.has('tcp8')) figures.tcp8 = await tcp(bed, 8);
    if (wanted.has('vxlan')) figures.vxlan = await inVxlan(bed, (inner) => tcp(inner, 1));
    if (wanted.has('udp64')) figures.udp64 = await udp(bed, 64);
    if (wanted.has('udp512')) figures.udp512 = await udp(bed, 512);
    if (wanted.has('udp1400')) figures.udp1400 = await udp(bed, 1400);
    if (wanted.has('rtt')) figures.rtt = await floodRtt(bed);
    if (wanted.has('loss01')) figures.loss01 = await tcpAtLoss(bed, 1);
    if (wanted.has('loss1')) figures.loss1 = await tcpAtLoss(bed, 10);
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

async function tcp(bed: Bed, streams: number): Promise<number> {
  const report = await iperf(bed, ['-P', String(streams)]);
  return report.end.sum_received!.bits_per_second / 1e9;
}

/** One TCP stream, and the processor time that the whole machine spent on it. */
async function tcpWithCpu(bed: Bed): Promise<Figures> {
  const before = busyTicks();
  const report = await iperf(bed, []);
  const seconds = (busyTicks() - before) / TICKS_PER_SECOND;
  const received = report.end.sum_received!;
  return { tcp1: received.bits_per_second / 1e9, cpu: seconds / ((received.bytes * 8) / 1e9) };
}

/** User, nice, system, interrupt and soft-interrupt time of all processors since boot. */
function busyTicks(): number {
  const fields = readFileSync('/proc/stat', 'utf8').split('\n')[0].trim().split(/\s+/).map(Number);
  return fields[1] + fields[2] + fields[3] + fields[6] + fields[7];
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
