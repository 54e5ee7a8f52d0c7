/**
 * `npm run bench -- --hostile`: what an authentic but hostile peer can do. Goodput of TCP from h1 to h2 beside each load
 * of h3, as a ratio to none; and the bytes that h1 sends for each byte that the hostile peer sends.
 */
import { fileURLToPath } from 'node:url';
import type { Lab } from '../scripts/lab/lab.js';
import { lanAddress, PORT } from '../scripts/lab/mesh.js';
import { CLOSED_PORT, HOSTILE, onBed, sentBy, sentByVictim, startAttack, VICTIM } from './hostile/bed.js';
import { LOADS, type LoadName } from './hostile/loads.js';
import { STATION } from './hostile/wire.js';
import { measure } from './measure.js';
import { median } from './report.js';

const STREAM = fileURLToPath(new URL('../scripts/stream/program.js', import.meta.url));
/** Frames a second for the hostile peer's station, and their payload, while it makes h1 send them again. */
const ASKED = { rate: 4800, bytes: 1300 };
/** More than a run of `seconds` takes with its preparation. */
const SLACK_S = 10;
const ROUNDS = 3;

const gbit = (value: number): string => value.toFixed(2);
const percent = (part: number, whole: number): string => `${Math.round((100 * part) / whole)} %`;

async function goodput(lab: Lab, seconds: number, load?: LoadName, port = PORT): Promise<number> {
  const attack =
    load === undefined
      ? undefined
      : await startAttack(lab, { load, rate: LOADS[load].rate, seconds: seconds + SLACK_S, port });
  try {
    const figures = await measure({ lab, target: lanAddress(2), seconds }, new Set(['tcp1']));
    return figures.tcp1!;
  } finally {
    await attack?.stop();
  }
}

/** Goodput while h3, which keeps the rules, sends small datagrams through its tunnel as fast as it can. */
async function besideHonest(lab: Lab, seconds: number): Promise<number> {
  const to = ['--to', lanAddress(VICTIM), '--rate', '100000', '--bytes', '64'];
  const sender = lab.start(HOSTILE, process.execPath, [
    STREAM,
    'send',
    ...to,
    '--seconds',
    String(seconds + SLACK_S),
  ]);
  sender.output.resume();
  try {
    return await goodput(lab, seconds);
  } finally {
    await sender.stop();
  }
}

async function fairness(seconds: number, loads: readonly LoadName[]): Promise<void> {
  console.log(
    `TCP of an honest pair in Gbit/s, medians of ${ROUNDS} runs of ${seconds} s: with no load; while the hostile peer`,
  );
  console.log(
    'sends the same to a closed port of the host, so that only its own use of the machine is felt; beside the load\n',
  );
  console.log('| load | messages/s | none | closed port | beside | of none | of closed port |');
  console.log('| --- | --- | --- | --- | --- | --- | --- |');
  await onBed(async ({ lab, mesh }) => {
    const none: number[] = [];
    const honest: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      none.push(await goodput(lab, seconds));
      honest.push(await besideHonest(lab, seconds));
    }
    const [quiet, beside] = [median(none)!, median(honest)!];
    console.log(`| (honest peer) | | ${gbit(quiet)} | | ${gbit(beside)} | ${percent(beside, quiet)} | |`);
    await mesh.hosts[HOSTILE - 1].daemon.stop();
    for (const load of loads) {
      const runs: [number, number, number][] = [];
      // Interleaved: what else runs on the machine changes by the minute.
      for (let round = 0; round < ROUNDS; round++)
        runs.push([
          await goodput(lab, seconds),
          await goodput(lab, seconds, load, CLOSED_PORT),
          await goodput(lab, seconds, load),
        ]);
      const [alone, closed, open] = [0, 1, 2].map((column) => median(runs.map((run) => run[column]))!);
      const cells = [LOADS[load].rate, gbit(alone), gbit(closed), gbit(open)];
      console.log(`| ${load} | ${cells.join(' | ')} | ${percent(open, alone)} | ${percent(open, closed)} |`);
    }
  });
}

/** Bytes that h1 sends, and the hostile peer, while frames for its station come and it takes its links down so often. */
async function resent(
  lab: Lab,
  seconds: number,
  flips: number,
): Promise<{ victim: number; hostile: number }> {
  const attack = await startAttack(lab, { load: 'resend', rate: flips, seconds: seconds + 2 });
  const hostile = sentBy(attack);
  const station = STATION.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
  const neighbour = ['neigh', 'replace', lanAddress(HOSTILE), 'lladdr', station, 'dev', 'octo0'];
  await lab.run(VICTIM, 'ip', [...neighbour, 'nud', 'permanent']);
  const before = await sentByVictim(lab);
  const what = ['--rate', String(ASKED.rate), '--bytes', String(ASKED.bytes), '--seconds', String(seconds)];
  const args = [STREAM, 'send', '--to', lanAddress(HOSTILE), ...what];
  await lab.run(VICTIM, process.execPath, args, (seconds + SLACK_S) * 1000);
  const victim = (await sentByVictim(lab)) - before;
  return { victim, hostile: await hostile };
}

async function resends(seconds: number): Promise<void> {
  console.log('\n| links down/s | sent by the victim, MB | of asked for | sent by the hostile peer, MB |');
  console.log('| --- | --- | --- | --- |');
  let asked = 0;
  for (const flips of [0, 10, 40]) {
    const { victim, hostile } = await onBed(async ({ lab, mesh }) => {
      await mesh.hosts[HOSTILE - 1].daemon.stop();
      return resent(lab, seconds, flips);
    });
    if (flips === 0) asked = victim;
    const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(2);
    console.log(
      `| ${flips} | ${megabytes(victim)} | ${(victim / asked).toFixed(2)} | ${megabytes(hostile)} |`,
    );
  }
}

/** Measures fairness beside loads in runs of `seconds`, then what is sent again, and prints tables; returns the exit status. */
export async function hostile(seconds: number, loads: readonly LoadName[]): Promise<number> {
  await fairness(seconds, loads);
  if (loads.includes('resend')) await resends(seconds);
  return 0;
}
