/** From nothing to a network of two cards a side: an invitation, a token, a first ping; and how it is taken back. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { Lab } from '../../scripts/lab/lab.js';
import { OCTOLINK } from '../../scripts/lab/mesh.js';
import { capture, run, until } from '../../scripts/lab/run.js';
import type {
  ExpiryStatus,
  InvitationStatus,
  InviteResult,
  JoinOffer,
  LinkStatus,
} from '../../src/api/index.js';
import { Node } from './node.js';
import { sendFrames } from './raw.js';
import { answered, labProblem, needsLab, pingRound } from './support.js';

let lab: Lab;
let inviter: Node;
let joiner: Node;
let third: Node;
let keys: string;

beforeAll(async () => {
  if (labProblem) return;
  lab = await Lab.build({ hosts: 3, underlays: [{ family: 4 }, { family: 4 }] });
  inviter = await new Node(lab, 1).start('hostname tokyo\n');
  keys = join(inviter.state, 'clients/octo0.keys');
  joiner = await new Node(lab, 2).start('');
  third = await new Node(lab, 3).start('');
});
afterAll(async () => {
  await lab?.remove();
});
beforeEach(needsLab);

/** `octolink join` with the token on its standard input, as scripts do. */
function joinBy(node: Node, token: string, ...words: string[]) {
  const file = join(node.folder, 'token');
  writeFileSync(file, `${token}\n`, { mode: 0o600 });
  const program = [OCTOLINK, '-y', '-s', node.socket, 'join', 'file', file, ...words];
  return capture(process.execPath, program, { timeoutMs: 40_000 });
}

/** A frame without contents, in a VLAN. */
function taggedFrame(to: string, vlan: number): Buffer {
  const addresses = `${to}:02:00:00:00:00:99`.replaceAll(':', '');
  return Buffer.from(`${addresses}8100${vlan.toString(16).padStart(4, '0')}88b5`.padEnd(128, '0'), 'hex');
}

const soon = (what: string, holds: () => Promise<boolean>) => until(what, holds, 15_000, 50);

it('a host with an empty configuration joins by a token, with a link for each pair of cards', async () => {
  const words = [OCTOLINK, '-y', '-s', inviter.socket, 'setup'];
  const made = await capture(process.execPath, words, { timeoutMs: 20_000 });
  expect([made.code, made.stdout]).toEqual([0, expect.stringContaining('octo0 is up as 10.77.0.1/24')]);
  const { token, endpoints } = await inviter.json<InviteResult>('invite osaka');
  expect(endpoints).toHaveLength(2);
  const result = await joinBy(joiner, token);
  expect(result.stderr).toContain('Ways to tokyo');
  expect([result.code, result.stdout]).toEqual([0, expect.stringContaining('2 of 2 links to tokyo up')]);
  const links = await joiner.json<LinkStatus[]>('show links');
  expect(links.map(({ link, state }) => [link, state])).toEqual([
    [0, 'up'],
    [1, 'up'],
  ]);
  const ends = links.flatMap(({ local, remote }) => [local, remote]);
  expect(new Set(ends).size).toBe(4);
  expect(await answered(lab.hosts[1].namespace, '10.77.0.1')).toBe(3);
  expect(joiner.fileText()).toContain('address 10.77.0.2/24');
  const state = join(inviter.state, 'invitations.json');
  expect(statSync(state).mode & 0o777).toBe(0o600);
  for (const file of [state, keys, inviter.logFile, joiner.logFile]) {
    expect(readFileSync(file, 'utf8')).not.toContain(token.slice(12, 40));
  }
});

it('the same token works again for the same host, and for no other', async () => {
  await inviter.json<InviteResult>('invite kobe');
  const invitations = await inviter.json<InvitationStatus[]>('show invitations');
  expect(invitations.map(({ name, state }) => [name, state])).toEqual([
    ['osaka', 'used'],
    ['kobe', 'open'],
  ]);
  // What was used can no longer expire.
  const expiry = await inviter.json<ExpiryStatus[]>('show expiry');
  expect(expiry.map(({ kind, name, state }) => [kind, name, state])).toEqual([
    ['invitation', 'kobe', 'valid'],
  ]);
  const token = readFileSync(join(joiner.folder, 'token'), 'utf8').trim();
  const again = await joinBy(joiner, token, 'identity-only');
  expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('knows this host now as osaka')]);
  const other = await joinBy(third, token);
  expect([other.code, other.stderr]).toEqual([
    1,
    expect.stringContaining('the invitation has already been used'),
  ]);
  expect(await third.runningConfig()).not.toContain('interface');
});

it('an invitation outlives its inviter, and a forbidden port is named', async () => {
  const { token } = await inviter.json<InviteResult>('invite nara vlan access 10 valid 2h');
  await inviter.stop();
  const refused = await joinBy(third, token);
  expect([refused.code, refused.stderr]).toEqual([
    1,
    expect.stringMatching(/no program has this UDP port open/),
  ]);
  await inviter.start();
  const result = await joinBy(third, token, 'identity-only');
  expect(result.code).toBe(0);
  expect(await third.runningConfig()).not.toContain('interface');
  const offer = await third.call('join', { token });
  expect(offer).toMatchObject({
    addresses: [],
    vlan: { mode: 'access', vlan: 10 },
  } satisfies Partial<JoinOffer>);
  await joiner.waitPeer('tokyo');
});

it('who was invited into a VLAN is told so, and is in that one alone', async () => {
  const result = await joinBy(third, readFileSync(join(third.folder, 'token'), 'utf8'));
  expect(result.stderr).toContain('tokyo puts this host into VLAN 10; its frames carry no tag.');
  expect([result.code, result.stdout]).toEqual([0, expect.stringContaining('Joined octo0 as nara: ')]);
  const nara = lab.hosts[2].namespace;
  await run('ip', ['-n', nara, 'address', 'add', '10.77.0.9/24', 'dev', 'octo0']);
  expect(await pingRound(nara, '10.77.0.1', 1)).toBe(0);
  await inviter.configure('interface octo0', 'vlan access 10');
  // The kernel may still wait for an answer to what it asked before, and gives pings up with that.
  await soon('the same VLAN to be reached', async () => (await answered(nara, '10.77.0.1')) === 3);
  const tagged = taggedFrame(await inviter.mac(), 20);
  await sendFrames(lab, 3, 'octo0', [tagged]);
  await soon('the other VLAN to be refused', async () => (await inviter.drops('vlan-ingress')) > 0);
});

it('who is revoked is turned out at once, and the token is worth nothing any more', async () => {
  await inviter.waitPeer('osaka');
  expect(await inviter.cli('revoke osaka')).toContain('osaka was turned out');
  await joiner.waitPeer('tokyo', 'down');
  expect(readFileSync(keys, 'utf8')).not.toContain('osaka');
  const token = readFileSync(join(joiner.folder, 'token'), 'utf8').trim();
  const unanswered = joiner.call('join', { token }).catch(() => null);
  await soon('it to be refused', async () => (await inviter.drops('handshake/invitation-unknown')) > 0);
  await joiner.stop();
  expect(await unanswered).toBeNull();
  expect(readFileSync(keys, 'utf8')).toContain('nara');
});
