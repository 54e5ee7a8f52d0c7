/** `npm run swarm`: a server with many clients. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { Lab } from '../../scripts/lab/lab.js';
import type { SwarmFigures } from './figures.js';
import { Generator } from './generator.js';
import { parseSwarmOptions, type SwarmOptions } from './options.js';
import { type Bed, broadcast, churn, comeUp, idle, restart, roam, show, tcp, unicast } from './phases.js';
import type { Part } from './player.js';
import { plotOf } from './plot.js';
import { reportOf } from './report.js';
import { SERVER_HOST, Server } from './server.js';
import { Stations } from './stations.js';

export { HELP } from './options.js';

/** Runs the program with its arguments; returns the exit status. */
export async function main(args: string[]): Promise<number> {
  let options: SwarmOptions;
  try {
    options = parseSwarmOptions(args);
  } catch (error) {
    console.error((error as Error).message);
    return 64;
  }
  const figures = await swarm(options, showProgress);
  process.stderr.write('\r\x1b[K');
  console.log(reportOf(figures).join('\n'));
  write(options.json, () => `${JSON.stringify(figures, null, 2)}\n`);
  const curves = [{ name: 'join', points: figures.join.points }];
  if (figures.restart !== undefined)
    curves.push({ name: 'restart of the server', points: figures.restart.points });
  write(options.plot, () => plotOf(curves, figures.clients));
  return isComplete(figures) ? 0 : 1;
}

/** Whether all clients came up whenever they should. */
export function isComplete({ clients, join, restart }: SwarmFigures): boolean {
  return join.up === clients && (restart === undefined || restart.up === clients);
}

/** Runs the phases that are asked for. */
export async function swarm(options: SwarmOptions, progress: Bed['progress']): Promise<SwarmFigures> {
  const lab = await Lab.build({ hosts: SERVER_HOST, underlays: [{ family: 4 }] });
  let server: Server | undefined;
  try {
    progress('start', `keys of ${options.clients} clients`);
    const stations = new Stations(lab);
    server = new Server(lab, options, stations.authorized);
    progress('start', 'the server');
    const startMs = await server.start();
    const generator = await Generator.start(lab, SERVER_HOST, partsOf(options, server));
    return await runPhases({ server, generator, stations, options, progress }, startMs);
  } finally {
    if (options.keepLog !== undefined) server?.keepLog(options.keepLog);
    await lab.remove();
  }
}

async function runPhases(bed: Bed, startMs: number): Promise<SwarmFigures> {
  const { server, generator, stations, options } = bed;
  const wants = options.phases;
  const emptyResidentMiB = server.residentMiB;
  const [cpu] = cpus();
  const figures: Omit<SwarmFigures, 'join' | 'drops'> = {
    clients: options.clients,
    machine: `${cpus().length} cores, ${cpu.model.trim()}`,
    intervalMs: options.intervalMs,
    emptyResidentMiB,
  };
  if (wants.has('unicast')) {
    await generator.first({ what: 'join', count: 2 });
    await waitForTwo(bed);
    figures.unicastOfTwo = await unicast(bed, 'two clients');
  }
  if (wants.has('tcp')) {
    stations.start(server);
    figures.tcpOfTwo = await tcp(bed, 'two clients');
  }
  const before = await generator.status();
  const since = performance.now();
  await generator.all({ what: 'join', count: options.clients });
  const start = { phase: 'join', startMs, emptyResidentMiB, since, before } as const;
  const join = await comeUp(bed, start);
  if (wants.has('idle')) figures.idle = await idle(bed);
  if (wants.has('churn')) figures.churn = await churn(bed);
  if (wants.has('roam')) figures.roam = await roam(bed);
  if (wants.has('broadcast')) figures.broadcast = await broadcast(bed);
  if (wants.has('unicast')) figures.unicast = await unicast(bed, 'unicast');
  if (wants.has('tcp')) figures.tcp = await tcp(bed, 'tcp');
  if (wants.has('show')) figures.show = await show(bed);
  const drops = await server.drops();
  if (wants.has('restart')) figures.restart = await restart(bed, emptyResidentMiB);
  return { ...figures, join, drops };
}

async function waitForTwo({ generator, options }: Bed): Promise<void> {
  const until = performance.now() + options.patienceMs;
  while ((await generator.status()).up < 2) {
    if (performance.now() > until) throw new Error('two clients did not come up');
  }
}

function partsOf(options: SwarmOptions, { keyFile, publicKey, port }: Server): Part[] {
  const { clients, processes, intervalMs, atOnce } = options;
  return Array.from({ length: processes }, (_, index) => {
    const first = Math.floor((index * clients) / processes);
    const next = Math.floor(((index + 1) * clients) / processes);
    const common = { keyFile, serverKey: publicKey, serverPort: port, intervalMs, atOnce };
    return { first, clients: next - first, ...common };
  });
}

function showProgress(phase: string, text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${phase}: ${text}`);
}

function write(file: string | undefined, text: () => string): void {
  if (file === undefined) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text());
}
