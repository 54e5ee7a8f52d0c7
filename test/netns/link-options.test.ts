/** What a link's datagrams look like outside: their marks, the address and the interface that they leave by. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Lab } from '../../scripts/lab/lab.js';
import { lanAddress } from '../../scripts/lab/mesh.js';
import type { LabSpec } from '../../scripts/lab/plan.js';
import { Flood } from './flood.js';
import { type Site, startSite, tellOnFailure, waitAllUp } from './node.js';
import { answered, needsLab } from './support.js';

let lab: Lab;
let site: Site | undefined;

beforeEach(needsLab);
afterEach(async (context) => {
  tellOnFailure(context, site);
  site = undefined;
  await lab?.remove();
});

/** Two hosts; `edit` changes the configuration of the first, whose second address on the first underlay is 10.1.0.101. */
async function start(
  underlays: LabSpec['underlays'],
  edit: (config: string) => string = (config) => config,
): Promise<Site> {
  lab = await Lab.build({ hosts: 2, underlays });
  await lab.run(1, 'ip', ['address', 'add', '10.1.0.101/24', 'dev', 'u1']);
  site = await startSite(
    lab,
    () => ({}),
    (host, config) => (host === 1 ? edit(config) : config.replace('remote 10.1.0.1 ', 'remote dynamic\n!')),
  );
  await waitAllUp(site, underlays.length);
  return site;
}

/** Counts packets of a host that fulfil conditions of nft, each under a name. */
class PacketCounts<Name extends string> {
  private constructor(private readonly host: number) {}

  static async start<Name extends string>(
    host: number,
    hook: 'input' | 'output',
    conditions: Record<Name, string>,
  ): Promise<PacketCounts<Name>> {
    const nft = (command: string) => lab.run(host, 'nft', [command]);
    await nft(`add table inet watch_${hook}`);
    await nft(`add chain inet watch_${hook} seen { type filter hook ${hook} priority 0; }`);
    for (const [name, condition] of Object.entries<string>(conditions)) {
      await nft(`add counter inet watch_${hook} ${name}`);
      await nft(`add rule inet watch_${hook} seen ${condition} counter name ${name}`);
    }
    return new PacketCounts(host);
  }

  /** What was counted since the last time. */
  async take(): Promise<Record<Name, number>> {
    const text = await lab.run(this.host, 'nft', ['-j', 'reset', 'counters']);
    const { nftables } = JSON.parse(text) as {
      nftables: { counter?: { name: string; packets: number } }[];
    };
    const counts = nftables.flatMap(({ counter }) => (counter ? [[counter.name, counter.packets]] : []));
    return Object.fromEntries(counts) as Record<Name, number>;
  }
}

const TO_US = 'udp dport 7700';

describe('marks of a link', () => {
  it('are on everything it sends, over IPv4 and IPv6, from the moment they are configured', async () => {
    const { nodes } = await start([{ family: 4 }, { family: 6 }]);
    const arrived = await PacketCounts.start(2, 'input', {
      expedited4: `iifname u1 ${TO_US} ip dscp ef`,
      other4: `iifname u1 ${TO_US} ip dscp != ef`,
      assured6: `iifname u2 ${TO_US} ip6 dscp af21`,
      other6: `iifname u2 ${TO_US} ip6 dscp != af21`,
    });
    const sent = await PacketCounts.start(1, 'output', {
      marked4: `oifname u1 ${TO_US} meta mark 7`,
      plain4: `oifname u1 ${TO_US} meta mark != 7`,
      marked6: `oifname u2 ${TO_US} meta mark 4294967295`,
      plain6: `oifname u2 ${TO_US} meta mark != 4294967295`,
    });
    const flood = await Flood.start(lab, 1, lanAddress(2));
    await nodes[0].configure(
      ...['interface octo0', 'peer h2', 'link 0', 'dscp ef', 'fwmark 7', 'exit'],
      ...['link 1', 'dscp 18', 'fwmark 4294967295'],
    );
    await flood.more(20);
    await arrived.take();
    await sent.take();
    await flood.more(100);
    expect(await flood.end()).toMatchObject({ lost: 0, duplicated: 0 });
    // Handshakes are marked as well, whoever begins.
    for (const node of nodes) {
      await node.cli(`clear peer h${3 - node.host}`);
      await node.waitPeer(`h${3 - node.host}`);
      await waitAllUp({ nodes, keys: [] }, 2);
    }
    const seen = { ...(await arrived.take()), ...(await sent.take()) };
    expect(seen).toMatchObject({ other4: 0, other6: 0, plain4: 0, plain6: 0 });
    for (const name of ['expedited4', 'assured6', 'marked4', 'marked6'] as const)
      expect(seen[name], name).toBeGreaterThan(2);
    // Of pings that wait together several leave in one packet.
    expect(seen.expedited4).toBeGreaterThan(40);

    const links = await nodes[0].call('show.links', {});
    expect(links).toMatchObject([
      { dscp: 46, fwmark: 7, state: 'up' },
      { dscp: 18, fwmark: 4294967295, state: 'up' },
    ]);
    expect(await nodes[0].runningConfig()).toContain('dscp af21');
    expect(await nodes[0].cli('show peer h2')).toContain('Marked with DSCP ef, fwmark 7');
    await nodes[0].configure('interface octo0', 'peer h2', 'link 0', 'no dscp', 'no fwmark');
    await arrived.take();
    expect(await answered(lab.hosts[0].namespace, lanAddress(2))).toBe(3);
    expect(await arrived.take()).toMatchObject({ expedited4: 0 });
  });

  it('a mark chooses the route', async () => {
    const { nodes } = await start([{ family: 4 }]);
    const ip = (words: string) => lab.run(1, 'ip', words.split(' '));
    await ip('route add blackhole 10.1.0.2/32 table 99');
    await ip('rule add fwmark 99 table 99');
    expect(await answered(lab.hosts[0].namespace, lanAddress(2))).toBe(3);
    await nodes[0].configure('interface octo0', 'peer h2', 'link 0', 'fwmark 99');
    await nodes[0].waitLink('h2', 0, 'down');
    await nodes[0].configure('interface octo0', 'peer h2', 'link 0', 'no fwmark');
    await nodes[0].waitLink('h2', 0, 'up');
    expect(await answered(lab.hosts[0].namespace, lanAddress(2))).toBe(3);
  });
});

