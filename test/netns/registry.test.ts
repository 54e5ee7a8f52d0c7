/** Members that find each other by etcd: h1 has a cluster of three with TLS, client certificates and users; h2 to h4 are members. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, type TestContext } from 'vitest';
import { EtcdCluster } from '../../scripts/lab/etcd.js';
import { hostFolder, Lab } from '../../scripts/lab/lab.js';
import { type KeyPair, lanAddress, newKeyPair } from '../../scripts/lab/mesh.js';
import { until } from '../../scripts/lab/run.js';
import type { RegistryMember, RegistryStatus } from '../../src/api/index.js';
import { generateKeyPair } from '../../src/crypto/primitives.js';
import { sodiumPrimitives } from '../../src/crypto/sodium.js';
import { memberSigningKeys, signRecord } from '../../src/member/record.js';
import { Flood } from './flood.js';
import { Node, tellOnFailure, writeSecret } from './node.js';
import { answered, labProblem, needsLab } from './support.js';

const PREFIX = '/octolink/lab';
const PASSWORD = 'correct-horse-battery';
const PATIENCE_MS = 30_000;
/** A member that has found no server for a while waits up to 22 s before it asks again; then one may have to be elected. */
const FOLLOWED_WITHIN_MS = 40_000;

let lab: Lab;
let etcd: EtcdCluster;
let keys: KeyPair[];
let problem: string | undefined;
const nodes: Node[] = [];

beforeAll(async () => {
  if (labProblem) return;
  lab = await Lab.build({ hosts: 4, underlays: [{ family: 4 }, { family: 4 }] });
  keys = lab.hosts.map(newKeyPair);
  const { address } = lab.attachment(1, 1);
  try {
    etcd = await EtcdCluster.start({ lab, host: 1, address, members: 3, tls: true });
  } catch (error) {
    problem = `no etcd: ${(error as Error).message}`;
    console.log(`skipped: ${problem}`);
    return;
  }
  await allowOneUser();
});
afterAll(async () => {
  await etcd?.kill();
  await lab?.remove();
});
beforeEach((context: TestContext) => {
  needsLab(context);
  if (problem !== undefined) context.skip(problem);
});
afterEach((context) => tellOnFailure(context, { nodes: nodes.filter((node) => node !== undefined), keys }));

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** A user that may read and write below the prefix and nothing else. */
async function allowOneUser(): Promise<void> {
  const perm = { permType: 'READWRITE', key: base64(`${PREFIX}/`), range_end: base64(`${PREFIX}0`) };
  await etcd.call('auth/user/add', { name: 'root', password: 'root-password' });
  await etcd.call('auth/user/add', { name: 'octo', password: PASSWORD });
  await etcd.call('auth/role/add', { name: 'root' });
  await etcd.call('auth/role/add', { name: 'members' });
  await etcd.call('auth/role/grant', { name: 'members', perm });
  await etcd.call('auth/user/grant', { user: 'root', role: 'root' });
  await etcd.call('auth/user/grant', { user: 'octo', role: 'members' });
  await etcd.call('auth/enable', {});
}

async function rootToken(index = 0): Promise<string> {
  const ask = { name: 'root', password: 'root-password' };
  let token: unknown;
  // One that was just started serves nobody yet.
  const isServed = async () => {
    token = (await etcd.call('auth/authenticate', ask, index))['token'];
    return token !== undefined;
  };
  await until('etcd to give a token', isServed, PATIENCE_MS);
  return token as string;
}

/** How many members have a record in etcd. */
async function recordsOf(token: string): Promise<number> {
  const range = { key: base64(`${PREFIX}/`), range_end: base64(`${PREFIX}0`), count_only: true };
  return Number((await etcd.call('kv/range', range, 0, token))['count']);
}

