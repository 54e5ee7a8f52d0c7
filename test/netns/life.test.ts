/** The life of a configuration on real daemons: what does not change is not disturbed, and a way back always works. */
import { existsSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ControlConnection } from '../../scripts/lab/control.js';
import { Lab } from '../../scripts/lab/lab.js';
import { lanAddress, newKeyPair, OCTOLINK } from '../../scripts/lab/mesh.js';
import type { PeerStatus } from '../../src/api/index.js';
import { Flood } from './flood.js';
import { type Node, type Site, startSite, tellOnFailure, waitAllUp, writeSecret } from './node.js';
import { answered, labProblem, needsLab } from './support.js';

const PEERS = 32;
/** Peers that there are in truth; the others are only configured. */
const HOSTS = 3;
/** Answers to wait for after a change. */
const A_WHILE = 20;

/** Peers that nobody answers for, until there are 32. */
function silentPeers(): string[] {
  const lines: string[] = [];
  for (let index = HOSTS; index <= PEERS; index++) {
    const remote = `remote 10.99.0.${index} port 7700`;
    lines.push(
      ` peer p${index}`,
      `  public-key ${newKeyPair().publicKey}`,
      '  link 0',
      `   ${remote}`,
      '  exit',
      ' exit',
    );
  }
  return lines;
}

let lab: Lab;
let site: Site;
let node: Node;

beforeAll(async () => {
  if (labProblem) return;
  lab = await Lab.build({ hosts: HOSTS, underlays: [{ family: 4 }, { family: 4 }] });
  site = await startSite(
    lab,
    () => ({ timers: { interval: 50, hold: 500 } }),
    (host, config) =>
      host === 1 ? config.replace(' no shutdown', `${silentPeers().join('\n')}\n no shutdown`) : config,
  );
  node = site.nodes[0];
  await waitAllUp(site, 2);
});
afterAll(async () => {
  await lab?.remove();
});
beforeEach(needsLab);
afterEach((context) => tellOnFailure(context, site));

const apply = (lines: string[]) =>
  node.call('config.apply', { context: [], lines, mode: 'replace', checkOnly: false });
const link = (...lines: string[]) => ['interface octo0', 'peer h3', 'link 0', ...lines];

describe('changing one peer of 32', () => {
  const remote = () => `remote ${lab.attachment(3, 1).address} port 7700`;

  const changes: [string, () => string[]][] = [
    ['its description', () => ['interface octo0', 'peer h3', 'description other']],
    ['its policy', () => ['interface octo0', 'peer h3', 'policy active']],
    ['the timers of a link', () => link('timers interval 100 hold 1000')],
    ['the priority of a link', () => link('priority 1')],
    ['the far end of a link', () => link('remote 10.99.0.1 port 7700')],
    ['the far end of a link, back', () => link(remote())],
    ['a link shut down', () => link('shutdown')],
    ['a link in service again', () => link('no shutdown')],
    ['the peer shut down', () => ['interface octo0', 'peer h3', 'shutdown']],
    ['the peer in service again', () => ['interface octo0', 'peer h3', 'no shutdown']],
    ['another key', () => ['interface octo0', 'peer h3', `public-key ${newKeyPair().publicKey}`]],
    ['the right key', () => ['interface octo0', 'peer h3', `public-key ${site.keys[2].publicKey}`]],
    ['the peer removed', () => ['interface octo0', 'no peer h3']],
    ['a new peer', () => ['interface octo0', 'peer new', `public-key ${newKeyPair().publicKey}`]],
  ];

  it('disturbs no frame of another, whatever is changed', async () => {
    const before = await node.runningConfig();
    expect(await node.call('show.peers', {})).toHaveLength(PEERS);
    const session = async () => {
      const { session, links } = await node.json<PeerStatus>('show peer h2');
      return [session?.role, links.map(({ transitions, state }) => [transitions, state])];
    };
    const first = await session();
    const flood = await Flood.start(lab, 1, lanAddress(2), 2);
    const back = await Flood.start(lab, 2, lanAddress(1), 2);
    for (const [, lines] of changes) {
      await node.configure(...lines());
      await flood.more(A_WHILE);
    }
    expect((await apply(before.split('\n'))).changed).toBe(true);
    expect(await flood.end()).toMatchObject({ lost: 0, duplicated: 0 });
    expect(await back.end()).toMatchObject({ lost: 0, duplicated: 0 });
    expect(await session()).toEqual(first);
    expect((await apply(before.split('\n'))).changed).toBe(false);
    await waitAllUp(site, 2);
  });
});

