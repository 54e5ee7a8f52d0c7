/**
 * The daemons of a build in the hosts of a lab. Another revision may have its files elsewhere: only its two programs,
 * the configuration language and the control socket's protocol are relied upon.
 */
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { hostFolder, type Lab } from '../../scripts/lab/lab.js';
import { meshConfig, newKeyPair } from '../../scripts/lab/mesh.js';
import type { LabProcess } from '../../scripts/lab/process.js';
import { run, until } from '../../scripts/lab/run.js';
import type { Build } from './revision.js';

const START_PATIENCE_MS = 20_000;
const ASK_EVERY_MS = 2;
const UP_PATIENCE_S = 20;
/** The programs are run by the Node that runs this, with the flags that they themselves ask for. */
const ENVIRONMENT = {
  ...process.env,
  PATH: [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter),
};

export interface Daemon {
  process: LabProcess;
  socket: string;
  /** Milliseconds from its start to its first answer. */
  startMs: number;
}

/** Starts the daemons of a full mesh, one after the other; each answers by the time that the next is started. */
export async function startDaemons(lab: Lab, build: Build): Promise<Daemon[]> {
  const keys = lab.hosts.map(newKeyPair);
  const publicKeys = keys.map(({ publicKey }) => publicKey);
  const daemons: Daemon[] = [];
  for (const { index } of lab.hosts) {
    const folder = hostFolder(lab, index);
    const inFolder = (name: string) => join(folder, name);
    const [config, key, socket] = ['octolink.conf', 'octo0.key', 'control.sock'].map(inFolder);
    writeFileSync(key, `${keys[index - 1].privateKey}\n`, { mode: 0o600 });
    writeFileSync(config, meshConfig(lab, index, publicKeys, key));
    const args = ['--config', config, '--socket', socket, '--state', inFolder('state')];
    const options = { logFile: inFolder('daemon.log'), env: ENVIRONMENT };
    const before = performance.now();
    const started = lab.start(index, join(build.tree, 'bin/octolinkd'), args, options);
    await until(
      `the daemon of h${index} to answer`,
      () => answers(started, socket),
      START_PATIENCE_MS,
      ASK_EVERY_MS,
    );
    daemons.push({ process: started, socket, startMs: performance.now() - before });
  }
  return daemons;
}

/** Waits until every daemon has every other as a peer that is up. */
export async function waitUp(lab: Lab, build: Build, daemons: Daemon[]): Promise<void> {
  for (const [i, { socket }] of daemons.entries()) {
    for (const peer of lab.hosts) {
      if (peer.index === i + 1) continue;
      const command = `wait peer ${peer.name} up timeout ${UP_PATIENCE_S}`;
      await run(join(build.tree, 'bin/octolink'), ['-s', socket, '-c', command], { env: ENVIRONMENT });
    }
  }
}

/** Asks for the version, as `show version` does; false when there is no answer yet. */
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
      // The connection tells of the same error itself.
      .on('error', () => {});
  });
}
