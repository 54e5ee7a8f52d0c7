/**
 * What a tunnel carries between two hosts, and the processor time that its daemons spend on it. On a busy machine that time
 * varies far less than the rates, because the time of other programs is not counted.
 */
import { fileURLToPath } from 'node:url';
import type { Lab } from '../../scripts/lab/lab.js';
import { pause, until } from '../../scripts/lab/run.js';
import type { StreamReport } from '../../scripts/stream/account.js';
import { type Bed, type Figure, type Figures, isCommon, measure } from '../measure.js';
import { processorMs, residentMiB } from './process.js';
import type { Daemon } from './tunnel.js';

/** Sends traffic once and returns the figures of it. */
export type Run = (bed: Bed, daemons: Daemon[]) => Promise<Figures>;

const STREAM_PROGRAM = fileURLToPath(new URL('../../scripts/stream/program.js', import.meta.url));
const STREAM_PORT = 5301;
/** Datagrams a second: so few that a busy machine carries them all. */
const STREAM_RATE = 20_000;
/** When a larger share of the datagrams is lost, the figure means nothing. */
const MOST_LOST = 0.1;
/** By then what can be given back after a rush has been. */
const REST_MS = 45_000;

/** The runs that the wanted figures need. */
export function runsFor(wanted: ReadonlySet<Figure>): Run[] {
  const runs: Run[] = [];
  if (wanted.has('cputcp')) runs.push(tcpCost);
  const common = [...wanted].filter((figure) => isCommon(figure));
  for (const figure of common) {
    if (figure === 'tcp1' && wanted.has('cputcp')) continue;
    runs.push((bed) => measure(bed, new Set([figure])));
  }
  if (wanted.has('cpu64'))
    runs.push(async (bed, daemons) => ({ cpu64: await datagramCost(bed, daemons, 64) }));
  if (wanted.has('cpu1400')) {
    runs.push(async (bed, daemons) => ({ cpu1400: await datagramCost(bed, daemons, 1400) }));
  }
  if (wanted.has('rsspeak') || wanted.has('rssafter')) runs.push(memoryOfRush);
  return runs;
}

/** One TCP stream: its rate, and the daemons' milliseconds for a gigabit of it. */
async function tcpCost(bed: Bed, daemons: Daemon[]): Promise<Figures> {
  const before = spentMs(daemons);
  const { tcp1 = 0 } = await measure(bed, new Set(['tcp1']));
  return { tcp1, cputcp: (spentMs(daemons) - before) / (tcp1 * bed.seconds) };
}

/** The larger daemon's memory at the end of a TCP stream, and when that is long over. */
async function memoryOfRush(bed: Bed, daemons: Daemon[]): Promise<Figures> {
  const most = () => Math.max(...daemons.map(({ process }) => residentMiB(process.pid)));
  await measure(bed, new Set(['tcp1']));
  const rsspeak = most();
  await pause(REST_MS);
  return { rsspeak, rssafter: most() };
}

/**
 * The daemons' microseconds for a datagram of `bytes` at a steady rate.
 * @throws Error when too many are lost.
 */
async function datagramCost(
  { lab, target, seconds }: Bed,
  daemons: Daemon[],
  bytes: number,
): Promise<number> {
  const port = ['--port', String(STREAM_PORT)];
  const receiver = lab.start(2, process.execPath, [STREAM_PROGRAM, 'receive', '--json', ...port]);
  let account = '';
  receiver.output.setEncoding('utf8').on('data', (text: string) => {
    account += text;
  });
  const ended = new Promise((resolve) => receiver.output.once('close', resolve));
  try {
    await until('the receiver to listen', () => listens(lab), 5_000);
    const what = ['--to', target, ...port, '--bytes', String(bytes), '--rate', String(STREAM_RATE)];
    const send = [STREAM_PROGRAM, 'send', ...what, '--seconds', String(seconds)];
    const before = spentMs(daemons);
    await lab.run(1, process.execPath, send, (seconds + 15) * 1000);
    const spent = spentMs(daemons) - before;
    await ended;
    const { sent, lost } = JSON.parse(account) as StreamReport;
    if (lost > sent * MOST_LOST) throw new Error(`${lost} of ${sent} datagrams of ${bytes} bytes were lost`);
    return (1000 * spent) / (sent - lost);
  } finally {
    await receiver.stop();
  }
}

function spentMs(daemons: Daemon[]): number {
  return daemons.reduce((sum, { process }) => sum + processorMs(process.pid), 0);
}

async function listens(lab: Lab): Promise<boolean> {
  return (await lab.run(2, 'ss', ['-Hlun', `sport = :${STREAM_PORT}`])).trim() !== '';
}
