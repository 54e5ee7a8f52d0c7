/** One Ethernet over many hosts: flooding, learning, bridges, several interfaces and several daemons. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Lab } from '../../scripts/lab/lab.js';
import { meshConfig, newKeyPair } from '../../scripts/lab/mesh.js';
import { run, until } from '../../scripts/lab/run.js';
import type { InterfaceStatus, MacEntry } from '../../src/api/index.js';
import { stationOf } from '../sim/frames.js';
import { arp } from '../sim/neighbours.js';
import { Node, type Site, startSite, tellOnFailure, waitAllUp, writeSecret } from './node.js';
import { BROADCAST, Capture, ethernet, type SeenFrame, sendFrames } from './raw.js';
import { answered, labProblem, needsLab } from './support.js';

let lab: Lab;
let site: Site | undefined;

beforeEach(needsLab);
afterEach((context) => tellOnFailure(context, site));

async function removeLab(): Promise<void> {
  site = undefined;
  await lab?.remove();
}

const ETHERTYPE = 0x88b5;
const PATIENCE_MS = 20_000;
const inHost = (host: number, command: string) => lab.run(host, 'ip', command.split(' '));
const reaches = (from: number, address: string) => answered(lab.hosts[from - 1].namespace, address);

/** Frames of the test's own EtherType that came out of a TAP with this mark. */
const marked = (mark: string) => (frame: SeenFrame) =>
  !frame.outgoing && frame.bytes.readUInt16BE(12) === ETHERTYPE && frame.bytes.includes(mark);

