/** One run of numbered datagrams at a steady rate from h1 to h2, and what came of it. */
import { fileURLToPath } from 'node:url';
import type { Lab } from '../scripts/lab/lab.js';
import { until } from '../scripts/lab/run.js';
import type { StreamReport } from '../scripts/stream/account.js';
import type { LatencyReport } from '../scripts/stream/latency.js';
import type { SenderReport } from '../scripts/stream/sender.js';

const PROGRAM = fileURLToPath(new URL('../scripts/stream/program.js', import.meta.url));
const PORT = ['--port', '5301'];
/** A program that takes this much longer than it sends is stuck. */
const END_PATIENCE_MS = 15_000;

/** By then queues have emptied themselves. */
const DRAIN_MS = 2_000;

/** What is sent. */
export interface Offer {
  /** Payload of each datagram. */
  bytes: number;
  /** Datagrams a second. */
  rate: number;
  seconds: number;
}

/** Rates are datagrams a second. */
export interface Trial {
  /** What the sender really sent. */
  offered: number;
  /** What came, by the time between the first and the last arrival. */
  received: number;
  /** The share of what was sent that did not come. */
  lost: number;
  /** How many came. */
  count: number;
  latencyUs: LatencyReport | null;
}

/** Sends datagrams one by one, each its own packet for the kernel, to `target`, an address of h2. */
export async function paced(lab: Lab, target: string, offer: Offer): Promise<Trial> {
  const receiver = lab.start(2, process.execPath, [PROGRAM, 'receive', '--json', ...PORT]);
  let account = '';
  receiver.output.setEncoding('utf8').on('data', (text: string) => {
    account += text;
  });
  const ended = new Promise((resolve) => receiver.output.once('close', resolve));
  try {
    await until('the receiver to listen', () => listens(lab), 5_000);
    const what = ['--bytes', String(offer.bytes), '--rate', String(Math.round(offer.rate))];
    const send = [PROGRAM, 'send', '--json', '--to', target, ...PORT, ...what];
    const patience = offer.seconds * 1000 + END_PATIENCE_MS;
    const text = await lab.run(1, process.execPath, [...send, '--seconds', String(offer.seconds)], patience);
    // Where even the last datagrams are lost, which end the stream, the receiver has to be told.
    const telling = setTimeout(() => receiver.signal('SIGTERM'), DRAIN_MS);
    await ended;
    clearTimeout(telling);
    return trialOf(JSON.parse(text) as SenderReport, JSON.parse(account) as StreamReport);
  } finally {
    await receiver.stop();
  }
}

function trialOf(
  sender: SenderReport,
  { sent: known, lost: missing, spanMs, latencyUs }: StreamReport,
): Trial {
  const count = known - missing;
  return {
    offered: sender.rate,
    received: spanMs === 0 ? 0 : (count * 1000) / spanMs,
    lost: sender.sent === 0 ? 1 : 1 - count / sender.sent,
    count,
    latencyUs,
  };
}

async function listens(lab: Lab): Promise<boolean> {
  return (await lab.run(2, 'ss', ['-Hlun', `sport = :${PORT[1]}`])).trim() !== '';
}
