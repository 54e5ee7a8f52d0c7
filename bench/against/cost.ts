/**
 * What traffic costs the two daemons in processor time. On a machine that is busy otherwise this changes far less than
 * rates do: time that others have is not counted.
 */
import { fileURLToPath } from 'node:url';
import type { Lab } from '../../scripts/lab/lab.js';
import { until } from '../../scripts/lab/run.js';
import type { StreamReport } from '../../scripts/stream/account.js';
import { type Bed, type Figures, measure } from '../measure.js';
import type { Daemon } from './daemons.js';
import { processorMs } from './idle.js';

const STREAM_PROGRAM = fileURLToPath(new URL('../../scripts/stream/program.js', import.meta.url));
const STREAM_PORT = 5301;
/** Datagrams a second: far below what a processor carries. */
const STREAM_RATE = 40_000;
/** Beyond this the datagrams that were lost on the way make the figure worthless. */
const MOST_LOST = 0.1;

/** One TCP stream: its rate, and the daemons' milliseconds a gigabit of it. */
export async function tcpCost(bed: Bed, daemons: Daemon[]): Promise<Figures> {
  const before = spentMs(daemons);
  const { tcp1 = 0 } = await measure(bed, new Set(['tcp1']));
  return { tcp1, cputcp: (spentMs(daemons) - before) / (tcp1 * bed.seconds) };
}

/**
 * The daemons' microseconds a datagram of `bytes` at a steady rate.
 * @throws Error when too many are lost.
 */
export async function datagramCost(
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
    const before = spentMs(daemons);
    await lab.run(
      1,
      process.execPath,
      [STREAM_PROGRAM, 'send', ...what, '--seconds', String(seconds)],
      60_000,
    );
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
