/** What goes over the tunnel between two hosts, with every offload on and with each one forced off. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Lab } from '../../scripts/lab/lab.js';
import { lanAddress } from '../../scripts/lab/mesh.js';
import type { OffloadName } from '../../src/api/config.js';
import type { InterfaceStatus, OffloadStatus } from '../../src/api/index.js';
import { type Site, startSite, waitAllUp } from './node.js';
import { Capture, ethernet, sendFrames, transfer } from './raw.js';
import { answered, carries, labProblem, needsLab } from './support.js';

const OFFLOADS: OffloadName[] = ['tap-checksum', 'tap-tso', 'tap-uso', 'tap-tunnel', 'udp-gso', 'udp-gro'];
const STATES: [string, OffloadName[]][] = [
  ['every offload on', []],
  ...OFFLOADS.map((name): [string, OffloadName[]] => [`no offload ${name}`, [name]]),
  ['no offload at all', OFFLOADS],
];
const TRANSFER_BYTES = 16 << 20;

describe.each(STATES)('two hosts, %s', (_, off) => {
  let lab: Lab;
  let site: Site;

  beforeAll(async () => {
    if (labProblem) return;
    lab = await Lab.build({ hosts: 2, underlays: [{ family: 4 }] });
    const interfaceLines = [...off.map((name) => `no offload ${name}`), 'address fd77::HOST/64'];
    site = await startSite(lab, (host) => ({
      interfaceLines: interfaceLines.map((line) => line.replace('HOST', String(host))),
    }));
    await waitAllUp(site, 1);
  });
  afterAll(async () => {
    await lab?.remove();
  });
  beforeEach(needsLab);

  it('uses the offloads that it may and no other', async () => {
    const [{ offloads }] = await site.nodes[0].json<InterfaceStatus[]>('show interfaces');
    expect(offloads.forcedOff).toEqual(off);
    expect(offloads.granted.filter((name) => off.includes(name))).toEqual([]);
    const listed = (await site.nodes[0].call('show.system', {})).offloads as OffloadStatus[];
    expect(listed.filter(({ state }) => state === 'forced off').map(({ offload }) => offload)).toEqual(off);
  });

  it('answers ping over IPv4, its addresses resolved by ARP', async () => {
    expect(await answered(lab.hosts[0].namespace, lanAddress(2), 20)).toBe(20);
    const neighbour = await lab.run(1, 'ip', ['neigh', 'show', lanAddress(2), 'dev', 'octo0']);
    expect(neighbour).toContain(await site.nodes[1].mac());
  });

  it('answers ping over IPv6, its addresses resolved by neighbour discovery', async () => {
    expect(await answered(lab.hosts[0].namespace, 'fd77::2', 20)).toBe(20);
    const neighbour = await lab.run(1, 'ip', ['-6', 'neigh', 'show', 'fd77::2', 'dev', 'octo0']);
    expect(neighbour).toContain(await site.nodes[1].mac());
  });

  it.each([0, 1, 45, 46, 1000, 1472])('carries an echo of %i bytes whole', async (size) => {
    expect(await carries(lab.hosts[0].namespace, lanAddress(2), size)).toBe(true);
  });

  it('carries any EtherType, VLAN tags and double tags as they are', async () => {
    const [target, source] = await Promise.all(site.nodes.map((node) => node.mac())).then((m) => m.reverse());
    const payload = (fill: number) => Buffer.alloc(200, fill);
    const tagged = Buffer.concat([Buffer.from('006488b5', 'hex'), payload(0x22)]);
    const doubly = Buffer.concat([Buffer.from('00c88100006488b5', 'hex'), payload(0x33)]);
    const frames = [
      ethernet(target, source, 0x88b5, payload(0x11)),
      ethernet(target, source, 0x8100, tagged),
      ethernet(target, source, 0x88a8, doubly),
      ethernet(target, source, 0x05dc - 1, payload(0x44)), // a length, as in IEEE 802.3
      ethernet(target, source, 0xffff, Buffer.alloc(0)),
    ];
    const seen = await Capture.start(lab, 2, 'octo0');
    expect(await sendFrames(lab, 1, 'octo0', frames)).toBe(frames.length);
    const arrived = ({ outgoing, bytes }: { outgoing: boolean; bytes: Buffer }) =>
      !outgoing && bytes.subarray(6, 12).equals(frames[0].subarray(6, 12));
    await seen.until('every frame to arrive', frames.length, arrived);
    const got = (await seen.stop()).filter(arrived).map(({ bytes }) => bytes.toString('hex'));
    for (const frame of frames) expect(got.filter((hex) => hex === frame.toString('hex'))).toHaveLength(1);
  });

  it.each([
    ['IPv4', lanAddress(2)],
    ['IPv6', 'fd77::2'],
  ])('carries a TCP stream over %s unharmed', async (_family, address) => {
    const { sent, received } = await transfer(lab, 1, 2, address, TRANSFER_BYTES);
    expect(received).toBe(sent);
    expect(received.split(' ')[0]).toBe(String(TRANSFER_BYTES));
  });
});
