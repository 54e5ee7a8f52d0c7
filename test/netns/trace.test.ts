/** Traces between real daemons with a router between them: who is on the way, and where it becomes narrow. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Lab } from '../../scripts/lab/lab.js';
import { newKeyPair, OCTOLINK } from '../../scripts/lab/mesh.js';
import { capture, run, until } from '../../scripts/lab/run.js';
import type { LinkStatus, PingResult, TraceResult } from '../../src/api/index.js';
import { manifest } from '../../src/daemon/base/version.js';
import { Node, writeSecret } from './node.js';
import { labProblem, needsLab } from './support.js';

/** h1 and h3 are attached to all underlays, and reach each other through h2: from the first network into the second. */
const [CALLER, ROUTER, PEER] = [1, 2, 3];
const NARROW = 1400;
const PATIENCE_MS = 20_000;
const PROBE = { peer: 'h3', count: 1, size: 56, intervalMs: 10 };

let lab: Lab;
let caller: Node;
let callee: Node;

beforeAll(async () => {
  if (labProblem) return;
  lab = await Lab.build({ hosts: 3, underlays: [4, 4, 6, 6].map((family) => ({ family: family as 4 | 6 })) });
  for (const name of ['net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding'])
    await lab.run(ROUTER, 'sysctl', ['-qw', `${name}=1`]);
  for (const family of [4, 6]) {
    await routeThrough(family, CALLER, PEER, [1, 2]);
    await routeThrough(family, PEER, CALLER, [2, 1]);
  }
  await lab.run(ROUTER, 'ip', ['link', 'set', 'u2', 'mtu', String(NARROW)]);
  const keys = lab.hosts.map(newKeyPair);
  const nodes = [];
  for (const [host, other, network] of [
    [CALLER, PEER, 2],
    [PEER, CALLER, 1],
  ]) {
    const keyFile = writeSecret(lab, host, 'octo0.key', keys[host - 1].privateKey);
    const links = [4, 6].map(
      (family, id) => ` link ${id}\n  remote ${addressOf(family, network, other)} port 7700\n exit`,
    );
    const config = `hostname h${host}\ninterface octo0\n private-key-file ${keyFile}\npeer h${other}\n public-key ${keys[other - 1].publicKey}\n${links.join('\n')}\nexit\nno shutdown\n`;
    nodes.push(await new Node(lab, host).start(config));
  }
  [caller, callee] = nodes;
  for (const link of [0, 1]) await caller.waitLink('h3', link);
});
afterAll(async () => {
  await lab?.remove();
});
beforeEach(needsLab);

/** Address of a host in the first or second network of a family. */
function addressOf(family: number, network: number, host: number): string {
  const underlay = family === 4 ? network : network + 2;
  return lab.plan.attachments.find((one) => one.underlay.index === underlay && one.host.index === host)!
    .address;
}

async function routeThrough(family: number, from: number, to: number, [near, far]: number[]): Promise<void> {
  const words = ['route', 'add', addressOf(family, far, to), 'via', addressOf(family, near, ROUTER)];
  await run('ip', ['-n', lab.hosts[from - 1].namespace, ...(family === 6 ? ['-6'] : []), ...words]);
}

const trace = async (...words: string[]) => {
  const { stdout } = await caller.tryCli(`${['trace peer h3', ...words].join(' ')} | json`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as TraceResult);
};

