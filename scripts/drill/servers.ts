/**
 * Two clients of two servers, and the server that carries is killed again and again: what a ping between the clients
 * loses, and for how long it is silent.
 */
import { createInterface } from 'node:readline';
import type { ControlConnection } from '../lab/control.js';
import { Lab } from '../lab/lab.js';
import { lanAddress, Mesh, type MeshHost } from '../lab/mesh.js';
import { PingLog } from '../lab/ping-log.js';
import { until } from '../lab/run.js';
import type { DrillOptions } from './options.js';
import { percentile } from './summary.js';

const [CLIENT, OTHER_CLIENT] = [1, 2];
const SERVERS = [3, 4];
const PING_MS = 1;
/** From a kill until the next one is prepared; longer than any outage that is still to be measured. */
const WINDOW_S = 1;
const PATIENCE_MS = 30_000;

/** One death of the server that carried. */
interface ServerDeath {
  server: string;
  lost: number;
  duplicated: number;
  outageMs: number;
}

export interface ServersResult {
  timers: DrillOptions['timers'];
  deaths: ServerDeath[];
}

/** Kills the active server `times` times by SIGKILL; `show` is told how far it is. */
export async function runServers(
  { servers: times = 1, timers }: DrillOptions,
  show: (text: string) => void,
): Promise<ServersResult> {
  const lab = await Lab.build({ hosts: 4, underlays: [{ family: 4 }, { family: 6 }] });
  try {
    const mesh = await Mesh.start(lab, { timers, edit });
    const log = new PingLog();
    const ping = lab.start(CLIENT, 'ping', [
      '-D',
      '-O',
      '-n',
      '-i',
      String(PING_MS / 1000),
      lanAddress(OTHER_CLIENT),
    ]);
    createInterface({ input: ping.output }).on('line', (line) => log.feed(line));
    const deaths: ServerDeath[] = [];
    for (let number = 1; number <= times; number++) {
      show(`kill ${number} of ${times}`);
      deaths.push(await killOnce(mesh, log));
    }
    await ping.stop('SIGINT');
    return { timers, deaths };
  } finally {
    await lab.remove();
  }
}

/** Clients have the servers, h3 before h4, as uplinks; servers switch between their clients. */
function edit(host: number, config: string): string {
  if (SERVERS.includes(host)) return config.replace(/^ peer h[12]$/gm, '$&\n  no split-horizon');
  return config
    .replace(' no shutdown\n', ` no peer h${3 - host}\n no shutdown\n`)
    .replace(/^ peer h[34]$/gm, '$&\n  uplink-group core');
}

async function killOnce(mesh: Mesh, log: PingLog): Promise<ServerDeath> {
  const server = await ready(mesh);
  const before = log.received;
  await until('the ping to be answered', () => log.received > before + 200, PATIENCE_MS, 10);
  const from = Date.now() / 1000;
  await server.daemon.stop('SIGKILL');
  await until('the window to pass', () => Date.now() / 1000 > from + WINDOW_S, PATIENCE_MS, 20);
  const { lost, duplicated, silenceMs } = log.window(from, from + WINDOW_S);
  await mesh.restart(server);
  return { server: server.name, lost, duplicated, outageMs: silenceMs };
}

/** Waits until both clients have both servers, and one of them in use together; returns that one. */
async function ready(mesh: Mesh): Promise<MeshHost> {
  for (const client of [CLIENT, OTHER_CLIENT]) {
    for (const server of SERVERS) await waitUp(mesh, client, server);
  }
  await waitUp(mesh, SERVERS[0], SERVERS[1]);
  const name = await activeOf(mesh, CLIENT);
  const found = mesh.hosts.find((host) => host.name === name);
  if (found === undefined) throw new Error('no server carries');
  return found;
}

async function waitUp(mesh: Mesh, host: number, peer: number): Promise<void> {
  await asking(mesh, host, async (control) => {
    await control.call('wait', { peer: `h${peer}`, state: 'up', timeoutS: PATIENCE_MS / 1000 });
  });
}

async function activeOf(mesh: Mesh, client: number): Promise<string | null> {
  const groups = await asking(mesh, client, (control) => control.call('show.uplinks', {}));
  return groups[0]?.active ?? null;
}

async function asking<T>(
  mesh: Mesh,
  host: number,
  ask: (control: ControlConnection) => Promise<T>,
): Promise<T> {
  const control = await mesh.control(host);
  try {
    return await ask(control);
  } finally {
    control.close();
  }
}

export function serversText({ timers, deaths }: ServersResult): string {
  const lost = deaths.map((death) => death.lost).sort((a, b) => a - b);
  const outages = deaths.map(({ outageMs }) => outageMs);
  const twice = deaths.reduce((sum, { duplicated }) => sum + duplicated, 0);
  return [
    `${deaths.length} servers killed by SIGKILL, heartbeats every ${timers.interval} ms, hold time ${timers.hold} ms, a ping each ${PING_MS} ms`,
    `lost by a kill: median ${lost[lost.length >> 1]}, most ${lost.at(-1)}; ${twice} came twice`,
    `outage in ms: ${[50, 99, 100].map((part) => `p${part} ${percentile(outages, part).toFixed(1)}`).join(', ')}`,
  ].join('\n');
}