async function start(host: number, more: string[] = []): Promise<Node> {
  const key = writeSecret(lab, host, 'octo0.key', keys[host - 1].privateKey);
  const password = writeSecret(lab, host, 'password', PASSWORD);
  const file = join(hostFolder(lab, host), 'authorized-keys');
  writeFileSync(file, [2, 3, 4].map((of) => `m${of} ${keys[of - 1].publicKey}\n`).join(''));
  const { ca, client, clientKey } = etcd.certificates;
  const link = (id: number) => [`link ${id}`, `local ${lab.attachment(host, id + 1).address} port 7700`];
  const timers = ['timers interval 50 hold 200', 'exit'];
  const lines = [
    'interface octo0',
    `private-key-file ${key}`,
    `address ${lanAddress(host)}/24`,
    'no damping',
    'peer-template mesh',
    ...[0, 1].flatMap((id) => [...link(id), ...timers]),
    'exit',
    `authorized-keys ${file} template mesh`,
    ...etcd.urls.map((url) => `registry etcd ${url}`),
    `registry prefix ${PREFIX}`,
    `registry ca-file ${ca}`,
    `registry certificate-file ${client} key-file ${clientKey}`,
    `registry user octo password-file ${password}`,
    ...more,
    'no shutdown',
    'exit',
  ];
  const node = await new Node(lab, host).start(`${lines.join('\n')}\n`);
  nodes[host] = node;
  return node;
}

async function linked(a: number, b: number): Promise<void> {
  for (const [one, other] of [
    [a, b],
    [b, a],
  ]) {
    for (const id of [0, 1]) await nodes[one].waitLink(`m${other}`, id);
  }
}

async function status(host: number): Promise<RegistryStatus> {
  return (await nodes[host].call('show.registry', {}))[0];
}

async function memberOf(host: number, name: string): Promise<RegistryMember | undefined> {
  return (await status(host)).members.find((member) => member.name === name);
}

/** Writes a record in the place and the name of a member that sends all others astray, signed with a key of somebody else. */
async function forge(
  of: number,
  token: string,
  secretKey = generateKeyPair(sodiumPrimitives).secretKey,
): Promise<void> {
  const forger = memberSigningKeys(sodiumPrimitives, secretKey);
  const elsewhere = { family: 4 as const, bytes: [192, 0, 2, 1] };
  const now = Date.now();
  const record = {
    name: 'forged',
    publicKey: Buffer.from(keys[of - 1].publicKey, 'base64'),
    sequence: now + 1_000_000,
    signedMs: now,
    lifetimeS: 86_400,
    isGone: false,
    endpoints: [0, 1].map((link) => ({ link, address: elsewhere, port: 7700 })),
    vlans: [],
    groups: [],
  };
  const value = Buffer.from(signRecord(sodiumPrimitives, record, forger)).toString('base64');
  const key = `${PREFIX}/members/${Buffer.from(record.publicKey).toString('base64url')}`;
  const isPut = async () => 'header' in (await etcd.call('kv/put', { key: base64(key), value }, 0, token));
  await until('etcd to take it', isPut, PATIENCE_MS);
}

/** Forges the record of a running member until that is seen: its owner sets it right with its next tick, perhaps at once. */
async function forgeUntil(
  what: string,
  isSeen: () => Promise<boolean>,
  secretKey?: Uint8Array,
): Promise<void> {
  const holds = async () => {
    if (await isSeen()) return true;
    await forge(4, await rootToken(), secretKey);
    return false;
  };
  await until(what, holds, PATIENCE_MS);
}

const follows = (host: number) =>
  until(
    'the registry to be followed',
    async () => (await status(host)).state === 'following',
    FOLLOWED_WITHIN_MS,
  );

it('members find each other and have every link', async () => {
  await Promise.all([start(2, ['registry name somebody']), start(3)]);
  await linked(2, 3);
  expect(await answered(lab.hosts[1].namespace, lanAddress(3))).toBe(3);
  expect((await status(2)).members.map(({ name }) => name).sort()).toEqual(['m2', 'm3']);
  expect(await nodes[2].runningConfig()).toContain('registry user octo password-file ');
  expect((await nodes[2].runningConfig()) + nodes[2].log()).not.toContain(PASSWORD);
});

