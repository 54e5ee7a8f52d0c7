/** One run of numbered datagrams at a steady rate from h1 to one or several others, and what came of it. */
import { fileURLToPath } from 'node:url';
import type { Lab } from '../scripts/lab/lab.js';
import type { LabProcess } from '../scripts/lab/process.js';
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

/** Rates are datagrams a second. Where there are several receivers, the one to which least came counts. */
export interface Trial {
  /** What the sender really sent. */
  offered: number;
  /** What came, by the time between the first and the last arrival. */
  received: number;
  /** The share of what was sent that did not come. */
  lost: number;
  /** How many came. */
  count: number;
  /** Of all receivers: copies beyond the first. */
  duplicated: number;
  latencyUs: LatencyReport | null;
}

/**
 * Sends datagrams from h1 one by one, each its own packet for the kernel.
 * @param target Where `receivers` get them: an address of h2, if nothing else is said.
 */
export async function paced(lab: Lab, target: string, offer: Offer, receivers = [2]): Promise<Trial> {
  const started = receivers.map((host) => startReceiver(lab, host));
  try {
    for (const host of receivers) await until('the receiver to listen', () => listens(lab, host), 5_000);
    const what = ['--bytes', String(offer.bytes), '--rate', String(Math.round(offer.rate))];
    const send = [PROGRAM, 'send', '--json', '--to', target, ...PORT, ...what];
    const patience = offer.seconds * 1000 + END_PATIENCE_MS;
    const text = await lab.run(1, process.execPath, [...send, '--seconds', String(offer.seconds)], patience);
    // Where even the last datagrams are lost, which end the stream, the receiver has to be told.
    const telling = setTimeout(() => {
      for (const { program } of started) program.signal('SIGTERM');
    }, DRAIN_MS);
    const accounts = await Promise.all(started.map(({ account }) => account));
    clearTimeout(telling);
    return trialOf(JSON.parse(text) as SenderReport, accounts);
  } finally {
    await Promise.all(started.map(({ program }) => program.stop()));
  }
}

/** A receiver that runs, and what it will have to say. */
function startReceiver(lab: Lab, host: number): { program: LabProcess; account: Promise<StreamReport> } {
  const program = lab.start(host, process.execPath, [PROGRAM, 'receive', '--json', ...PORT]);
  let text = '';
  program.output.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  const account = new Promise<StreamReport>((resolve, reject) => {
    program.output.once('close', () => {
      if (text === '') reject(new Error(`the receiver of h${host} ended without a report`));
      else resolve(JSON.parse(text) as StreamReport);
    });
  });
  // Whoever waits for it hears of an error; when the sender has failed nobody does.
  account.catch(() => {});
  return { program, account };
}

function trialOf(sender: SenderReport, accounts: StreamReport[]): Trial {
  const counts = accounts.map(({ sent, lost }) => sent - lost);
  const count = Math.min(...counts);
  const { spanMs, latencyUs } = accounts[counts.indexOf(count)];
  return {
    offered: sender.rate,
    received: spanMs === 0 ? 0 : (count * 1000) / spanMs,
    lost: sender.sent === 0 ? 1 : 1 - count / sender.sent,
    count,
    duplicated: accounts.reduce((sum, { duplicated }) => sum + duplicated, 0),
    latencyUs,
  };
}

async function listens(lab: Lab, host: number): Promise<boolean> {
  return (await lab.run(host, 'ss', ['-Hlun', `sport = :${PORT[1]}`])).trim() !== '';
}