describe('four hosts on one LAN', () => {
  let captures: Capture[];

  beforeAll(async () => {
    if (labProblem) return;
    lab = await Lab.build({ hosts: 4, underlays: [{ family: 4 }, { family: 6 }] });
    site = await startSite(lab);
    await waitAllUp(site, 2);
    captures = await Promise.all([1, 2, 3, 4].map((host) => Capture.start(lab, host, 'octo0')));
  });
  afterAll(removeLab);

  /** Sends frames from host 1, then one that ends the test's hearing, and counts what each host got. */
  async function heardBy(target: string, mark: string, copies = 20): Promise<number[]> {
    const source = '02:00:00:00:77:01';
    const body = (text: string) => Buffer.from(text.padEnd(60, '.'));
    await sendFrames(
      lab,
      1,
      'octo0',
      new Array(copies).fill(ethernet(target, source, ETHERTYPE, body(`data ${mark}`))),
    );
    await sendFrames(lab, 1, 'octo0', [ethernet(BROADCAST, source, ETHERTYPE, body(`end ${mark}.`))]);
    const others = captures.slice(1);
    await Promise.all(others.map((one) => one.until('the last frame', 1, marked(`end ${mark}.`))));
    return captures.map((one) => one.frames().filter(marked(`data ${mark}.`)).length);
  }

  it('hear each flooded frame exactly once, and nobody hears an echo of his own', async () => {
    expect(await heardBy(BROADCAST, 'to all')).toEqual([0, 20, 20, 20]);
    expect(await heardBy('33:33:00:00:00:99', 'to a group')).toEqual([0, 20, 20, 20]);
    expect(await heardBy('02:00:00:00:99:99', 'to nobody known')).toEqual([0, 20, 20, 20]);
  });

  it('hear what is for them alone once a station is known, and the table says where it lives', async () => {
    const station = '02:00:00:00:77:03';
    await sendFrames(lab, 3, 'octo0', [
      ethernet(BROADCAST, station, ETHERTYPE, Buffer.from('here I am...'.padEnd(60))),
    ]);
    await captures[0].until('the station to speak', 1, marked('here I am'));
    expect(await heardBy(station, 'to one')).toEqual([0, 0, 20, 0]);
    const table = await site!.nodes[0].json<MacEntry[]>('show mac-table');
    expect(table.find(({ mac }) => mac === station)).toMatchObject({
      peer: 'h3',
      vlan: 0,
      interface: 'octo0',
      static: false,
    });
    expect(await site!.nodes[0].cli(`clear mac-table peer h3 address ${station}`)).toBe(
      'octo0: 1 MAC removed\n',
    );
    expect(await heardBy(station, 'to a forgotten one')).toEqual([0, 20, 20, 20]);
  });

  it('keep stations where the configuration puts them, and take no more of a storm than it allows', async () => {
    const [own, other] = ['02:00:00:00:77:07', '02:00:00:00:77:08'];
    const [first, second] = site!.nodes;
    const lines = [`mac-table static ${own} peer h2`, `mac-table static ${other} vlan 30 local`];
    await first.configure('interface octo0', ...lines);
    expect(await heardBy(own, 'to a silent one')).toEqual([0, 20, 0, 0]);
    const statics = async () =>
      (await first.json<MacEntry[]>('show mac-table'))
        .filter((entry) => entry.static)
        .map(({ mac, vlan, peer }) => [mac, vlan, peer])
        .sort();
    expect(await statics()).toEqual([
      [own, 0, 'h2'],
      [other, 30, null],
    ]);
    expect(await first.cli('clear mac-table dynamic')).toMatch(/^octo0: [1-9]\d* MACs? removed\n$/);
    expect(await statics()).toHaveLength(2);
    await second.configure('interface octo0', 'peer h1', 'storm-control unknown-unicast rate 1 pps');
    const [, limited, ...unlimited] = await heardBy('02:00:00:00:99:97', 'a storm', 100);
    expect(unlimited).toEqual([100, 100]);
    // Ten at once, and one for each second that this takes.
    expect(limited).toBeGreaterThanOrEqual(10);
    expect(limited).toBeLessThan(50);
    expect(await second.drops('storm-unknown-unicast')).toBeGreaterThanOrEqual(100 - limited);
    const isTold = async () => (await second.cli('show events')).includes('h1 unknown-unicast storm');
    await until('the event of the storm', isTold, PATIENCE_MS);
    expect(await second.cli('show peer h1')).toMatch(
      /Storm control unknown-unicast 1 pps: exceeded\n +Storm control has dropped \d+ frames/,
    );
    await first.configure('interface octo0', 'no mac-table static');
    // As many stations as are known behind h1 may be there, and no other.
    const known = (await second.json<MacEntry[]>('show mac-table peer h1')).length;
    await second.configure('interface octo0', 'peer h1', 'no storm-control', `guard mac-limit ${known}`);
    const body = Buffer.from('one too many'.padEnd(60));
    await sendFrames(lab, 1, 'octo0', [ethernet(BROADCAST, '02:00:00:00:77:55', ETHERTYPE, body)]);
    expect(await heardBy(BROADCAST, 'of a known one')).toEqual([0, 20, 20, 20]);
    expect(captures.map((one) => one.frames().filter(marked('one too many')).length)).toEqual([0, 0, 1, 1]);
    expect(await second.cli('show guards')).toContain(`Stations beyond ${known}: 1 frame dropped`);
    await second.configure('interface octo0', 'peer h1', 'no guard mac-limit');
    expect(await statics()).toEqual([]);
  });

  it('do not forward what no bridge forwards', async () => {
    const before = await site!.nodes[0].drops('reserved-group');
    expect(await heardBy('01:80:c2:00:00:00', 'spanning tree')).toEqual([0, 0, 0, 0]);
    expect((await site!.nodes[0].drops('reserved-group')) - before).toBe(20);
  });

  it('hear whole what a device of larger MTU is mirrored to octo0', async () => {
    await inHost(1, 'link add jumbo mtu 9000 type veth peer name unused mtu 9000');
    for (const device of ['jumbo', 'unused']) await inHost(1, `link set ${device} up`);
    await lab.run(1, 'tc', 'qdisc add dev jumbo clsact'.split(' '));
    const toOcto0 = 'u32 match u32 0 0 action mirred egress mirror dev octo0';
    await lab.run(1, 'tc', `filter add dev jumbo egress ${toOcto0}`.split(' '));
    const body = Buffer.from('jumbo.'.padStart(9000, '.'));
    await sendFrames(lab, 1, 'jumbo', [ethernet(BROADCAST, '02:00:00:00:77:01', ETHERTYPE, body)]);
    await captures[1].until('the mirrored frame', 1, marked('jumbo.'));
    const [heard] = captures[1].frames().filter(marked('jumbo.'));
    expect(heard.bytes.subarray(14)).toEqual(body);
    await inHost(1, 'link delete jumbo');
  });

  it('tell of two stations that have one address, and doctor says it', async () => {
    const [node] = site!.nodes;
    const claim = (last: number) => Buffer.from(arp(stationOf(last), [10, 66, 9, 9], [10, 66, 0, 1]));
    for (const [host, last] of [
      [2, 1],
      [3, 2],
      [2, 1],
    ]) {
      const sent = claim(last);
      const heard = () =>
        captures[0].frames().filter(({ bytes }) => bytes.subarray(0, sent.length).equals(sent)).length;
      const before = heard();
      await sendFrames(lab, host, 'octo0', [sent]);
      await until('the claim to be heard', () => heard() > before, PATIENCE_MS);
    }
    const events = async () => (await node.cli('show events')).replace(/\s+/g, ' ');
    const isTold = async () => (await events()).includes('address 10.66.9.9 is claimed by');
    await until('the event', isTold, PATIENCE_MS);
    expect(await events()).toMatch(/claimed by \S+ \(peer h2\) and \S+ \(peer h3\)/);
    expect((await node.tryCli('doctor')).stdout).toMatch(/address 10.66.9.9/);
  });

  it('find a station again that has moved', async () => {
    const station = '02:00:00:00:77:05';
    for (const host of [2, 4, 3]) {
      const body = Buffer.from(`now at ${host}....`.padEnd(60));
      await sendFrames(lab, host, 'octo0', [ethernet(BROADCAST, station, ETHERTYPE, body)]);
      await captures[0].until('the station to speak', 1, marked(`now at ${host}`));
      const expected = [0, 0, 0, 0];
      expected[host - 1] = 20;
      expect(await heardBy(station, `to it at ${host}`)).toEqual(expected);
    }
  });
});

