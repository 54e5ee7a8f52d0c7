/** The daemon under a service manager: h1 runs under a stand-in for one, h2 by itself. */
import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Lab } from '../../scripts/lab/lab.js';
import { lanAddress, ROOT } from '../../scripts/lab/mesh.js';
import type { LabProcess } from '../../scripts/lab/process.js';
import { until } from '../../scripts/lab/run.js';
import { igmpQuery, ip4 } from '../sim/memberships.js';
import { type Node, type Site, startSite, tellOnFailure, waitAllUp } from './node.js';
import { sendFrames } from './raw.js';
import { answered, labProblem, needsLab } from './support.js';

const PATIENCE_MS = 20_000;
const MANAGER = join(ROOT, 'test/netns/service_manager.py');
const TCP = join(ROOT, 'test/netns/tcp.py');
const PORT = '7007';

let lab: Lab;
let site: Site;
let node: Node;
let notifyLog: string;

beforeAll(async () => {
  if (labProblem) return;
  lab = await Lab.build({ hosts: 2, underlays: [{ family: 4 }, { family: 6 }] });
  const dress = (one: Node) => {
    if (one.host !== 1) return;
    notifyLog = join(one.folder, 'notify.log');
    one.env = { ...process.env, NOTIFY_LOG: notifyLog };
    one.wrapper = ['python3', MANAGER];
  };
  // Host 1 learns where its peer is on the second link.
  const edit = (host: number, config: string) =>
    host === 1 ? config.replace(/remote fd00.*/, 'remote dynamic') : config;
  const optionsOf = (host: number) => (host === 1 ? { interfaceLines: ['workers 3'] } : {});
  site = await startSite(lab, optionsOf, edit, undefined, dress);
  [node] = site.nodes;
  await waitAllUp(site, 2);
});
afterAll(async () => {
  await lab?.remove();
});
beforeEach(needsLab);
afterEach((context) => tellOnFailure(context, site));

function told(): string[] {
  return readFileSync(notifyLog, 'utf8').trim().split('\n');
}

/** Waits until the manager has heard something that matches, `times` times. */
async function hears(what: RegExp, times = 1): Promise<void> {
  await until(
    `${what} to be told`,
    () => told().filter((line) => what.test(line)).length >= times,
    PATIENCE_MS,
  );
}

/** What others see of the TAP device and would lose with it, and how many queues it has. */
async function tapAsSeen(): Promise<unknown> {
  const [{ tapQueues }] = await node.call('show.interfaces', { interface: 'octo0' });
  const [{ ifindex, address, addr_info: addresses }] = JSON.parse(
    await lab.run(1, 'ip', ['-json', 'address', 'show', 'dev', 'octo0']),
  );
  return { ifindex, address, addresses, tapQueues };
}

/** A TCP connection through the tunnel while something happens; fails when it does not survive that. */
async function underTcp(happen: () => Promise<void>): Promise<void> {
  const server = lab.start(2, 'python3', [TCP, 'serve', PORT]);
  await firstLine(server);
  const client = lab.start(1, 'python3', [TCP, 'talk', lanAddress(2), PORT], { input: true });
  let said = '';
  client.output.on('data', (text) => {
    said += text;
  });
  const progress = () => Number(said.trim().split('\n').at(-1)) || 0;
  const goesOn = async () => {
    const before = progress();
    await until('the connection to go on', () => progress() >= before + 40 || !client.running, PATIENCE_MS);
    expect(client.running).toBe(true);
  };
  try {
    await goesOn();
    await happen();
    await goesOn();
  } finally {
    await client.stop();
    await server.stop();
  }
}

function firstLine(process: LabProcess): Promise<void> {
  return new Promise((resolve) => process.output.once('data', () => resolve()));
}

/** Stations that say something once and are silent from then on: one behind each host. */
const SILENT = ['02:aa:00:00:00:01', '02:aa:00:00:00:02'];

/** Has the silent stations speak, and waits until they are known at both ends. */
async function speakOnce(): Promise<void> {
  for (const [index, mac] of SILENT.entries()) {
    const source = mac.replaceAll(':', '');
    const frame = Buffer.from(`ffffffffffff${source}88b5`.padEnd(120, '0'), 'hex');
    await sendFrames(lab, index + 1, 'octo0', [frame]);
  }
  await silentKnown();
}

/** Waits until each silent station is known at both ends. */
async function silentKnown(): Promise<void> {
  const known = async (at: Node) =>
    (await at.call('show.macTable', {}))
      .filter(({ mac }) => SILENT.includes(mac))
      .map(({ mac, peer }) => `h${at.host}: ${mac} ${peer === null ? 'here' : 'there'}`);
  const [one, two] = SILENT;
  const wanted = [`h1: ${one} here`, `h1: ${two} there`, `h2: ${one} there`, `h2: ${two} here`];
  await until(
    'the silent stations to be known',
    async () => (await Promise.all(site.nodes.map(known))).flat().sort().join() === wanted.join(),
    PATIENCE_MS,
  );
}

const ROUTER = ip4('10.66.0.99');

