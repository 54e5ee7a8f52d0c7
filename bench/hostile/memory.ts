/**
 * `npm run bench -- --hostile --minutes N`: each load for so long. Memory of the victim's daemon and its log over time,
 * whether it still answers, and the bytes that it sends for each byte that comes.
 */
import { readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { hostFolder } from '../../scripts/lab/lab.js';
import { HOSTILE, type HostileBed, onBed, sentBy, sentByVictim, startAttack, VICTIM } from './bed.js';
import { LOADS, type LoadName } from './loads.js';

/** Values of a series that are shown. */
const SAMPLES = 8;
const QUIET_S = 5;

function residentMiB(pid: number): number {
  const [, kib] = /VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
  return Math.round(Number(kib) / 1024);
}

async function one({ lab, mesh }: HostileBed, load: LoadName, seconds: number): Promise<string> {
  const { pid } = mesh.hosts[VICTIM - 1].daemon;
  const logBytes = (): number => statSync(`${hostFolder(lab, VICTIM)}/daemon.log`).size;
  const quietBefore = await sentByVictim(lab);
  await sleep(QUIET_S * 1000);
  const quiet = ((await sentByVictim(lab)) - quietBefore) / QUIET_S;

  const [logBefore, sentBefore] = [logBytes(), await sentByVictim(lab)];
  const memory = [residentMiB(pid)];
  const attack = await startAttack(lab, { load, rate: LOADS[load].rate, seconds });
  const sent = sentBy(attack);
  for (let sample = 1; sample < SAMPLES; sample++) {
    await sleep((seconds * 1000) / SAMPLES);
    memory.push(residentMiB(pid));
  }
  const askedAt = performance.now();
  await mesh.cli(VICTIM, 'show version');
  const answered = Math.round(performance.now() - askedAt);
  const came = await sent;
  memory.push(residentMiB(pid));
  const went = Math.max(0, (await sentByVictim(lab)) - sentBefore - quiet * seconds);
  const log = Math.round((logBytes() - logBefore) / 1024);
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
  const cells = [memory.join(' '), log, answered, megabytes(came), megabytes(went), (went / came).toFixed(3)];
  return `| ${load} | ${cells.join(' | ')} |`;
}

/** Runs loads for `minutes` each and prints a table; returns the exit status. */
export async function memory(minutes: number, loads: readonly LoadName[]): Promise<number> {
  console.log(
    `The victim under each load for ${minutes} min: memory (MiB) over time, growth of its log (KiB), time of`,
  );
  console.log(
    '`octolink -c "show version"` (ms), bytes from the hostile peer, sent by the victim, and their ratio\n',
  );
  console.log(
    '| load | memory | log | answer | in, MB | out, MB | out/in |\n| --- | --- | --- | --- | --- | --- | --- |',
  );
  await onBed(async (bed) => {
    await bed.mesh.hosts[HOSTILE - 1].daemon.stop();
    for (const load of loads) console.log(await one(bed, load, minutes * 60));
  });
  return 0;
}
