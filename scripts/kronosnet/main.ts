/** `npm run kronosnet`: libknet and Octolink under the same drill, one contender after the other, and the page from it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { DEATHS, type DeathKind, type Place } from '../lab/deaths.js';
import { Lab } from '../lab/lab.js';
import { lanAddress, ROOT } from '../lab/mesh.js';
import { PingLog } from '../lab/ping-log.js';
import { pause, until } from '../lab/run.js';
import { CONTENDERS, type Contender, type Tunnel } from './contenders.js';
import { type Account, type Trial, writePage } from './page.js';

export const HELP = `usage: npm run kronosnet -- [--only NAME] [--times N]

Joins two hosts over two links by libknet (Debian's libknet1, with a TAP device as kronosnetd had) and by Octolink, lets the link
in use die, and measures throughput and processor time. Writes docs/kronosnet-drill.md and its picture from all runs so far.

  --only NAME   one contender: ${CONTENDERS.map(({ name }) => name).join(', ')}
  --times N     deaths of each kind (default 3)
`;
const KINDS = ['carrier-down', 'far-down', 'black-hole'] as const satisfies DeathKind[];
const PING_MS = 2;
/** Watched after a death, beyond the hold time. */
const WATCH_MS = 1_500;
const CALM_MS = 500;
const BULK_S = 5;
const FOLDER = join(ROOT, 'build', 'kronosnet');
/** Ticks of processor time in a second, as /proc counts them on Linux. */
const TICKS = 100;

export async function main(args: string[]): Promise<number> {
  const options = { only: { type: 'string' }, times: { type: 'string' } } as const;
  const { values } = parseArgs({ args, options });
  const times = Number(values.times ?? 3);
  const wanted = CONTENDERS.filter(({ name }) => values.only === undefined || name === values.only);
  if (wanted.length === 0 || !(times >= 1)) {
    process.stderr.write(HELP);
    return 64;
  }
  mkdirSync(FOLDER, { recursive: true });
  for (const contender of wanted) {
    const account = await drill(contender, times);
    console.log(JSON.stringify(account));
    writeFileSync(join(FOLDER, `${contender.name}.json`), JSON.stringify(account));
  }
  writePage(CONTENDERS.flatMap(({ name }) => read(name)));
  return 0;
}

function read(name: string): Account[] {
  try {
    return [JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as Account];
  } catch {
    return [];
  }
}

async function drill(contender: Contender, times: number): Promise<Account> {
  const lab = await Lab.build({ hosts: 2, underlays: [{ family: 4 }, { family: 4 }] });
  try {
    const tunnel = await contender.start(lab);
    const bulk = await throughput(lab, tunnel);
    const trials: Trial[] = [];
    for (let i = 0; i < times; i++) {
      for (const kind of KINDS) trials.push(await die(lab, contender, tunnel, kind));
    }
    await tunnel.close();
    const { name, title, intervalMs, holdMs } = contender;
    return { name, title, intervalMs, holdMs, ...bulk, trials };
  } finally {
    await lab.remove();
  }
}

/** One death of the link in use under a steady ping, and what it cost. */
async function die(
  lab: Lab,
  { holdMs }: Contender,
  tunnel: Tunnel,
  kind: (typeof KINDS)[number],
): Promise<Trial> {
  const log = new PingLog();
  const ping = lab.start(1, 'ping', ['-D', '-O', '-n', '-i', String(PING_MS / 1_000), lanAddress(2)]);
  createInterface({ input: ping.output }).on('line', (line) => log.feed(line));
  await pause(CALM_MS);
  const place: Place = { lab, link: 0, near: 1, far: 2, holdMs };
  const steps = DEATHS[kind].die(place).map((step) => step.arm());
  const at = Date.now();
  for (const step of steps) await step.fire();
  // libknet waits for longer than its timeout: it adds twice the round trip, and judges every 200 ms.
  await until(`${kind} to be noticed`, () => tunnel.downAt(at) !== undefined, 10 * holdMs + 5_000, 10);
  await pause(WATCH_MS);
  const end = Date.now();
  await ping.stop('SIGINT');
  for (const step of DEATHS[kind].heal(place)) await step.arm().fire();
  await tunnel.healed();
  const window = log.window(at / 1_000, end / 1_000);
  return {
    kind,
    noticedMs: tunnel.downAt(at)! - at,
    silenceMs: window.silenceMs,
    lost: window.lost,
    doubled: window.duplicated,
  };
}

/** TCP by one connection, in Gbit/s, and the processor time of both ends for a gigabyte. */
async function throughput(lab: Lab, tunnel: Tunnel): Promise<{ gbitPerS: number; processorSPerGb: number }> {
  lab.start(2, 'iperf3', ['-s', '-1']);
  await pause(CALM_MS);
  const before = ticksOf(tunnel.pids);
  const report = await lab.run(1, 'iperf3', ['-c', lanAddress(2), '-t', String(BULK_S), '-J'], 60_000);
  const seconds = (ticksOf(tunnel.pids) - before) / TICKS;
  const { bytes, bits_per_second: rate } = JSON.parse(report).end.sum_received as {
    bytes: number;
    bits_per_second: number;
  };
  return { gbitPerS: rate / 1e9, processorSPerGb: seconds / (bytes / 1e9) };
}

function ticksOf(pids: number[]): number {
  return pids.reduce((sum, pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return sum + Number(fields[11]) + Number(fields[12]);
  }, 0);
}