describe('an interface that joins a bridge', () => {
  afterEach(removeLab);

  it('reaches a machine behind it that knows nothing of Octolink', async () => {
    lab = await Lab.build({ hosts: 3, underlays: [{ family: 4 }] });
    const [gateway, , machine] = lab.hosts;
    await inHost(1, 'link add br0 type bridge mcast_snooping 0');
    await inHost(1, 'link set br0 up');
    await run('ip', [
      'link',
      'add',
      'port0',
      'netns',
      gateway.namespace,
      'type',
      'veth',
      'peer',
      'name',
      'lan0',
      'netns',
      machine.namespace,
    ]);
    await inHost(1, 'link set port0 master br0 up');
    await inHost(3, 'address add 10.77.0.33/24 dev lan0');
    await inHost(3, 'link set lan0 up');
    const keys = lab.hosts.map(newKeyPair);
    const publicKeys = keys.map(({ publicKey }) => publicKey);
    const nodes = [1, 2].map((host) => new Node(lab, host));
    for (const node of nodes) {
      const keyFile = writeSecret(lab, node.host, 'octo0.key', keys[node.host - 1].privateKey);
      const bridge = node.host === 1 ? { interfaceLines: ['bridge br0'] } : {};
      await node.start(meshConfig(lab, node.host, publicKeys, keyFile, bridge));
    }
    await nodes[1].waitPeer('h1');
    await nodes[0].waitPeer('h2');

    expect(await inHost(1, 'link show octo0')).toContain('master br0');
    await until('the bridge to forward', async () => (await reaches(2, '10.77.0.33')) === 3, 40_000);
    const [lan0] = JSON.parse(await inHost(3, '-json link show lan0'));
    const table = await nodes[1].json<MacEntry[]>('show mac-table');
    expect(table.find(({ mac }) => mac === lan0.address)?.peer).toBe('h1');

    await nodes[0].configure('interface octo0', 'no bridge');
    expect(await inHost(1, 'link show octo0')).not.toContain('master');
    await nodes[0].configure('interface octo0', 'bridge br0');
    expect(await inHost(1, 'link show octo0')).toContain('master br0');

    await nodes[1].configure('interface octo0', 'forward reserved bpdu');
    const far = await Capture.start(lab, 2, 'octo0');
    await inHost(1, 'link set br0 type bridge stp_state 1');
    await far.until('a BPDU', 1, ({ bytes }) =>
      bytes.subarray(0, 6).equals(Buffer.from('0180c2000000', 'hex')),
    );
  });
});