describe('a commit that awaits confirmation', () => {
  /** Cuts the way to h2, as an administrator who works through the tunnel cuts his own. */
  const CUT = ['interface octo0', 'peer h2', 'shutdown'];
  const reachable = () => answered(lab.hosts[0].namespace, lanAddress(2));

  it('is undone when the program that asked for it is killed', async () => {
    const commands = ['configure exclusive', ...CUT, 'commit confirmed 5', 'do wait peer h2 up timeout 600'];
    const words = commands.flatMap((command) => ['-c', command]);
    const cli = lab.start(1, process.execPath, [OCTOLINK, '-s', node.socket, ...words]);
    await node.waitPeer('h2', 'down');
    const state = await node.call('config.state', {});
    expect(state.pending).toMatchObject({ own: false });
    const refused = await node.tryCli('configure exclusive');
    expect(refused).toMatchObject({ code: 75, stderr: expect.stringContaining('is locked by user root') });
    await cli.stop('SIGKILL');
    await node.waitPeer('h2');
    expect(await reachable()).toBe(3);
    expect((await node.call('config.state', {})).lock).toBeNull();
  });

  it('outlives the orderly end of a script, and is confirmed or aborted by another', async () => {
    await node.cli('configure private', ...CUT, 'commit confirmed 5');
    await node.waitPeer('h2', 'down');
    expect(await node.cli('show configuration lock')).toContain('awaits confirmation');
    await node.cli('abort');
    await node.waitPeer('h2');
    expect((await node.tryCli('confirm')).code).toBe(1);
  });

  it('is undone by the next daemon when this one is killed', async () => {
    const before = await node.runningConfig();
    await node.cli('configure terminal', ...CUT, 'commit confirmed 5');
    await node.waitPeer('h2', 'down');
    await node.stop('SIGKILL');
    expect(existsSync(join(node.state, 'pending-commit.json'))).toBe(true);
    await node.start();
    expect(await node.runningConfig()).toBe(before);
    expect(existsSync(join(node.state, 'pending-commit.json'))).toBe(false);
    await node.waitPeer('h2');
    expect(await reachable()).toBe(3);
    expect(await node.cli('show archive')).toContain('not confirmed');
  });

  it('is undone by the next daemon when this one ends in order', async () => {
    const before = await node.runningConfig();
    await node.cli('configure terminal', ...CUT, 'commit confirmed 5');
    await node.stop();
    expect(existsSync(join(node.state, 'pending-commit.json'))).toBe(true);
    await node.start();
    expect(await node.runningConfig()).toBe(before);
    await waitAllUp(site, 2);
  });
});

describe('a rollback', () => {
  it('to what cannot run any more changes nothing and disturbs no frame', async () => {
    const before = await node.runningConfig();
    const keyFile = writeSecret(lab, 1, 'other.key', newKeyPair().privateKey);
    await node.configure('interface octo0', `private-key-file ${keyFile}`);
    await node.call('config.rollback', { number: 1 });
    expect(await node.runningConfig()).toBe(before);
    await waitAllUp(site, 2);
    unlinkSync(keyFile);
    const flood = await Flood.start(lab, 1, lanAddress(2), 2);
    // A folder in the way: the key can neither be read nor made.
    await lab.run(1, 'mkdir', [keyFile]);
    const refused = await node.tryCli('rollback 1');
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('other.key') });
    expect(await node.runningConfig()).toBe(before);
    expect(await flood.end()).toMatchObject({ lost: 0, duplicated: 0 });
  });

  it('of an interface that the kernel refuses brings the one that ran back', async () => {
    const before = await node.runningConfig();
    const setting = '/proc/sys/net/ipv6/conf/octo0/disable_ipv6';
    const disableIpv6 = (value: 0 | 1) => lab.run(1, 'sh', ['-c', `echo ${value} > ${setting}`]);
    await disableIpv6(1);
    const change = ['interface octo0', 'mtu 1300', 'address fd99::1/64'];
    await expect(node.configure(...change)).rejects.toThrow('fd99::1/64');
    await expect(node.configure(...change, 'no offload tap-tso')).rejects.toThrow('fd99::1/64');
    expect(await lab.run(1, 'ip', ['link', 'show', 'octo0'])).not.toContain('mtu 1300');
    await disableIpv6(0);
    expect(await node.runningConfig()).toBe(before);
    await waitAllUp(site, 2);
    expect(await answered(lab.hosts[0].namespace, lanAddress(2))).toBe(3);
  });
});

it('two that commit at once both get through or are told why, and nothing is half done', async () => {
  const before = await node.runningConfig();
  const [ana, bob] = await Promise.all([
    ControlConnection.open(node.socket),
    ControlConnection.open(node.socket),
  ]);
  try {
    for (const connection of [ana, bob]) await connection.call('config.open', { mode: 'private' });
    const edit = (connection: ControlConnection, mtu: number) =>
      connection.call('config.apply', {
        context: [],
        lines: ['interface octo0', `mtu ${mtu}`, `description set to ${mtu}`],
        mode: 'merge',
        checkOnly: false,
      });
    await edit(ana, 1400);
    await edit(bob, 1300);
    const results = await Promise.allSettled([ana.call('config.commit', {}), bob.call('config.commit', {})]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const [{ mtu, description }] = await node.call('show.interfaces', {});
    expect(description).toBe(`set to ${mtu}`);
    expect([1300, 1400]).toContain(mtu);
  } finally {
    ana.close();
    bob.close();
  }
  await node.cli('rollback 1');
  expect(await node.runningConfig()).toBe(before);
});