it('nothing is lost when the leader is killed, and a new member finds all, whatever was written in its name', async () => {
  await forge(4, await rootToken());
  const forged = async () => (await memberOf(2, 'm4'))?.isSigningKeyProven === false;
  await until('the forged record to be seen', forged, PATIENCE_MS);
  const flood = await Flood.start(lab, 2, lanAddress(3), 10);
  const leader = await etcd.leader();
  await etcd.stop(leader);
  await start(4);
  await linked(4, 2);
  await linked(4, 3);
  expect(await flood.end()).toMatchObject({ lost: 0, duplicated: 0 });
  etcd.again(leader);
  const { signingKey } = await status(4);
  const proven = async () => (await memberOf(2, 'm4'))?.isSigningKeyProven === true;
  await until('it to prove its key', proven, PATIENCE_MS);
  expect(await memberOf(2, 'm4')).toMatchObject({ signingKey, standing: 'peer' });
  const refused = async () => ((await status(2)).refused['another-signing-key'] ?? 0) > 0;
  await forgeUntil('the forged record to be refused', refused);
});

it('a member stays where it is heard, whatever its record says', async () => {
  const flood = await Flood.start(lab, 2, lanAddress(4), 10);
  const isAstray = async () =>
    (await memberOf(2, 'm4'))?.endpoints.every(({ endpoint }) => endpoint.startsWith('192.0.2.1:')) ?? false;
  await forgeUntil('the wrong record to be there', isAstray, Buffer.from(keys[3].privateKey, 'base64'));
  await flood.more(20);
  expect(await flood.end()).toMatchObject({ lost: 0, duplicated: 0 });
  expect(await memberOf(2, 'm4')).toMatchObject({ up: true });
});

it('a lease that ends while its member is cut off from etcd, and a history that is dropped, remove nobody', async () => {
  const { lease } = await status(2);
  const token = await rootToken();
  const flood = await Flood.start(lab, 2, lanAddress(3), 10);
  // What etcd says to h2 vanishes on its way.
  const away = ['blackhole', `${lab.attachment(2, 1).address}/32`];
  await lab.run(1, 'ip', ['route', 'add', ...away]);
  await etcd.call('lease/revoke', { ID: lease }, 0, token);
  expect(await recordsOf(token)).toBe(2);
  const { header } = await etcd.call('kv/range', { key: Buffer.from('/').toString('base64') }, 0, token);
  await etcd.call('kv/compaction', { revision: (header as { revision: string }).revision }, 0, token);
  await lab.run(1, 'ip', ['route', 'del', ...away]);
  await until('another lease', async () => ![lease, null].includes((await status(2)).lease), PATIENCE_MS);
  await until('its record to be there again', async () => (await recordsOf(token)) === 3, PATIENCE_MS);
  await follows(2);
  // Which of the two called first decides which it is.
  expect(['peer', 'client']).toContain((await memberOf(3, 'm2'))?.standing);
  expect(await flood.end()).toMatchObject({ lost: 0, duplicated: 0 });
});

it('without etcd nothing moves, and a daemon that starts finds whom it knew', async () => {
  const flood = await Flood.start(lab, 2, lanAddress(3), 10);
  await etcd.kill();
  await until('the loss to be noticed', async () => (await status(2)).state === 'connecting', PATIENCE_MS);
  await nodes[4].stop();
  await nodes[4].start();
  await linked(4, 2);
  expect(await flood.end()).toMatchObject({ lost: 0, duplicated: 0 });
  expect((await status(2)).error).toContain('ECONNREFUSED');
  for (const index of etcd.members.keys()) etcd.again(index);
});

it('a member that is revoked is turned out by those who name the revoker', async () => {
  const { signingKey } = await status(2);
  await nodes[3].configure('interface octo0', `registry revoker ${signingKey}`);
  await follows(3);
  const said = await nodes[2].cli('member revoke m4');
  expect(said).toContain('Revoked m4');
  const gone = async (host: number) => (await memberOf(host, 'm4'))?.standing === 'revoked';
  for (const host of [2, 3]) await until('it to be turned out', () => gone(host), PATIENCE_MS);
  // Its key still stands in the file of authorized keys.
  await nodes[4].stop();
  await nodes[4].start();
  await until(
    'it to be refused',
    async () => (await nodes[3].drops('handshake/client-revoked')) > 0,
    PATIENCE_MS,
  );
  expect(await answered(lab.hosts[1].namespace, lanAddress(3))).toBe(3);
  await follows(2);
});

it('a member that goes to another registry says so, and is dropped', async () => {
  await nodes[3].configure('interface octo0', `registry prefix ${PREFIX}-elsewhere`);
  await until('it to have left', async () => (await memberOf(2, 'm3'))?.standing === 'left', PATIENCE_MS);
});