describe('the local end of a link', () => {
  it.each(['local 10.2.0.1', 'local any'])(
    'is its source address, where the other link has "%s"',
    async (other) => {
      await start([{ family: 4 }, { family: 4 }], (config) =>
        config.replace('local 10.1.0.1', 'local 10.1.0.101').replace('local 10.2.0.1', other),
      );
      const arrived = await PacketCounts.start(2, 'input', {
        second: `iifname u1 ${TO_US} ip saddr 10.1.0.101`,
        first: `iifname u1 ${TO_US} ip saddr 10.1.0.1`,
      });
      expect(await answered(lab.hosts[0].namespace, lanAddress(2))).toBe(3);
      const seen = await arrived.take();
      expect(seen.first).toBe(0);
      expect(seen.second).toBeGreaterThan(2);
    },
  );

  it('is its interface, whatever route is better', async () => {
    const { nodes } = await start([{ family: 4 }, { family: 4 }], (config) =>
      config.replace('local 10.1.0.1', 'local u1').replace('local 10.2.0.1', 'local u2'),
    );
    const astray = await PacketCounts.start(1, 'output', { astray: 'oifname u2 ip daddr 10.1.0.2' });
    await lab.run(1, 'ip', ['route', 'add', '10.1.0.2/32', 'dev', 'u2']);
    expect(await answered(lab.hosts[0].namespace, lanAddress(2))).toBe(3);
    expect((await nodes[0].call('show.links', {}))[0].state).toBe('up');
    expect((await astray.take()).astray).toBe(0);
  });
});

describe('links of different families and sizes', () => {
  it('take over from each other, and the smaller one rules what is cut', async () => {
    const { nodes } = await start([{ family: 6, mtu: 1400 }, { family: 4 }]);
    const flood = await Flood.start(lab, 1, lanAddress(2));
    await lab.run(1, 'ip', ['link', 'set', 'u1', 'down']);
    await nodes[0].waitLink('h2', 0, 'down');
    await flood.more(50);
    await lab.run(1, 'ip', ['link', 'set', 'u1', 'up']);
    await lab.run(1, 'ip', ['address', 'replace', 'fd00:1::1/64', 'dev', 'u1', 'nodad']);
    await nodes[0].waitLink('h2', 0, 'up');
    await flood.more(50);
    expect(await flood.end()).toMatchObject({ lost: 0, duplicated: 0 });
    const [shown] = await nodes[0].call('show.mtu', { peer: 'h2' });
    expect(shown.links).toMatchObject([
      { link: 0, mtuBytes: 1400, short: true },
      { link: 1, mtuBytes: 1500, short: false },
    ]);
    expect(shown.extraDatagramsPercent).toBeGreaterThan(5);
  });
});