/** A multicast router behind host 2 asks, as it will not again for two minutes. */
async function routerAsks(): Promise<void> {
  await sendFrames(lab, 2, 'octo0', [Buffer.from(igmpQuery(ROUTER))]);
  await until(
    'the router to be heard',
    async () => (await queriersOf(node)).includes('10.66.0.99'),
    PATIENCE_MS,
  );
}

async function queriersOf(at: Node): Promise<string[]> {
  const [{ queriers }] = await at.call('show.multicast', {});
  return queriers.map(({ address }) => address);
}

/** Waits until each end knows the router, and has asked all hosts behind the other. */
async function multicastSettled(): Promise<void> {
  for (const at of site.nodes) {
    await until(
      `the hosts around host ${at.host} to have been asked`,
      async () => {
        const [{ queriers, routerPorts, unsettled }] = await at.call('show.multicast', {});
        const knows = queriers.some(({ address }) => address === '10.66.0.99') && routerPorts.length > 0;
        return knows && unsettled.length === 0;
      },
      PATIENCE_MS,
    );
  }
}

const pid = async () => (await node.call('show.system', {})).pid;

describe('the service manager', () => {
  it('hears that the daemon is ready, what it does, and that its datapath moves', async () => {
    expect(told().find((line) => line.startsWith('READY=1'))).toMatch(/STATUS=1 interface, \d of 1 peers up/);
    await hears(/STATUS=1 interface, 1 of 1 peers up/);
    await hears(/^WATCHDOG=1/, 3);
  });

  it('hears when the configuration is loaded again', async () => {
    await hears(/^READY=1/);
    const ready = told().filter((line) => line.startsWith('READY=1')).length;
    process.kill(await pid(), 'SIGHUP');
    await hears(/^RELOADING=1 MONOTONIC_USEC=\d+$/);
    await hears(/^READY=1/, ready + 1);
  });

  it('keeps the TAP over a restart, and a TCP connection survives it', async () => {
    const [before, old] = [await tapAsSeen(), await pid()];
    await speakOnce();
    await routerAsks();
    await underTcp(async () => {
      node.daemon.signal('SIGUSR1');
      await hears(/^STOPPING=1/);
      await until('another daemon', async () => (await pid().catch(() => old)) !== old, PATIENCE_MS);
      await waitAllUp(site, 2);
    });
    expect(await tapAsSeen()).toEqual(before);
    await silentKnown();
    await multicastSettled();
    expect(node.log(), 'called where it was found').toMatch(/"ends":1,.*knows the stations from before/);
    expect(await answered(lab.hosts[0].namespace, lanAddress(2))).toBe(3);
  });

  it('gives a TAP up when its interface is shut down', async () => {
    await node.configure('interface spare', 'no shutdown');
    await hears(/FDSTORE=1 FDNAME=tap-spare/);
    await node.configure('no interface spare');
    await hears(/FDSTOREREMOVE=1 FDNAME=tap-spare/);
    await until(
      'the device to go',
      async () => !(await lab.run(1, 'ip', ['link'])).includes('spare'),
      PATIENCE_MS,
    );
  });
});

describe('a successor', () => {
  it('takes over the TAP, and a TCP connection does not notice', async () => {
    const [before, old] = [await tapAsSeen(), await pid()];
    await underTcp(async () => {
      await speakOnce();
      node.daemon.signal('SIGUSR2');
      await hears(/^MAINPID=/);
      await until('the old daemon to end', () => !existsSync(`/proc/${old}`), PATIENCE_MS);
      await until('the new one to answer', async () => (await pid().catch(() => old)) !== old, PATIENCE_MS);
      await waitAllUp(site, 2);
    });
    expect(told().at(-1)).not.toContain('STOPPING');
    await silentKnown();
    expect(told()).toContain(`MAINPID=${await pid()}`);
    // systemd leaves no time to end to a process that is not its child.
    expect(told()).toContain('the new main process is a child of the manager');
    expect(await tapAsSeen()).toEqual(before);
  });

  it('that does not get ready leaves the old daemon as it is', async () => {
    const old = await pid();
    const config = node.fileText();
    writeFileSync(node.configFile, 'nonsense\n');
    node.daemon.signal('SIGUSR2');
    await until('the log to tell', () => node.log().includes('no successor'), PATIENCE_MS);
    writeFileSync(node.configFile, config);
    expect(await pid()).toBe(old);
    expect(await answered(lab.hosts[0].namespace, lanAddress(2))).toBe(3);
  });
});

describe('a daemon that finds a damaged file of stations', () => {
  it('says so, and learns anew', async () => {
    const [, other] = site.nodes;
    await speakOnce();
    await other.daemon.stop();
    const folder = join(other.state, 'stations');
    const [name] = readdirSync(folder);
    truncateSync(join(folder, name), 100);
    await other.start();
    await waitAllUp(site, 2);
    expect(other.log()).toMatch(/its checksum is wrong.*stations before the restart is not used/);
    expect(readdirSync(folder)).toEqual([]);
    expect(await answered(lab.hosts[0].namespace, lanAddress(2))).toBe(3);
  });
});