describe('a trace', () => {
  it('names the router of each link, its answer and the MTU behind it, and the peer, by IPv4 and IPv6', async () => {
    const results = await trace();
    expect(results.map(({ link, packetBytes }) => [link, packetBytes])).toEqual([
      [0, 1500],
      [1, 1500],
    ]);
    const [four, six] = results;
    expect(four.hops).toMatchObject([
      { hop: 1, address: addressOf(4, 1, ROUTER), mtu: NARROW, mtuBy: 'icmp', isPeer: false },
      { hop: 2, address: addressOf(4, 2, PEER), mtu: null, isPeer: true },
    ]);
    expect([four.mtu, four.problem]).toEqual([NARROW, null]);
    expect(four.rttUs).toBeGreaterThan(0);
    expect(six.hops).toMatchObject([
      { hop: 1, address: addressOf(6, 1, ROUTER), mtu: null },
      { hop: 2, address: addressOf(6, 2, PEER), isPeer: true },
    ]);
    expect(six.mtu).toBe(1500);
    expect(await caller.cli('trace peer h3 link 0')).toContain(
      'h3 answers after 2 hops; packets of 1400 bytes',
    );
  });

  it('names the router that makes the way narrow also when the kernel has long known what gets through', async () => {
    const routeBytes = async () => {
      const [{ links }] = await caller.call('show.mtu', { peer: 'h3' });
      return links[0].routeBytes;
    };
    // Any change of the routing table has the daemon look at its routes.
    await lab.run(CALLER, 'ip', ['route', 'add', '203.0.113.0/24', 'dev', 'u1']);
    await until('the route to be known as narrow', async () => (await routeBytes()) === NARROW, PATIENCE_MS);
    const [four] = await trace('link 0');
    expect([four.packetBytes, four.mtu]).toEqual([1500, NARROW]);
    expect(four.hops[0]).toMatchObject({ address: addressOf(4, 1, ROUTER), mtu: NARROW, mtuBy: 'icmp' });
  });

  it('takes none of the link away: nothing is lost, and no link changes', async () => {
    const links = await caller.json<LinkStatus[]>('show links');
    expect(links.map(({ state }) => state)).toEqual(['up', 'up']);
    for (const link of [0, 1]) expect(await caller.counter('sendErrors', 'h3', link)).toBe(0);
  });

  it('goes the way of the link through a NAT, which doctor notes, and the peer tells its version', async () => {
    const own = await caller.json<PingResult>('ping h3 link 0 count 1');
    expect([own.seenAs, own.peerVersion]).toEqual([`${addressOf(4, 1, CALLER)}:7700`, manifest.version]);
    const short = await caller.json<PingResult>('ping h3 link 0 count 1 size 0');
    expect([short.received, short.seenAs, short.peerVersion]).toEqual([1, null, null]);
    // Without state: which end speaks first after this is open.
    for (const rule of [
      'add table ip nat',
      'add chain ip nat out { type filter hook postrouting priority 100; }',
      'add rule ip nat out ip saddr 10.1.0.1 udp sport 7700 ip saddr set 10.2.0.2',
      'add chain ip nat in { type filter hook prerouting priority -300; }',
      'add rule ip nat in ip daddr 10.2.0.2 udp dport 7700 ip daddr set 10.1.0.1',
    ])
      await lab.run(ROUTER, 'nft', [rule]);
    await until(
      'the NAT to be in use',
      async () => {
        // The link may be down for a moment while the rules come one by one; then nobody answers.
        const { seenAs } = await caller.call('ping', { ...PROBE, link: 0 });
        return seenAs === `${addressOf(4, 2, ROUTER)}:7700`;
      },
      PATIENCE_MS,
    );
    await Promise.all([caller.waitLink('h3', 0), callee.waitLink('h1', 0)]);
    const words = [process.execPath, OCTOLINK, '-s', caller.socket, 'doctor'];
    let doctor = '';
    await until(
      'doctor to note the NAT',
      async () => {
        // What either end missed while the rules came takes the link down as late as a hold time after them.
        const { stdout } = await capture('ip', ['netns', 'exec', lab.hosts[CALLER - 1].namespace, ...words]);
        doctor = stdout.replaceAll(/\s+/g, ' ');
        return !doctor.includes('fault link 0 of peer h3');
      },
      PATIENCE_MS,
    );
    expect(doctor).toMatch(/note link 0 of peer h3: is behind NAT: h3 sees this host as 10\.2\.0\.2:7700 /);
    expect(doctor).not.toContain('link 1 of peer h3: is behind NAT');
    const [behind] = await trace('link 0');
    expect(behind.hops.map(({ address, isPeer }) => [address, isPeer])).toEqual([
      [addressOf(4, 1, ROUTER), false],
      [addressOf(4, 2, PEER), true],
    ]);
  });

  it('says where the way ends, and fails', async () => {
    await lab.run(ROUTER, 'nft', ['add table inet wall']);
    await lab.run(ROUTER, 'nft', ['add chain inet wall through { type filter hook forward priority 0; }']);
    await lab.run(ROUTER, 'nft', [
      'add rule inet wall through ip daddr 10.2.0.3 reject with icmp type admin-prohibited',
    ]);
    const ended = await caller.tryCli('trace peer h3 link 0 hops 3');
    expect([ended.code, ended.stdout]).toEqual([
      1,
      expect.stringMatching(/ends at 10\.1\.0\.2: forbidden by a firewall/),
    ]);
    expect(ended.stderr).toContain('the peer does not answer by link 0');
  });
});
