/** `npm run bench`: Octolink and other VPNs side by side, in interleaved rounds. */
import { writeFileSync } from 'node:fs';
import { machine } from '../scripts/drill/machine.js';
import { drill } from '../scripts/drill/main.js';
import { Lab } from '../scripts/lab/lab.js';
import { against } from './against/main.js';
import { aggregate } from './aggregate.js';
import { MESH_HOSTS, measureBroadcast } from './broadcast.js';
import { FIGURES, type Figure, type Figures, MESH_FIGURES, PROGRAM_FIGURES, wantedOf } from './figures.js';
import { memory } from './hostile/memory.js';
import { hostile } from './hostile.js';
import { node24 } from './node24.js';
import { type BenchOptions, parseOptions } from './options.js';
import { fetchPackages, findProgram, packageVersion } from './packages.js';
import { allPeers } from './peers/index.js';
import type { Peer } from './peers/peer.js';
import { peakMiB } from './process.js';
import { profile } from './profile.js';
import { type Row, ratioLines, summary, table } from './report.js';
import { runsFor } from './runs.js';
import { stations } from './stations.js';
import { strangers } from './strangers.js';
import { writeTable } from './table/page.js';
import { workers } from './workers.js';

export { HELP } from './options.js';

const USAGE_ERROR = 64;

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function choosePeers(options: BenchOptions): Promise<Peer[]> {
  const known = allPeers(options.node24 ? await node24() : undefined);
  const unknown = options.peers?.filter((name) => !known.some((peer) => peer.name === name)) ?? [];
  if (unknown.length > 0) throw new Error(`no peer is called '${unknown.join("', '")}'`);
  const wanted = known.filter((peer) => {
    const isNamed = options.peers?.includes(peer.name);
    if (peer.onRequest) return isNamed ?? options.table !== undefined;
    return peer.name.startsWith('octolink') ? options.octolink : (isNamed ?? true);
  });
  const packages = new Map(wanted.flatMap((peer) => peer.packages).map((entry) => [entry.name, entry]));
  say(`packages: ${[...packages.keys()].join(', ') || 'none needed'}`);
  const failures = await fetchPackages([...packages.values()]);
  for (const [name, reason] of failures) say(`  ${name}: ${reason}`);
  return wanted.filter((peer) => {
    const missing = peer.programs.filter((name) => findProgram(name) === undefined);
    if (missing.length > 0) say(`skipped: ${peer.title}: ${missing.join(', ')} not to be had here`);
    return missing.length === 0;
  });
}

/** Measures a peer. What the kernel does itself has no programs, and so no figures of them. */
async function measurePeer(peer: Peer, options: BenchOptions): Promise<Figures> {
  const cables = Array.from({ length: peer.links ?? 1 }, () => ({ family: 4 as const, direct: true }));
  const lab = await Lab.build({ hosts: 2, underlays: cables });
  try {
    const target = await peer.start(lab);
    const programs = lab.programs;
    const isTaken = (figure: Figure) => programs.length > 0 || !PROGRAM_FIGURES.includes(figure);
    const wanted = new Set([...options.figures].filter(isTaken));
    const figures: Figures = {};
    // Read at the end instead of after a stream and a rest.
    const runs = runsFor(new Set([...wanted].filter((figure) => figure !== 'rsspeak')));
    for (const run of runs) {
      try {
        Object.assign(figures, await run({ lab, target, seconds: options.seconds }, programs));
      } catch (error) {
        say(`${peer.title}: ${(error as Error).message}`);
      }
    }
    figures.rsspeak = Math.max(...programs.map(({ pid }) => peakMiB(pid)));
    return wantedOf(figures, wanted);
  } finally {
    await lab.remove();
  }
}

/** What a peer can be measured by in a mesh, if it can. */
async function measureMesh(peer: Peer, { figures, seconds }: BenchOptions): Promise<Figures> {
  const device = peer.meshDevice;
  if (device === undefined || !MESH_FIGURES.some((figure) => figures.has(figure))) return {};
  const lab = await Lab.build({ hosts: MESH_HOSTS, underlays: [{ family: 4 }] });
  try {
    await peer.start(lab);
    return await measureBroadcast({ lab, device, daemons: lab.programs, seconds }, figures);
  } finally {
    await lab.remove();
  }
}

async function titleOf(peer: Peer): Promise<string> {
  const [main] = peer.packages;
  return main === undefined ? peer.title : `${peer.title} (${await packageVersion(main.name)})`;
}

async function compare(options: BenchOptions): Promise<number> {
  const where = machine();
  const peers = await choosePeers(options);
  const rows: Row[] = [];
  for (const peer of peers) {
    const { name, layer, encrypted } = peer;
    rows.push({ name, title: await titleOf(peer), layer, encrypted, rounds: [] });
  }
  for (let round = 1; round <= options.rounds; round++) {
    for (const [i, peer] of peers.entries()) {
      try {
        const figures = { ...(await measurePeer(peer, options)), ...(await measureMesh(peer, options)) };
        rows[i].rounds.push(figures);
        say(`round ${round}/${options.rounds}  ${peer.title}: ${summary(figures)}`);
      } catch (error) {
        say(`round ${round}/${options.rounds}  ${peer.title} failed: ${(error as Error).message}`);
      }
    }
  }
  const figures = [...options.figures];
  const measured = rows.filter((row) => row.rounds.length > 0);
  console.log(`\n${table(measured, figures)}\n`);
  for (const row of measured.filter((candidate) => candidate.name.startsWith('octolink'))) {
    console.log(`${row.title}\n${ratioLines(row, measured)}\n`);
  }
  if (options.json) writeJson(options.json, options, rows);
  if (options.table !== undefined) {
    const { rounds, seconds, table: args } = options;
    say(`written: ${await writeTable({ machine: where, args, rounds, seconds, figures, rows: measured })}`);
  }
  return measured.length === rows.length ? 0 : 1;
}

function writeJson(file: string, options: BenchOptions, rows: Row[]): void {
  const run = { rounds: options.rounds, seconds: options.seconds };
  writeFileSync(file, `${JSON.stringify({ machine: machine(), run, units: FIGURES, rows }, null, 2)}\n`);
}

/** Runs the bench with the arguments of its command line; returns the exit status. */
export async function main(args: string[]): Promise<number> {
  let options: BenchOptions;
  try {
    options = parseOptions(args);
  } catch (error) {
    say((error as Error).message);
    return USAGE_ERROR;
  }
  if (options.against) return against(options.against, say);
  if (options.profile) return profile(options.seconds);
  if (options.hostile) {
    const { minutes, seconds, loads } = options;
    return minutes === undefined ? hostile(seconds, loads) : memory(minutes, loads);
  }
  if (options.aggregate) return aggregate(options.aggregate.seconds, options.aggregate.links);
  if (options.workers) return workers(options.rounds, options.seconds);
  if (options.stations) return stations(options.rounds, options.seconds);
  if (options.strangers) return strangers(options.seconds);
  return options.cuts ? drill(options.cuts, options.json) : compare(options);
}
