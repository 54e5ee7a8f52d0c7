/** A server that switches between two clients, which know only it. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { Lab } from '../../scripts/lab/lab.js';
import { lanAddress } from '../../scripts/lab/mesh.js';
import { until } from '../../scripts/lab/run.js';
import type { ArpSuppressionStatus, MacEntry, VlanStatus } from '../../src/api/index.js';
import { type Site, startSite } from './node.js';
import { transfer } from './raw.js';
import { answered, carries, labProblem, needsLab } from './support.js';

const [ONE, TWO, SERVER] = [1, 2, 3];
const BYTES = 16 << 20;
const PATIENCE_MS = 15_000;

let lab: Lab;
let site: Site;

beforeAll(async () => {
  if (labProblem) return;
  lab = await Lab.build({ hosts: 3, underlays: [{ family: 4 }] });
  site = await startSite(lab);
  await site.nodes[ONE - 1].configure('interface octo0', `no peer h${TWO}`);
  await site.nodes[TWO - 1].configure('interface octo0', `no peer h${ONE}`);
  for (const client of [ONE, TWO]) {
    await setOfServer(client, 'no split-horizon');
    await site.nodes[SERVER - 1].waitLink(`h${client}`, 0);
    await site.nodes[client - 1].waitLink(`h${SERVER}`, 0);
  }
});
afterAll(async () => {
  await lab?.remove();
});
beforeEach(needsLab);

function setOfServer(client: number, line: string): Promise<void> {
  return site.nodes[SERVER - 1].configure('interface octo0', `peer h${client}`, line);
}

const ping = (from: number, to: number) => answered(lab.hosts[from - 1].namespace, lanAddress(to));

/** Waits for pings after others were not answered: the kernel may still wait for an answer to what it asked then. */
const reachesAgain = (from: number, to: number) =>
  until('a client to be reached again', async () => (await ping(from, to)) === 3, PATIENCE_MS);

it('pings pass between clients by the server, whose table says where each is', async () => {
  expect(await ping(ONE, TWO)).toBe(3);
  expect(await ping(TWO, SERVER)).toBe(3);
  const macs = await site.nodes[SERVER - 1].json<MacEntry[]>('show mac-table');
  for (const client of [ONE, TWO]) {
    const mac = await site.nodes[client - 1].mac();
    expect(macs.find((entry) => entry.mac === mac)?.peer).toBe(`h${client}`);
  }
});

it('a TCP stream between clients arrives unharmed, in runs of segments', async () => {
  const before = await site.nodes[SERVER - 1].counter('forwardedFrames');
  const { sent, received } = await transfer(lab, ONE, TWO, lanAddress(TWO), BYTES);
  expect(received).toBe(sent);
  expect((await site.nodes[SERVER - 1].counter('forwardedFrames')) - before).toBeGreaterThan(BYTES / 1500);
});

it('a server with arp-suppression answers its clients, and what they then send arrives', async () => {
  const server = site.nodes[SERVER - 1];
  await server.configure('interface octo0', 'arp-suppression');
  const { namespace } = lab.hosts[ONE - 1];
  const shown = await lab.run(TWO, 'ip', ['-6', '-o', 'address', 'show', 'dev', 'octo0', 'scope', 'link']);
  const linkLocal = `${/fe80::[0-9a-f:]+/.exec(shown)?.[0]}%octo0`;
  const status = async () => (await server.json<ArpSuppressionStatus[]>('show arp-suppression'))[0];
  const asked = async () => {
    await lab.run(ONE, 'ip', ['neigh', 'flush', 'dev', 'octo0']);
    expect(await answered(namespace, lanAddress(TWO))).toBe(3);
    expect(await answered(namespace, linkLocal)).toBe(3);
    return (await status()).answered;
  };
  const before = await asked();
  expect(await asked()).toBeGreaterThanOrEqual(before + 2);
  const mac = await site.nodes[TWO - 1].mac();
  const { addresses } = await status();
  expect(addresses.find(({ address }) => address === lanAddress(TWO))).toMatchObject({
    mac,
    peer: `h${TWO}`,
  });
  await server.configure('interface octo0', 'no arp-suppression');
  expect((await status()).addresses).toEqual([]);
});

it('what one client sends without a tag reaches those in its VLAN that have tags, and no other', async () => {
  const server = site.nodes[SERVER - 1];
  await setOfServer(ONE, 'vlan access 10');
  await setOfServer(TWO, 'vlan trunk native 20 allowed 10');
  await server.configure('interface octo0', 'vlan access 20');
  // To the server it sends tagged frames; the kernel behind its TAP knows nothing of tags.
  await site.nodes[TWO - 1].configure('interface octo0', 'vlan access 10');
  const { namespace } = lab.hosts[ONE - 1];
  expect(await ping(ONE, TWO)).toBe(3);
  expect(await carries(namespace, lanAddress(TWO), 1472)).toBe(true);
  for (const [from, to] of [
    [ONE, TWO],
    [TWO, ONE],
  ]) {
    const { sent, received } = await transfer(lab, from, to, lanAddress(to), BYTES);
    expect(received).toBe(sent);
  }
  expect(await ping(ONE, SERVER)).toBe(0);
  const vlans = await server.json<VlanStatus[]>('show vlan');
  const [one, two] = [`h${ONE}`, `h${TWO}`];
  expect(vlans).toMatchObject([
    {
      vlan: 10,
      members: [
        { peer: one, mode: 'untagged' },
        { peer: two, mode: 'tagged' },
      ],
      macs: 2,
    },
    {
      vlan: 20,
      members: [
        { peer: null, mode: 'untagged' },
        { peer: two, mode: 'untagged' },
      ],
    },
  ]);
  expect(await server.cli('show vlan')).toContain(`${one}:U, ${two}:T`);
  expect(await server.cli(`show peer ${two}`)).toContain('VLAN trunk native 20 allowed 10');
  for (const client of [ONE, TWO]) await setOfServer(client, 'no vlan');
  for (const host of [TWO, SERVER]) await site.nodes[host - 1].configure('interface octo0', 'no vlan');
  expect(await ping(ONE, TWO)).toBe(3);
});

it('clients of one group reach the server, but not each other', async () => {
  for (const client of [ONE, TWO]) await setOfServer(client, 'split-horizon group 1');
  expect(await ping(ONE, TWO)).toBe(0);
  await reachesAgain(ONE, SERVER);
  expect(await site.nodes[SERVER - 1].cli(`show peer h${ONE}`)).toContain('Split horizon group 1');
  for (const client of [ONE, TWO]) await setOfServer(client, 'no split-horizon');
  await reachesAgain(ONE, TWO);
});
