/** How a daemon starts and ends, and what remains of it. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hostFolder, Lab } from '../../scripts/lab/lab.js';
import { capture, until } from '../../scripts/lab/run.js';
import { Node } from './node.js';
import { needsLab } from './support.js';

const PATIENCE_MS = 20_000;
let lab: Lab;
let node: Node;

beforeEach(async (context) => {
  needsLab(context);
  lab = await Lab.build({ hosts: 1, underlays: [{ family: 4 }] });
  node = new Node(lab, 1);
});
afterEach(async () => {
  await lab?.remove();
});

const hasTap = async () =>
  (await capture('ip', ['-n', lab.hosts[0].namespace, 'link', 'show', 'octo0'])).code === 0;
const processes = async () =>
  (await capture('ip', ['netns', 'pids', lab.hosts[0].namespace])).stdout.split('\n').filter(Boolean);

const SIMPLE = 'interface octo0\n address 10.77.0.1/24\n no shutdown\nexit\n';

describe.each(['SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  it('ends a daemon in order, and nothing of it stays', async () => {
    await node.start(SIMPLE);
    expect([await hasTap(), (await processes()).length, existsSync(node.socket)]).toEqual([true, 1, true]);
    await node.stop(signal);
    expect(node.daemon.exitCode).toBe(0);
    expect([await hasTap(), await processes(), existsSync(node.socket)]).toEqual([false, [], false]);
  });
});

describe('SIGHUP', () => {
  const mtuShown = async () => (await node.call('show.interfaces', {}))[0]?.mtu;
  const loaded = (mtu: number) =>
    until(`an MTU of ${mtu}`, async () => (await mtuShown()) === mtu, PATIENCE_MS);

  it('loads the startup configuration again, and one that is wrong changes nothing', async () => {
    await node.start(SIMPLE);
    const ifindex = await lab.run(1, 'cat', ['/sys/class/net/octo0/ifindex']);
    await node.configure('interface octo0', 'mtu 1300');
    writeFileSync(node.configFile, SIMPLE.replace(' no shutdown', ' mtu 1400\n no shutdown'));
    node.daemon.signal('SIGHUP');
    await loaded(1400);
    expect(await lab.run(1, 'ip', ['link', 'show', 'octo0'])).toContain('mtu 1400');
    expect(await lab.run(1, 'cat', ['/sys/class/net/octo0/ifindex'])).toBe(ifindex);
    writeFileSync(node.configFile, 'interface octo0\n nonsense\n');
    node.daemon.signal('SIGHUP');
    const warned = async () => (await node.call('show.events', {})).some(({ kind }) => kind === 'warning');
    await until('the refusal to be told', warned, PATIENCE_MS);
    expect(await mtuShown()).toBe(1400);
  });

  it('makes a control socket again that was removed', async () => {
    await node.start(SIMPLE);
    rmSync(node.socket);
    node.daemon.signal('SIGHUP');
    await until('the socket to be there', () => existsSync(node.socket), PATIENCE_MS);
    expect(await mtuShown()).toBe(1500);
  });
});

describe('a datapath worker that dies', () => {
  it('is told, and started again with a TAP of its own', async () => {
    await node.start(SIMPLE);
    await node.cli('wait interface octo0 up timeout 5');
    await lab.run(1, 'ip', ['link', 'del', 'octo0']);
    const events = async () => await node.cli('show events');
    await until(
      'the event',
      async () => (await events()).includes('octo0 down: datapath worker died'),
      PATIENCE_MS,
    );
    await node.cli('wait interface octo0 up timeout 10');
    expect(await hasTap()).toBe(true);
    expect((await node.call('show.interfaces', {}))[0]).toMatchObject({ state: 'up', workerAlive: true });
  });

  it('ends the daemon with an error when it cannot be started again', async () => {
    await node.start(SIMPLE);
    // By one program, so that the daemon does not come between.
    const lines = 'link del octo0\nlink add octo0 type bridge\n';
    await lab.run(1, 'sh', ['-c', `printf '${lines}' | ip -batch -`]);
    await until('the daemon to end', () => !node.daemon.running, PATIENCE_MS);
    expect(node.daemon.exitCode).toBe(1);
    expect(node.log()).toContain('cannot be kept running');
  });
});

it('a TAP that shall persist stays, and is taken up again', async () => {
  await node.start(SIMPLE.replace(' no shutdown', ' persist\n no shutdown'));
  const mac = await node.mac();
  await node.stop();
  expect(await hasTap()).toBe(true);
  expect(await lab.run(1, 'ip', ['link', 'show', 'octo0'])).toContain(mac);
  expect(await lab.run(1, 'ethtool', ['-k', 'octo0'])).toMatch(/tcp-segmentation-offload: off/);
  await node.start();
  expect(await lab.run(1, 'ethtool', ['-k', 'octo0'])).toMatch(/tcp-segmentation-offload: on/);
  expect(await node.mac()).toBe(mac);
  await node.configure('interface octo0', 'no persist');
  await node.stop();
  expect(await hasTap()).toBe(false);
});

it('the first start makes a key that only its owner may read, and the next ones keep it', async () => {
  const publicKeys: (string | null)[] = [];
  for (let start = 0; start < 2; start++) {
    await node.start(SIMPLE);
    publicKeys.push((await node.call('show.interfaces', {}))[0].publicKey);
    await node.stop();
  }
  expect(publicKeys[0]).toMatch(/^[A-Za-z0-9+/]{43}=$/);
  expect(publicKeys[1]).toBe(publicKeys[0]);
  expect(readdirSync(`${node.state}/keys`)).toEqual(['octo0.key']);
  expect(await lab.run(1, 'stat', ['-c', '%a', `${node.state}/keys/octo0.key`])).toBe('600\n');
});

it('a daemon that was killed hinders the next one in nothing', async () => {
  await node.start(SIMPLE);
  await node.stop('SIGKILL');
  expect(await hasTap()).toBe(false);
  await node.start();
  expect(await hasTap()).toBe(true);
});

it('the folder that it was started in may have been removed', async () => {
  const folder = join(hostFolder(lab, 1), 'removed');
  node.wrapper = ['sh', '-c', `mkdir ${folder} && cd ${folder} && rmdir ${folder} && exec "$@"`, 'sh'];
  await node.start(SIMPLE);
  await node.configure('interface octo1', 'listen port 7701', 'no shutdown');
  await node.cli('wait interface octo1 up timeout 10');
});

it('a second daemon on the same socket learns of the first and changes nothing', async () => {
  await node.start(SIMPLE);
  const second = await node.tryStart(null);
  expect(second.code).toBe(69);
  expect(second.stderr).toContain(node.socket);
  expect(await node.cli('show version')).toMatch(/wire version [\s\S]*Native addon [0-9a-f]{12} /);
});

it('a second daemon on the same state folder is refused, and a commit of the first still awaits confirmation', async () => {
  await node.start(SIMPLE);
  await node.cli('configure exclusive', 'hostname tried', 'commit confirmed 5');
  const pending = readFileSync(join(node.state, 'pending-commit.json'));
  const second = new Node(lab, 1, 'second');
  Object.assign(second, { state: node.state });
  const refused = await second.tryStart('');
  expect(refused).toMatchObject({ code: 69, stderr: expect.stringContaining(`state folder ${node.state}`) });
  expect(readFileSync(join(node.state, 'pending-commit.json'))).toEqual(pending);
  expect((await node.runningConfig()).split('\n')[0]).toBe('hostname tried');
  // Whoever ends it and starts the next at once meets no claim of the old one.
  node.daemon.signal('SIGTERM');
  await until('its socket to go', () => !existsSync(node.socket), PATIENCE_MS, 1);
  await node.start();
  expect(await node.runningConfig()).not.toContain('tried');
});

it('what was set at run time is set in the kernel, and undone by "no"', async () => {
  await node.start(SIMPLE);
  const show = () => lab.run(1, 'ip', ['-brief', 'address', 'show', 'octo0']);
  const link = () => lab.run(1, 'ip', ['link', 'show', 'octo0']);
  await node.cli(
    'configure terminal',
    'interface octo0',
    'address 10.78.0.1/24',
    'address fd77::1/64',
    'mtu 9000',
    'mac 02:00:00:00:00:77',
  );
  expect(await show()).toMatch(/10\.77\.0\.1\/24.*10\.78\.0\.1\/24.*fd77::1\/64/);
  expect(await link()).toMatch(/mtu 9000[\s\S]*02:00:00:00:00:77/);
  await node.cli('configure terminal', 'interface octo0', 'no address 10.77.0.1/24', 'no mtu', 'no mac');
  expect(await show()).not.toContain('10.77.0.1');
  expect(await link()).toContain('mtu 1500');
  expect(await link()).toContain(await node.mac());
  await node.cli('configure terminal', 'no interface octo0');
  expect(await hasTap()).toBe(false);
});
