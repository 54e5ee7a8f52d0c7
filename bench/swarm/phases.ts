/** What is done with the swarm, a phase at a time. */
import { cpus } from 'node:os';
import { pause } from '../../scripts/lab/run.js';
import { X25519Bound } from './bound.js';
import type {
  BroadcastFigures,
  IdleFigures,
  JoinFigures,
  ListingFigures,
  MoveFigures,
  Point,
  Shares,
  ShowFigures,
  TcpFigures,
  UnicastFigures,
} from './figures.js';
import type { Generator, SwarmStatus } from './generator.js';
import type { SwarmOptions } from './options.js';
import type { Server } from './server.js';
import type { Stations } from './stations.js';

const LOOK_MS = 200;
const QUIET_MS = 1000;
const BROADCASTS = 5;
const BROADCAST_PATIENCE_MS = 5_000;
/** Of all clients, one in so many leaves or moves at a time. */
const MOVERS = 20;
const ROUNDS = 4;
const PAGE = 256;
const MIB = 2 ** 20;

export interface Bed {
  server: Server;
  generator: Generator;
  stations: Stations;
  options: SwarmOptions;
  /** Shows how far a phase is. */
  progress: (phase: string, text: string) => void;
}

/** Measures the shares of the processor until `end` is called. */
async function sharesFrom({ server, generator }: Bed): Promise<{ end: () => Promise<Shares> }> {
  const [before, status] = [server.processor, await generator.status()];
  return {
    end: async () => {
      const [after, last] = [server.processor, await generator.status()];
      const percent = 100 / (last.atMs - status.atMs);
      return {
        serverControl: (after.control - before.control) * percent,
        serverWorker: (after.worker - before.worker) * percent,
        server: (after.all - before.all) * percent,
        generator: (last.processorMs - status.processorMs) * percent,
      };
    },
  };
}

/** What heartbeats and new sessions alone take, over a moment. */
async function idleShares(bed: Bed): Promise<Shares> {
  const shares = await sharesFrom(bed);
  await pause(QUIET_MS);
  return shares.end();
}

/** Looks until `isDone` or the patience is over; returns the last look. */
async function watch(
  bed: Bed,
  phase: string,
  isDone: (status: SwarmStatus) => boolean,
  seen: (status: SwarmStatus) => void = () => {},
): Promise<SwarmStatus> {
  const { generator, options } = bed;
  const until = performance.now() + options.patienceMs;
  for (;;) {
    const status = await generator.status();
    seen(status);
    bed.progress(phase, `${status.up} of ${options.clients} up, ${status.handshakes} handshakes`);
    if (isDone(status) || performance.now() > until) return status;
    await pause(LOOK_MS);
  }
}

interface JoinStart {
  phase: 'join' | 'restart';
  startMs: number;
  emptyResidentMiB: number;
  /** When the clients were set free. */
  since: number;
  before: SwarmStatus;
}

/** Waits until all clients are up. */
export async function comeUp(bed: Bed, start: JoinStart): Promise<JoinFigures> {
  const { server, options } = bed;
  const points: Point[] = [];
  const bound = new X25519Bound();
  const [processor, shares] = [server.processor, await sharesFrom(bed)];
  const end = await watch(
    bed,
    start.phase,
    ({ up }) => up === options.clients,
    (status) => {
      bound.sample();
      points.push({ ms: status.atMs - start.since, up: status.up, residentMiB: server.residentMiB });
    },
  );
  const after = server.processor;
  const made = end.handshakes - start.before.handshakes;
  const allUpMs = end.atMs - start.since;
  const { residentMiB } = server;
  return {
    startMs: start.startMs,
    allUpMs,
    up: end.up,
    handshakesPerSecond: (made * 1000) / allUpMs,
    handshakesPerControlSecond: (made * 1000) / (after.control - processor.control),
    boundPerSecond: bound.perSecond,
    retries: end.retries - start.before.retries,
    cookies: end.cookies - start.before.cookies,
    residentMiB,
    bytesHeldByClient: await server.bytesHeldByClient(),
    bytesPerClient: ((residentMiB - start.emptyResidentMiB) * MIB) / options.clients,
    shares: await shares.end(),
    points,
  };
}

/** Stops the server and starts it again; its clients notice that by themselves. */
export async function restart(bed: Bed, emptyResidentMiB: number): Promise<JoinFigures> {
  const before = await bed.generator.status();
  await bed.server.stop();
  const startMs = await bed.server.start();
  const since = performance.now();
  return comeUp(bed, { phase: 'restart', startMs, emptyResidentMiB, since, before });
}

/** Nothing but heartbeats. */
export async function idle(bed: Bed): Promise<IdleFigures> {
  const { generator, options } = bed;
  const seconds = Math.max(options.seconds, (2 * options.intervalMs) / 1000);
  bed.progress('idle', `${seconds} s`);
  await pause(QUIET_MS);
  const [shares, before] = [await sharesFrom(bed), await generator.status()];
  await pause(seconds * 1000);
  const [measured, after] = [await shares.end(), await generator.status()];
  return {
    seconds,
    beatsPerSecond: ((after.beatsOut - before.beatsOut) * 1000) / (after.atMs - before.atMs),
    up: after.up,
    residentMiB: bed.server.residentMiB,
    shares: measured,
  };
}

