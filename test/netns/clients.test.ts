/** A server that admits clients by a file: who comes, who is turned out, and what a wrong line does. */
import { chmodSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { hostFolder, Lab } from '../../scripts/lab/lab.js';
import { type KeyPair, lanAddress, newKeyPair } from '../../scripts/lab/mesh.js';
import { until } from '../../scripts/lab/run.js';
import type { AuthorizedKeyStatus, PeerStatus } from '../../src/api/index.js';
import { Node, writeSecret } from './node.js';
import { answered, labProblem, needsLab } from './support.js';

const CLIENTS = [2, 3, 4];
let lab: Lab;
let keys: KeyPair[];
let server: Node;
const clients: Node[] = [];
let file: string;

const lineOf = (host: number, options = '') => `c${host} ${keys[host - 1].publicKey} ${options}`.trimEnd();

/** Replaces the file as editors do. */
function write(...lines: string[]): void {
  writeFileSync(`${file}.new`, lines.map((line) => `${line}\n`).join(''));
  renameSync(`${file}.new`, file);
}

beforeAll(async () => {
  if (labProblem) return;
  lab = await Lab.build({ hosts: 4, underlays: [{ family: 4 }] });
  keys = lab.hosts.map(newKeyPair);
  file = join(hostFolder(lab, 1), 'authorized-keys');
  write('# who may come', lineOf(2), lineOf(3, 'template=gold description="with gold"'));
  server = await new Node(lab, 1).start(
    interfaceOf(1, [
      `authorized-keys ${file} template basic`,
      'peer-template basic',
      'link 0',
      'timers interval 20 hold 300',
      'exit',
      'exit',
      'peer-template gold',
      'policy adaptive',
      'exit',
    ]),
  );
  for (const host of CLIENTS) {
    const { address } = lab.attachment(1, 1);
    const remote = ['link 0', `remote ${address} port 7700`, 'timers interval 20 hold 300', 'exit', 'exit'];
    const peer = ['peer server', `public-key ${keys[0].publicKey}`, ...remote];
    clients.push(await new Node(lab, host).start(interfaceOf(host, peer)));
  }
});
afterAll(async () => {
  await lab?.remove();
});
beforeEach(needsLab);

function interfaceOf(host: number, lines: string[]): string {
  const key = writeSecret(lab, host, 'octo0.key', keys[host - 1].privateKey);
  const own = [`private-key-file ${key}`, `address ${lanAddress(host)}/24`, 'no damping'];
  return `${['interface octo0', ...own, ...lines, 'no shutdown', 'exit'].join('\n')}\n`;
}

const soon = (what: string, holds: () => Promise<boolean>) => until(what, holds, 15_000, 50);

const states = async (): Promise<Partial<Record<'c2' | 'c3' | 'c4', string>>> => {
  const found = await server.json<AuthorizedKeyStatus[]>('show authorized-keys');
  return Object.fromEntries(found.map(({ name, state }) => [name, state]));
};

it('clients of the file come, each with its template; another host does not', async () => {
  for (const host of [2, 3]) await server.waitPeer(`c${host}`);
  expect(await answered(lab.hosts[1].namespace, lanAddress(1))).toBe(3);
  const peers = await server.json<PeerStatus[]>('show peers');
  expect(peers.map(({ name, policy }) => [name, policy]).sort()).toEqual([
    ['c2', 'passive'],
    ['c3', 'adaptive'],
  ]);
  expect(await server.cli('show peers c3')).toContain('with gold');
  expect(await clients[2].call('show.peers', {})).toMatchObject([{ state: 'down' }]);
  await soon('the stranger to be refused', async () => (await server.drops('handshake/unknown-peer')) > 0);
});

it('clients set the pace, and are asked for a slower one when theirs would be too much', async () => {
  const intervalAt = async (node: Node, peer: string) =>
    (await node.call('show.links', { peer })).map(({ intervalMs }) => intervalMs);
  expect(await intervalAt(server, 'c2')).toEqual([20]);
  await server.configure('interface octo0', 'heartbeat budget 10');
  await soon('c2 to follow', async () => (await intervalAt(clients[0], 'server'))[0] === 208);
  await soon('the server as well', async () => (await intervalAt(server, 'c3'))[0] === 208);
  const { clientLoads, peerMemory } = await server.call('show.system', {});
  expect(peerMemory.map(({ state, peers }) => [state, peers])).toEqual([
    ['authorized', 0],
    ['configured', 0],
    ['idle', expect.any(Number)],
    ['busy', expect.any(Number)],
  ]);
  expect(clientLoads).toMatchObject([{ clientsPresent: 2, heartbeatBudget: 10, shortestIntervalMs: 208 }]);
  const system = await server.cli('show system');
  expect(system).toContain('no more often than every 208 ms');
  expect(system).toContain('From 200 initiations/s on, addresses are to be proved');
  await server.configure('interface octo0', 'no heartbeat budget');
  await soon('c2 to have its own pace again', async () => (await intervalAt(clients[0], 'server'))[0] === 20);
});

it('clients reach each other by the server, also while it keeps its own octo0 down', async () => {
  await lab.run(1, 'ip', ['link', 'set', 'octo0', 'down']);
  expect(await answered(lab.hosts[1].namespace, lanAddress(3))).toBe(3);
  await lab.run(1, 'ip', ['link', 'set', 'octo0', 'up']);
  expect(await answered(lab.hosts[1].namespace, lanAddress(1))).toBe(3);
});

it('a line that comes admits, one that goes turns out at once, and the others stay', async () => {
  write(lineOf(3, 'template=gold'), lineOf(4));
  await soon('c4 to be known', async () => (await states()).c4 !== undefined);
  await server.waitPeer('c4');
  await clients[0].waitPeer('server', 'down');
  expect(await states()).toEqual({ c3: 'up', c4: 'up' });
  const [c3] = await server.call('show.peers', {});
  expect(c3.lastHandshakeSecondsAgo).toBeLessThan(120);
  expect((await server.tryCli('show peers c2')).stderr).toContain('peer c2 not found');
});

it('a wrong line is told with its number, and turns nobody out; nor does a file that cannot be used', async () => {
  write('', `c3 ${keys[2].publicKey.slice(0, 20)}`, lineOf(4), lineOf(2));
  await soon('c2 to be known', async () => (await states()).c2 !== undefined);
  await server.waitPeer('c2');
  expect(await states()).toEqual({ c2: 'up', c3: 'up', c4: 'up' });
  const events = await server.call('show.events', {});
  const refused = events.filter(
    (event) => event.kind === 'warning' && event.what === 'authorized-key-refused',
  );
  expect(refused).toMatchObject([{ detail: expect.stringContaining(`${file}:2: the second word must be`) }]);
  chmodSync(file, 0o666);
  const { stdout } = await server.tryCli('clear authorized-keys');
  expect(stdout).toContain('writable by others');
  const [octo0] = await server.call('show.interfaces', {});
  expect(octo0.missing).toEqual([expect.stringContaining('writable by others')]);
  expect(await states()).toEqual({ c2: 'up', c3: 'up', c4: 'up' });
});

it('a client whose time is over is turned out, and stays out', async () => {
  write(
    lineOf(2),
    lineOf(3),
    lineOf(4, `expires=${new Date(Date.now() + 1500).toISOString().slice(0, 19)}Z`),
  );
  await soon('c4 to be out', async () => (await states()).c4 === 'expired');
  await clients[2].waitPeer('server', 'down');
  await soon('it to be refused', async () => (await server.drops('handshake/client-expired')) > 0);
  expect((await server.tryCli('show peers c4')).stderr).toContain('client c4 is not connected');
});

it('other settings of a template reach its clients, who stay; a template that is gone takes them along', async () => {
  await server.configure('interface octo0', 'peer-template basic', 'policy round-robin');
  await soon('c2 to have them', async () => {
    const peers = await server.call('show.peers', {});
    return peers.find(({ name }) => name === 'c2')?.policy === 'round-robin';
  });
  expect((await states()).c2).toBe('up');
  write(lineOf(2, 'template=gold'), lineOf(3));
  await server.waitPeer('c2');
  await server.configure('interface octo0', 'no peer-template gold');
  await clients[0].waitPeer('server', 'down');
  await soon('it to be refused', async () => (await server.drops('handshake/client-without-template')) > 0);
});

it('a peer with a block takes the place of a client of that name', async () => {
  const link = ['link 0', 'remote dynamic', 'timers interval 20 hold 300'];
  // It calls again at once, so that nobody may find it down.
  const ends = async () => {
    const events = await clients[1].call('show.events', {});
    return events.filter((event) => event.kind === 'peer' && event.state === 'down').length;
  };
  const before = await ends();
  await server.configure('interface octo0', 'peer c3', `public-key ${keys[2].publicKey}`, ...link);
  await soon('it to be turned out', async () => (await ends()) > before);
  await server.waitPeer('c3');
  await clients[1].waitPeer('server');
  expect(await server.runningConfig()).toContain('peer c3');
  expect((await states()).c3).toBe('absent');
});
