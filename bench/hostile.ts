/**
 * `npm run bench -- --hostile`: what an authentic but hostile peer can do. Three hosts, two links between every two; the
 * third host's key is used by a program that keeps no rule. Goodput of TCP from h1 to h2 beside each load, as a ratio to
 * none, and the bytes that h1 sends for each byte that the hostile peer sends.
 */
import { fileURLToPath } from 'node:url';
import { hostFolder, Lab } from '../scripts/lab/lab.js';
import { lanAddress, Mesh } from '../scripts/lab/mesh.js';
import type { LabProcess } from '../scripts/lab/process.js';
import { STATION } from './hostile/wire.js';
import { measure } from './measure.js';

const PROGRAM = fileURLToPath(new URL('./hostile/program.js', import.meta.url));
const STREAM = fileURLToPath(new URL('../scripts/stream/program.js', import.meta.url));
const HOSTILE = 3;
const UNDERLAYS = [1, 2];
/** Messages a second. Of `resend`, links reported down. */
const LOADS = { bundles: 20_000, parity: 20_000, flips: 20_000, resend: 40 } as const;
type Load = keyof typeof LOADS;
/** Frames a second for the hostile peer's station, and their payload, while it makes h1 send them again. */
const ASKED = { rate: 4800, bytes: 1300 };

interface Bed {
  lab: Lab;
  seconds: number;
}

/** Starts a load that lasts `seconds`, and waits until it has begun. */
async function startLoad(lab: Lab, load: Load, rate: number, seconds: number): Promise<LabProcess> {
  const key = (host: number): string => `${hostFolder(lab, host)}/octo0.key`;
  const ways = UNDERLAYS.flatMap((id) => [
    lab.attachment(HOSTILE, id).address,
    lab.attachment(1, id).address,
  ]);
  const args = [PROGRAM, load, String(rate), String(seconds), key(HOSTILE), key(1), ...ways];
  const started = lab.start(HOSTILE, process.execPath, args);
  await new Promise<void>((resolve, reject) => {
    started.output.once('data', () => resolve());
    started.output.once('end', () => reject(new Error(`${load}: the hostile peer got no session`)));
  });
  return started;
}

async function goodput({ lab, seconds }: Bed, load: Load | undefined): Promise<number> {
  const running = load === undefined ? undefined : await startLoad(lab, load, LOADS[load], seconds + 10);
  try {
    const figures = await measure({ lab, target: lanAddress(2), seconds }, new Set(['tcp1']));
    return figures.tcp1!;
  } finally {
    await running?.stop();
  }
}

/** Bytes that h1 has sent on the underlays. */
async function sentByVictim(lab: Lab): Promise<number> {
  const files = UNDERLAYS.map((id) => `/sys/class/net/${lab.attachment(1, id).device}/statistics/tx_bytes`);
  const text = await lab.run(1, 'cat', files);
  return text
    .trim()
    .split('\n')
    .reduce((sum, line) => sum + Number(line), 0);
}

/** Bytes that h1 sends, and the hostile peer, while frames for its station come and it takes its links down so often. */
async function resent({ lab, seconds }: Bed, flips: number): Promise<{ victim: number; hostile: number }> {
  const running = await startLoad(lab, 'resend', flips, seconds + 2);
  const said: string[] = [];
  running.output.on('data', (data) => said.push(String(data)));
  const station = STATION.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
  const neighbour = ['neigh', 'replace', lanAddress(HOSTILE), 'lladdr', station, 'dev', 'octo0'];
  await lab.run(1, 'ip', [...neighbour, 'nud', 'permanent']);
  const before = await sentByVictim(lab);
  const what = ['--rate', String(ASKED.rate), '--bytes', String(ASKED.bytes), '--seconds', String(seconds)];
  await lab.run(
    1,
    process.execPath,
    [STREAM, 'send', '--to', lanAddress(HOSTILE), ...what],
    (seconds + 10) * 1000,
  );
  const victim = (await sentByVictim(lab)) - before;
  await running.exit();
  return { victim, hostile: JSON.parse(said.join('')).sentBytes };
}

async function onBed<T>(seconds: number, use: (bed: Bed) => Promise<T>): Promise<T> {
  const lab = await Lab.build({ hosts: 3, underlays: [{ family: 4 }, { family: 4 }] });
  try {
    const mesh = await Mesh.start(lab);
    await mesh.waitUp(true);
    await mesh.hosts[HOSTILE - 1].daemon.stop();
    return await use({ lab, seconds });
  } finally {
    await lab.remove();
  }
}

/** Measures every load, runs of `seconds`, and prints tables; returns the exit status. */
export async function hostile(seconds: number): Promise<number> {
  console.log(`TCP of an honest pair beside a hostile peer, runs of ${seconds} s\n`);
  console.log('| load | messages/s | Gbit/s | of none |\n| --- | --- | --- | --- |');
  await onBed(seconds, async (bed) => {
    for (const load of Object.keys(LOADS) as Load[]) {
      // Interleaved: what else runs on the machine changes by the minute.
      const none = await goodput(bed, undefined);
      const beside = await goodput(bed, load);
      const ratio = `${Math.round((100 * beside) / none)} %`;
      console.log(`| ${load} | ${LOADS[load]} | ${beside.toFixed(2)} (${none.toFixed(2)}) | ${ratio} |`);
    }
  });
  console.log('\n| links down/s | sent by the victim, MB | of asked for | sent by the hostile peer, MB |');
  console.log('| --- | --- | --- | --- |');
  let asked = 0;
  for (const flips of [0, 10, 40]) {
    const { victim, hostile: own } = await onBed(seconds, (bed) => resent(bed, flips));
    if (flips === 0) asked = victim;
    const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(2);
    console.log(`| ${flips} | ${megabytes(victim)} | ${(victim / asked).toFixed(2)} | ${megabytes(own)} |`);
  }
  return 0;
}