/** An interface with one peer over one link. */
function interfaceBlock(
  name: string,
  keyFile: string,
  address: string,
  port: number,
  peer: { name: string; publicKey: string; remote: string; port: number },
): string {
  return `${[
    `interface ${name}`,
    ` private-key-file ${keyFile}`,
    ` address ${address}`,
    ` listen port ${port}`,
    ` peer ${peer.name}`,
    `  public-key ${peer.publicKey}`,
    '  link 0',
    `   remote ${peer.remote} port ${peer.port}`,
    '  exit',
    ' exit',
    ' no shutdown',
    'exit',
  ].join('\n')}\n`;
}

describe('several interfaces of one daemon', () => {
  afterEach(removeLab);

  it('keep their keys, their peers and their frames apart', async () => {
    lab = await Lab.build({ hosts: 2, underlays: [{ family: 4 }] });
    const keys = [0, 1].map(() => [newKeyPair(), newKeyPair()]);
    const nodes = [1, 2].map((host) => new Node(lab, host));
    for (const node of nodes) {
      const own = node.host - 1;
      const blocks = [0, 1].map((which) =>
        interfaceBlock(
          `octo${which}`,
          writeSecret(lab, node.host, `octo${which}.key`, keys[own][which].privateKey),
          `10.8${which}.0.${node.host}/24`,
          7700 + which,
          {
            name: 'other',
            publicKey: keys[1 - own][which].publicKey,
            remote: lab.attachment(2 - own, 1).address,
            port: 7700 + which,
          },
        ),
      );
      await node.start(blocks.join(''));
    }
    for (const node of nodes) {
      for (const name of ['octo0', 'octo1']) {
        await node.cli(`wait peer other up timeout 20 interface ${name}`);
      }
    }
    const shown = await nodes[0].json<InterfaceStatus[]>('show interfaces');
    expect(shown.map(({ publicKey }) => publicKey)).toEqual(keys[0].map(({ publicKey }) => publicKey));
    expect(await reaches(1, '10.80.0.2')).toBe(3);
    expect(await reaches(1, '10.81.0.2')).toBe(3);

    const captures = await Promise.all(['octo0', 'octo1'].map((name) => Capture.start(lab, 2, name)));
    const frame = ethernet(BROADCAST, '02:00:00:00:00:01', ETHERTYPE, Buffer.from('only here'.padEnd(60)));
    await sendFrames(lab, 1, 'octo0', new Array(10).fill(frame));
    await captures[0].until('the frames', 10, marked('only here'));
    const seen = await Promise.all(captures.map((one) => one.stop()));
    expect(seen.map((frames) => frames.filter(marked('only here')).length)).toEqual([10, 0]);
    expect((await nodes[0].tryCli('show peer other')).stderr).toContain('several interfaces');

    // One of them goes and comes without a frame of the other being touched.
    await nodes[0].configure('interface octo1', 'shutdown');
    expect(await reaches(1, '10.80.0.2')).toBe(3);
    await nodes[0].configure('interface octo1', 'no shutdown');
    await nodes[0].cli('wait peer other up timeout 20 interface octo1');
    await until('octo1 to carry again', async () => (await reaches(1, '10.81.0.2')) === 3, 10_000);
  });
});

describe('several daemons of one host', () => {
  afterEach(removeLab);

  it('work beside each other, and for each other', async () => {
    lab = await Lab.build({ hosts: 1, underlays: [] });
    const keys = [newKeyPair(), newKeyPair()];
    const nodes = ['a', 'b'].map((label) => new Node(lab, 1, label));
    for (const [own, node] of nodes.entries()) {
      const peer = {
        name: nodes[1 - own].label,
        publicKey: keys[1 - own].publicKey,
        remote: '127.0.0.1',
        port: 7701 - own,
      };
      const keyFile = writeSecret(lab, 1, `${node.label}.key`, keys[own].privateKey);
      await node.start(interfaceBlock(`octo-${node.label}`, keyFile, `10.9${own}.0.1/24`, 7700 + own, peer));
    }
    await nodes[0].waitPeer('b');
    await nodes[1].waitPeer('a');
    const { received } = await nodes[0].call('ping', { peer: 'b', count: 3, size: 500, intervalMs: 10 });
    expect(received).toBe(3);
    await nodes[1].stop();
    await nodes[0].waitPeer('b', 'down', 5);
    expect(await inHost(1, '-brief link')).toContain('octo-a');
    expect(await inHost(1, '-brief link')).not.toContain('octo-b');
  });
});
