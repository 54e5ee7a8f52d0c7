/** Two sites whose LANs are bridged twice, by two interfaces of their daemons. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { Lab } from '../../scripts/lab/lab.js';
import { newKeyPair } from '../../scripts/lab/mesh.js';
import { until } from '../../scripts/lab/run.js';
import type { ControlEvent, PeerStatus } from '../../src/api/index.js';
import { type Site, startSite, writeSecret } from './node.js';
import { BROADCAST, Capture, ethernet, sendFrames } from './raw.js';
import { labProblem, needsLab } from './support.js';

const HOSTS = [1, 2] as const;
const ETHERTYPE = 0x88b6;
let lab: Lab;
let site: Site;

beforeAll(async () => {
  if (labProblem) return;
  lab = await Lab.build({ hosts: 2, underlays: [{ family: 4 }] });
  for (const host of HOSTS) {
    await lab.run(host, 'ip', 'link add br0 type bridge'.split(' '));
    await lab.run(host, 'ip', 'link set br0 up'.split(' '));
  }
  site = await startSite(lab, () => ({ interfaceLines: ['bridge br0'] }));
});
afterAll(async () => {
  await lab?.remove();
});
beforeEach(needsLab);

/** How the peer of each interface of each host stands in loops of a VLAN. */
async function loops(vlan = 0): Promise<(string | null)[]> {
  const answers = site.nodes.map((node) => node.json<PeerStatus[]>('show peers'));
  const peers = (await Promise.all(answers)).flat();
  return peers.map((peer) => peer.loops.find((loop) => loop.vlan === vlan)?.state ?? null);
}

/** Whether one gateway holds its way and the three others say so. */
function isCut(states: (string | null)[]): boolean {
  const count = (wanted: string) => states.filter((state) => state === wanted).length;
  return count('held') === 1 && count('held-elsewhere') === 3;
}

/** Another way, by an interface of its own at both sites. */
async function addWay(name: string, port: number): Promise<void> {
  const keys = HOSTS.map(newKeyPair);
  for (const host of HOSTS) {
    const other = 3 - host;
    const attachment = (of: number) => lab.attachment(of, 1).address;
    await site.nodes[host - 1].configure(
      `interface ${name}`,
      `private-key-file ${writeSecret(lab, host, `${name}.key`, keys[host - 1].privateKey)}`,
      'bridge br0',
      `listen port ${port}`,
      `peer h${other}`,
      `public-key ${keys[other - 1].publicKey}`,
      'link 0',
      `remote ${attachment(other)} port ${port}`,
      'exit',
      'exit',
      'no shutdown',
    );
  }
}

it('the newer way is held at one end, a broadcast arrives once, and the loop is named at both', async () => {
  await site.nodes[0].waitPeer('h2');
  await addWay('octo1', 7701);
  await until('the loop to be cut', async () => isCut(await loops()), 15_000);
  for (const node of site.nodes) {
    const events = await node.json<ControlEvent[]>('show events');
    expect(events.some(({ kind }) => kind === 'loop')).toBe(true);
    expect(await node.cli('show interfaces')).toMatch(/Peer h[12] (is held|closes a loop)/);
  }
  const capture = await Capture.start(lab, 2, 'br0');
  const frame = ethernet(BROADCAST, '02:00:00:00:77:01', ETHERTYPE, Buffer.from('once'.padEnd(60)));
  const end = ethernet(BROADCAST, '02:00:00:00:77:01', ETHERTYPE, Buffer.from('last'.padEnd(60)));
  const is = (text: string) => (seen: { bytes: Buffer }) => seen.bytes.includes(text);
  await sendFrames(lab, 1, 'br0', [frame]);
  await sendFrames(lab, 1, 'br0', [end]);
  await capture.until('the last frame', 1, is('last'));
  expect((await capture.stop()).filter(is('once'))).toHaveLength(1);
});

it('of three ways all but one are held, and no probe goes round', async () => {
  await addWay('octo2', 7702);
  const count = (states: (string | null)[], wanted: string) => states.filter((one) => one === wanted).length;
  await until(
    'two ways to be held',
    async () => {
      const states = await loops();
      return count(states, 'held') === 2 && count(states, 'held-elsewhere') === 4;
    },
    15_000,
  );
  const arrived = async () => Number(await lab.run(2, 'cat', ['/sys/class/net/octo1/statistics/rx_packets']));
  const before = await arrived();
  // Some 100 ms and more each, in which probes that go round would be thousands.
  for (let round = 0; round < 10; round++) await site.nodes[0].cli('show peers');
  expect((await arrived()) - before).toBeLessThan(1000);
  for (const node of site.nodes) await node.configure('no interface octo2');
  await until('the loop to be cut once', async () => isCut(await loops()), 15_000);
});

it('lets go when the older way is gone', async () => {
  await site.nodes[0].configure('interface octo0', 'shutdown');
  await until(
    'the newer way to be free',
    async () => {
      const states = await loops();
      return states.every((state) => state === null);
    },
    15_000,
  );
});

it('finds a loop of a tagged VLAN alone, and names it', async () => {
  for (const [index, node] of site.nodes.entries()) {
    for (const name of ['octo0', 'octo1']) {
      await node.configure(`interface ${name}`, `peer h${2 - index}`, 'vlan trunk allowed 11');
    }
  }
  await site.nodes[0].configure('interface octo0', 'no shutdown');
  await until('the loop to be cut', async () => isCut(await loops(11)), 15_000);
  expect(await loops()).toEqual([null, null, null, null]);
  for (const node of site.nodes) {
    expect(await node.cli('show interfaces')).toMatch(/Peer h[12] (is held|closes a loop) in VLAN 11/);
    expect(await node.cli('show events')).toMatch(/peer h[12] (is held|closes a loop) in VLAN 11/);
  }
  for (const [index, node] of site.nodes.entries()) {
    await node.configure('interface octo0', 'shutdown');
    await node.configure('interface octo1', `peer h${2 - index}`, 'no vlan');
  }
});

it('forwards to a reserved group what it is told to', async () => {
  const lldp = (text: string) =>
    ethernet('01:80:c2:00:00:0e', '02:00:00:00:77:01', 0x88cc, Buffer.from(text.padEnd(60)));
  const capture = await Capture.start(lab, 2, 'octo1');
  const [near] = site.nodes;
  await sendFrames(lab, 1, 'octo1', [lldp('unasked')]);
  await until('the frame to be dropped', async () => (await near.drops('reserved-group')) > 0, 15_000);
  expect(await near.cli('show interfaces')).toContain('Not forwarded to reserved groups');
  for (const node of site.nodes) await node.configure('interface octo1', 'forward reserved lldp');
  await sendFrames(lab, 1, 'octo1', [lldp('by choice')]);
  const isLldp = ({ outgoing, bytes }: { outgoing: boolean; bytes: Buffer }) =>
    !outgoing &&
    bytes.readUInt16BE(12) === 0x88cc &&
    bytes.subarray(6, 12).equals(Buffer.from('020000007701', 'hex'));
  await capture.until('the frame', 1, isLldp);
  const seen = (await capture.stop()).filter(isLldp);
  expect(seen.map(({ bytes }) => bytes.toString('latin1', 14, 23))).toEqual(['by choice']);
});
