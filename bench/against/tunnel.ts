/**
 * A full mesh of one build's daemons in the hosts of a lab, beside which another build's mesh may run. The layout of other
 * revisions may differ, so this relies only on the daemon's program, the configuration language and the control protocol.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { ControlConnection } from '../../scripts/lab/control.js';
import { hostFolder, type Lab } from '../../scripts/lab/lab.js';
import { type KeyPair, newKeyPair, PORT } from '../../scripts/lab/mesh.js';
import type { LabProcess } from '../../scripts/lab/process.js';
import { until } from '../../scripts/lab/run.js';
import type { Build } from './revision.js';

const START_PATIENCE_MS = 20_000;
const ASK_EVERY_MS = 2;
const UP_PATIENCE_S = 20;
/** The programs run under the Node that runs this, with the flags of their own first lines. */
const ENVIRONMENT = {
  ...process.env,
  PATH: [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter),
};

/** Tells two tunnels in the same hosts apart. */
export type Slot = 0 | 1;

export interface Daemon {
  process: LabProcess;
  socket: string;
  /** Milliseconds from its start to its first answer. */
  startMs: number;
}

export interface Tunnel {
  /** One a host, in their order. */
  daemons: Daemon[];
  /** Address of h2 inside. */
  target: string;
}

/** Starts a build's daemons one by one, each after the one before answers, and waits until every peer is up. */
export async function startTunnel(lab: Lab, build: Build, slot: Slot): Promise<Tunnel> {
  const keys = lab.hosts.map(newKeyPair);
  const daemons: Daemon[] = [];
  for (const { index } of lab.hosts) daemons.push(await startDaemon({ lab, build, slot, keys }, index));
  for (const [i, { socket }] of daemons.entries()) {
    const connection = await ControlConnection.open(socket);
    try {
      for (const peer of lab.hosts) {
        if (peer.index === i + 1) continue;
        await connection.call('wait', { peer: peer.name, state: 'up', timeoutS: UP_PATIENCE_S });
      }
    } finally {
      connection.close();
    }
  }
  return { daemons, target: insideAddress(slot, 2) };
}

interface Plan {
  lab: Lab;
  build: Build;
  slot: Slot;
  /** One a host, in their order. */
  keys: KeyPair[];
}

/** The TAP of a slot's daemons. */
export function deviceOf(slot: Slot): string {
  return `octo${slot}`;
}

function insideAddress(slot: Slot, host: number): string {
  return `10.${77 + slot}.0.${host}`;
}

async function startDaemon(plan: Plan, host: number): Promise<Daemon> {
  const { lab, build, slot, keys } = plan;
  const folder = join(hostFolder(lab, host), String(slot));
  mkdirSync(folder, { mode: 0o700 });
  const inFolder = (name: string) => join(folder, name);
  const socket = inFolder('control.sock');
  writeFileSync(inFolder('key'), `${keys[host - 1].privateKey}\n`, { mode: 0o600 });
  writeFileSync(inFolder('octolink.conf'), configOf(plan, host, inFolder('key')));
  const args = ['--config', inFolder('octolink.conf'), '--socket', socket, '--state', inFolder('state')];
  const options = { logFile: inFolder('daemon.log'), env: ENVIRONMENT };
  const before = performance.now();
  const started = lab.start(host, join(build.tree, 'bin/octolinkd'), args, options);
  const isUp = () => answers(started, socket);
  await until(`octolinkd of ${build.title} to answer`, isUp, START_PATIENCE_MS, ASK_EVERY_MS);
  return { process: started, socket, startMs: performance.now() - before };
}

/** A peer for every other host, with a link over each underlay. Traffic is spread over several links. */
function configOf({ lab, slot, keys }: Plan, host: number, keyFile: string): string {
  const port = PORT + slot;
  const peers = lab.hosts
    .filter(({ index }) => index !== host)
    .flatMap(({ index, name }) => [
      ` peer ${name}`,
      `  public-key ${keys[index - 1].publicKey}`,
      ...lab.underlays.flatMap((underlay, link) => [
        `  link ${link}`,
        `   local ${lab.attachment(host, underlay.index).address}`,
        `   remote ${lab.attachment(index, underlay.index).address} port ${port}`,
        '  exit',
      ]),
      ' exit',
    ]);
  const lines = [
    `hostname ${lab.hosts[host - 1].name}`,
    `interface ${deviceOf(slot)}`,
    ` private-key-file ${keyFile}`,
    ` address ${insideAddress(slot, host)}/24`,
    ` listen port ${port}`,
    ` policy ${lab.underlays.length === 1 ? 'passive' : 'adaptive'}`,
    ' no damping',
    ...peers,
    ' no shutdown',
    'exit',
  ];
  return `${lines.join('\n')}\n`;
}

/** Asks for the version, as `show version` does; resolves to false when there is no answer yet. */
function answers(daemon: LabProcess, socket: string): Promise<boolean> {
  if (!daemon.running) throw new Error(`octolinkd ended: ${daemon.lastWords()}`);
  const requests = [
    { jsonrpc: '2.0', id: 1, method: 'hello', params: { protocol: 1, client: 'octolink bench' } },
    { jsonrpc: '2.0', id: 2, method: 'show.version', params: {} },
  ];
  return new Promise((resolve) => {
    const connection = connect(socket);
    connection.once('connect', () => {
      for (const request of requests) connection.write(`${JSON.stringify(request)}\n`);
    });
    connection.once('error', () => resolve(false));
    connection.once('close', () => resolve(false));
    createInterface({ input: connection })
      .on('line', (line) => {
        if (JSON.parse(line).id !== 2) return;
        resolve(true);
        connection.destroy();
      })
      // The connection reports the same error.
      .on('error', () => {});
  });
}