/** In turn some clients leave and come back, while the others stay. */
export async function churn(bed: Bed): Promise<MoveFigures> {
  const shares = await sharesFrom(bed);
  const since = performance.now();
  let least = bed.options.clients;
  const movers = Math.ceil(bed.options.clients / MOVERS);
  for (let round = 0; round < ROUNDS; round++) {
    await bed.generator.all({ what: 'churn', every: MOVERS, offset: round });
    const isBack = ({ up }: SwarmStatus) => up === bed.options.clients;
    await watch(bed, 'churn', isBack, ({ up }) => {
      least = Math.min(least, up);
    });
  }
  const othersLost = Math.max(0, bed.options.clients - movers - bed.options.clients / MOVERS - least);
  const clients = movers * ROUNDS;
  return {
    clients,
    allUpMs: performance.now() - since,
    othersLost: Math.floor(othersLost),
    shares: await shares.end(),
  };
}

/** Some clients move to other addresses at once; done when the server beats to all of them there. */
export async function roam(bed: Bed): Promise<MoveFigures> {
  const shares = await sharesFrom(bed);
  const since = performance.now();
  await bed.generator.all({ what: 'roam', every: MOVERS, network: 2 });
  const isDone = ({ unheard, up }: SwarmStatus) => unheard === 0 && up === bed.options.clients;
  const end = await watch(bed, 'roam', isDone);
  return {
    clients: Math.ceil(bed.options.clients / MOVERS),
    allUpMs: end.atMs - since,
    othersLost: bed.options.clients - end.up,
    shares: await shares.end(),
  };
}

/** Single broadcast frames of one client to all others. */
export async function broadcast(bed: Bed): Promise<BroadcastFigures> {
  const { generator, options } = bed;
  const expected = options.clients - 1;
  let [copies, lastCopyMs] = [0, 0];
  for (let frame = 0; frame < BROADCASTS; frame++) {
    const before = await generator.status();
    const sentAtUs = await generator.first<number>({ what: 'broadcast' });
    const until = performance.now() + BROADCAST_PATIENCE_MS;
    let status = before;
    while (status.broadcastIn - before.broadcastIn < expected && performance.now() < until) {
      await pause(LOOK_MS / 4);
      status = await generator.status();
    }
    bed.progress('broadcast', `frame ${frame + 1}: ${status.broadcastIn - before.broadcastIn} copies`);
    copies += status.broadcastIn - before.broadcastIn;
    lastCopyMs = Math.max(lastCopyMs, (status.broadcastAtUs - sentAtUs) / 1000);
  }
  return { frames: BROADCASTS, copies, expected: BROADCASTS * expected, lastCopyMs };
}

/** Frames of 1000 bytes from one client to another, as fast as they come through. */
export async function unicast(bed: Bed, phase: string): Promise<UnicastFigures> {
  const { generator, server, options } = bed;
  const { serverWorker: quiet } = await idleShares(bed);
  await generator.first({ what: 'load', on: true });
  await pause(QUIET_MS);
  const [shares, processor, before] = [await sharesFrom(bed), server.processor, await generator.status()];
  bed.progress(phase, `${options.seconds} s`);
  await pause(options.seconds * 1000);
  const [after, later, measured] = [await generator.status(), server.processor, await shares.end()];
  await generator.first({ what: 'load', on: false });
  const frames = after.loadIn - before.loadIn;
  const elapsed = after.atMs - before.atMs;
  return {
    framesPerSecond: (frames * 1000) / elapsed,
    lost: after.loadLost - before.loadLost,
    framesPerWorkerMs: frames / (later.worker - processor.worker - (quiet / 100) * elapsed),
    shares: measured,
  };
}

/** A TCP stream between two clients that are daemons. */
export async function tcp(bed: Bed, phase: string): Promise<TcpFigures> {
  const { server, stations, options } = bed;
  const quiet = await idleShares(bed);
  bed.progress(phase, `TCP for ${options.seconds} s`);
  const before = server.processor.worker;
  const gbitPerSecond = await stations.tcp(options.seconds);
  const gbit = gbitPerSecond * options.seconds;
  const workerSeconds = (server.processor.worker - before) / 1000;
  const ownSeconds = workerSeconds - (quiet.serverWorker / 100) * options.seconds;
  const freeCores = cpus().length - (quiet.server + quiet.generator) / 100;
  return {
    gbitPerSecond,
    gbitPerWorkerSecond: gbit / ownSeconds,
    gbitPerFreeCore: gbitPerSecond / freeCores,
  };
}

/** Long listings, and what they do to frames. */
export async function show(bed: Bed): Promise<ShowFigures> {
  const { generator } = bed;
  await generator.first({ what: 'probes', on: true });
  await pause(QUIET_MS);
  const quiet = await generator.delays();
  const peers = await listing(bed, 'show.peersPage');
  const macTable = await listing(bed, 'show.macTablePage');
  await generator.first({ what: 'probes', on: false });
  return { quietWorstFrameMs: quiet.worstUs / 1000, peers, macTable };
}

async function listing(bed: Bed, method: 'show.peersPage' | 'show.macTablePage'): Promise<ListingFigures> {
  const { generator } = bed;
  await generator.first({ what: 'probes', on: true });
  const connection = await bed.server.control();
  await connection.call('clear.counters', {});
  const processor = await sharesFrom(bed);
  const since = performance.now();
  let [rows, slowest] = [0, 0];
  let cursor: string | undefined;
  do {
    const asked = performance.now();
    const page = await connection.call(method, { limit: PAGE, ...(cursor !== undefined && { cursor }) });
    slowest = Math.max(slowest, performance.now() - asked);
    rows += page.rows.length;
    cursor = page.next ?? undefined;
    bed.progress('show', `${rows} rows of ${method}`);
  } while (cursor !== undefined);
  const ms = performance.now() - since;
  const shares = await processor.end();
  connection.close();
  const { worstUs, missing } = await generator.delays();
  const workerLateMs = await bed.server.workerLateMs();
  return { rows, ms, slowestPageMs: slowest, worstFrameMs: worstUs / 1000, workerLateMs, missing, shares };
}
