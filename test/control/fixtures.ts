import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../src/api/config.js';
import { parseConfig } from '../../src/config/edit.js';
import { type Clock, systemClock } from '../../src/daemon/base/clock.js';
import { Configurator } from '../../src/daemon/commits/configurator.js';
import { ControlServer } from '../../src/daemon/control/server.js';
import { FakeBackend } from './fake-backend.js';

export const EXAMPLE = `hostname tokyo
interface octo0
 description cluster LAN
 private-key-file /var/lib/octolink/keys/octo0.key
 address 10.77.0.1/24
 mtu 1500
 bridge br0
 listen port 7700
 policy passive
 peer osaka
  public-key hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=
  preshared-key-file /etc/octolink/osaka.psk
  policy active
  link 0
   local 192.0.2.10
   remote 198.51.100.7 port 7700
   priority 10
   timers interval 100 hold 300
  exit
 exit
 no shutdown
exit
`;

export function exampleConfig(): Config {
  return parseConfig(EXAMPLE).config;
}

export const silentLog = { debug() {}, info() {}, warn() {}, error() {} };

/** A configurator that changes what the backend runs. */
export function fakeConfigurator(
  backend: FakeBackend,
  stateFolder: string,
  clock: Clock = systemClock,
): Configurator {
  const { startup: startupFile, events } = backend;
  return new Configurator({ host: backend, startupFile, stateFolder, events, log: silentLog, clock });
}

export interface TestServer {
  server: ControlServer;
  backend: FakeBackend;
  path: string;
  folder: string;
  stop(): Promise<void>;
}

/** A control server with a fake backend, on a socket in a folder of its own. */
export async function startServer(
  uid = 0,
  backend = new FakeBackend(exampleConfig()),
  readOnly = false,
  clock: Clock = systemClock,
  state?: string,
): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'octolink-control-'));
  const path = join(folder, 'control.sock');
  const configurator = fakeConfigurator(backend, state ?? join(folder, 'state'), clock);
  await configurator.start(backend.config);
  backend.applied = 0;
  const server = await ControlServer.start({
    path,
    readOnly,
    version: '0.1.0',
    methods: backend.methods(),
    parts: backend.parts(configurator, silentLog),
    log: silentLog,
    peerCredentials: () => ({ pid: process.pid, uid, gid: uid }),
  });
  const stop = async () => {
    await configurator.stop();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { server, backend, path, folder, stop };
}
