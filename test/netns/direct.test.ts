/** Two clients behind NATs of their own, whom their server introduces: h1 is the server, h2 and h3 the NATs, h4 and h5 the clients. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hostFolder, Lab } from '../../scripts/lab/lab.js';
import { type KeyPair, lanAddress, newKeyPair } from '../../scripts/lab/mesh.js';
import { until } from '../../scripts/lab/run.js';
import type { LinkStatus } from '../../src/api/index.js';
import { Flood } from './flood.js';
import { Node, tellOnFailure, writeSecret } from './node.js';
import { answered, labProblem, needsLab } from './support.js';

const SERVER = 1;
/** Several times as long as it takes the server to notice that two clients talk, which is 3 s. */
const PATIENCE_MS = 20_000;
/** Underlay 1 is public; each client and its NAT share another one. */
const SITES = [
  { client: 4, nat: 2, underlay: 2 },
  { client: 5, nat: 3, underlay: 3 },
];
let lab: Lab;
let keys: KeyPair[];
let nodes: Node[] = [];

beforeAll(async () => {
  if (labProblem) return;
  lab = await Lab.build({ hosts: 5, underlays: [{ family: 4 }, { family: 4 }, { family: 4 }] });
  keys = lab.hosts.map(newKeyPair);
  for (const { client, nat, underlay } of SITES) {
    const absent = underlay === 2 ? 3 : 2;
    await lab.setDevice(nat, absent, 'down');
    for (const other of [1, absent]) await lab.setDevice(client, other, 'down');
    const gateway = lab.attachment(nat, underlay).address;
    await lab.run(client, 'ip', ['route', 'add', 'default', 'via', gateway]);
    await lab.run(nat, 'sysctl', ['-qw', 'net.ipv4.ip_forward=1']);
  }
  const file = join(hostFolder(lab, SERVER), 'authorized-keys');
  writeFileSync(file, SITES.map(({ client }) => `c${client} ${keys[client - 1].publicKey}\n`).join(''));
  const server = ['peer-template staff', 'no split-horizon', 'introduce', ...link('remote dynamic'), 'exit'];
  nodes = [
    await new Node(lab, SERVER).start(
      interfaceOf(SERVER, [...server, `authorized-keys ${file} template staff`]),
    ),
  ];
});
afterAll(async () => {
  await lab?.remove();
});
beforeEach(needsLab);
afterEach((context) => tellOnFailure(context, { nodes, keys }));

function link(remote: string): string[] {
  return ['link 0', remote, 'timers interval 50 hold 200', 'exit'];
}

function interfaceOf(host: number, lines: string[]): string {
  const key = writeSecret(lab, host, 'octo0.key', keys[host - 1].privateKey);
  const own = [`private-key-file ${key}`, `address ${lanAddress(host)}/24`, 'no damping', ...lines];
  return `${['interface octo0', ...own, 'no shutdown', 'exit'].join('\n')}\n`;
}

/** How both NATs choose ports from now on, for flows that are new to them; what nobody inside has asked for is dropped. */
async function translate(how: 'masquerade' | 'masquerade fully-random', more = ''): Promise<void> {
  const rules =
    'table ip nat0\ndelete table ip nat0\ntable ip nat0 {\n' +
    `chain out { type nat hook postrouting priority srcnat; oifname "u1" ${how}; }\n` +
    'chain in { type filter hook input priority filter; iifname "u1" ct state new drop; }\n' +
    `chain through { type filter hook forward priority filter; ${more} }\n}\n`;
  for (const { nat } of SITES) await lab.run(nat, 'sh', ['-c', `printf '%s' "$1" | nft -f -`, 'sh', rules]);
}

/** Starts both clients, with a port that no NAT has seen. */
async function startClients(port: number): Promise<void> {
  for (const node of nodes.splice(1)) await node.stop();
  const server = lab.attachment(SERVER, 1).address;
  for (const { client } of SITES) {
    const peer = ['peer server', `public-key ${keys[SERVER - 1].publicKey}`, 'direct'];
    const lines = [`listen port ${port}`, ...peer, ...link(`remote ${server} port 7700`), 'exit'];
    nodes.push(await new Node(lab, client).start(interfaceOf(client, lines)));
  }
  for (const { client } of SITES) await nodes[0].waitPeer(`c${client}`);
}

const stateOf = async (node: Node, peer: string, id: number): Promise<string | undefined> =>
  (await node.json<LinkStatus[]>('show links')).find((one) => one.peer === peer && one.link === id)?.state;

/** What has gone by the server. */
const switched = () => nodes[0].counter('forwardedFrames');

describe('two clients of a server', () => {
  it('behind NATs that give each flow another port go on by the server', async () => {
    await translate('masquerade fully-random');
    await startClients(7801);
    const flood = await Flood.start(lab, 4, lanAddress(5), 10);
    await until(
      'the peers to know each other',
      async () => (await stateOf(nodes[1], 'c5', 7)) === 'up',
      PATIENCE_MS,
    );
    await flood.more(100);
    expect(await stateOf(nodes[1], 'c5', 0)).toBe('down');
    expect(await flood.end()).toMatchObject({ lost: 0, duplicated: 0 });
  });

  it('behind other NATs get a direct link, and lose nothing meanwhile', async () => {
    await translate('masquerade');
    await startClients(7802);
    const flood = await Flood.start(lab, 4, lanAddress(5), 10);
    await until('a direct link', async () => (await stateOf(nodes[1], 'c5', 0)) === 'up', PATIENCE_MS);
    await nodes[2].waitLink('c4', 0);
    await flood.more(50);
    const before = await switched();
    await flood.more(50);
    expect((await switched()) - before).toBeLessThan(20);
    expect(await flood.end()).toMatchObject({ lost: 0, duplicated: 0 });
    const [shown] = (await nodes[1].cli('show peers c5')).split('\n');
    expect(shown).toContain('c5');
  });

  it('lose nothing when the direct link dies, and go on by the server', async () => {
    const flood = await Flood.start(lab, 4, lanAddress(5), 10);
    await translate('masquerade', 'ip daddr 10.1.0.2-10.1.0.3 drop; ip saddr 10.1.0.2-10.1.0.3 drop;');
    await nodes[1].waitLink('c5', 0, 'down');
    await flood.more(50);
    expect(await flood.end()).toMatchObject({ lost: 0, duplicated: 0 });
    await translate('masquerade');
    await nodes[1].waitLink('c5', 0);
    expect(await answered(lab.hosts[3].namespace, lanAddress(5))).toBe(3);
  });
});
