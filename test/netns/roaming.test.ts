/** Peers that move, restart, die and take their leave. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Lab } from '../../scripts/lab/lab.js';
import { lanAddress } from '../../scripts/lab/mesh.js';
import { until } from '../../scripts/lab/run.js';
import type { LinkStatus } from '../../src/api/index.js';
import { Flood } from './flood.js';
import { type Site, startSite, tellOnFailure, waitAllUp } from './node.js';
import { answered, needsLab } from './support.js';

const OLD_PORT = 7700;

let lab: Lab | undefined;
let site: Site;

async function build(edit: (host: number, config: string) => string, timers = { interval: 50, hold: 300 }) {
  lab = await Lab.build({ hosts: 2, underlays: [{ family: 4 }, { family: 6 }] });
  site = await startSite(lab, () => ({ timers }), edit);
  await waitAllUp(site, 2);
}

beforeEach(needsLab);
afterEach(async (context) => {
  tellOnFailure(context, site);
  await lab?.remove();
  lab = undefined;
});

const reaches = (from: number, to: number) => answered(lab!.hosts[from - 1].namespace, lanAddress(to));
const linksOf = (host: number) => site.nodes[host - 1].json<LinkStatus[]>('show links');

/** What host 2 knows of host 1's ports, in the order of the links. */
async function portsLearned(): Promise<(string | undefined)[]> {
  return (await linksOf(2)).map(({ remote }) => remote?.split(':').at(-1));
}

describe('a peer whose address is learned', () => {
  /** Host 2 learns where host 1 is. */
  const dynamic = (host: number, config: string) =>
    host === 2 ? config.replace(/remote .*/g, 'remote dynamic') : config;

  it('is found by its call, and its remote end is shown as learned', async () => {
    await build(dynamic);
    const links = await linksOf(2);
    expect(links.map(({ remote }) => remote)).toEqual([`10.1.0.1:${OLD_PORT}`, `[fd00:2::1]:${OLD_PORT}`]);
    expect(links.map(({ remoteLearned }) => remoteLearned)).toEqual([true, true]);
    expect(await reaches(2, 1)).toBe(3);
  });

  it('is found again after it was restarted with another port', async () => {
    await build(dynamic);
    const [calling] = site.nodes;
    await calling.stop('SIGKILL');
    const config = calling.fileText().replace(`listen port ${OLD_PORT}`, 'listen port 7801');
    await calling.start(config);
    await waitAllUp(site, 2);
    await until(
      'host 2 to learn the new port',
      async () => (await portsLearned()).every((p) => p === '7801'),
      10_000,
    );
    expect(await reaches(2, 1)).toBe(3);
  });

  it('is followed when its port changes while it runs', async () => {
    await build(dynamic);
    const flood = await Flood.start(lab!, 1, lanAddress(2));
    await site.nodes[0].configure('interface octo0', 'listen port 7802');
    await until(
      'host 2 to learn the new port',
      async () => (await portsLearned()).every((p) => p === '7802'),
      10_000,
    );
    await waitAllUp(site, 2);
    await flood.end();
    expect(await reaches(2, 1)).toBe(3);
  });
});

describe('a peer behind a NAT that changes ports', () => {
  /** Rewrites the source port of host 1's datagrams on their way out, and the way back. */
  async function translate(port: number): Promise<void> {
    const rules =
      'table inet nat0\ndelete table inet nat0\ntable inet nat0 {\n' +
      `chain out { type filter hook output priority -300; udp sport ${OLD_PORT} udp sport set ${port}; }\n` +
      `chain back { type filter hook prerouting priority -300; udp dport ${port} udp dport set ${OLD_PORT}; }\n}\n`;
    await lab!.run(1, 'sh', ['-c', `printf '%s' "$1" | nft -f -`, 'sh', rules]);
  }

  it('is followed to every port that it appears at, by both its links', async () => {
    await build((_, config) => config);
    for (const port of [40_001, 40_002, 40_003]) {
      const flood = await Flood.start(lab!, 1, lanAddress(2));
      await translate(port);
      await until(
        'host 2 to learn the new port',
        async () => (await portsLearned()).every((learned) => learned === String(port)),
        10_000,
      );
      await waitAllUp(site, 2);
      await flood.end();
    }
    expect((await linksOf(2)).map(({ remoteLearned }) => remoteLearned)).toEqual([true, true]);
    expect(await reaches(2, 1)).toBe(3);
  });
});

describe('a daemon that is killed', () => {
  it('comes back by itself, each of the two in turn, and both at once', async () => {
    await build((_, config) => config);
    for (const dying of [[0], [1], [0], [0, 1], [1]]) {
      for (const index of dying) await site.nodes[index].stop('SIGKILL');
      for (const index of dying) await site.nodes[index].start();
      for (const index of dying) await site.nodes[index].waitPeer(`h${2 - index}`);
      await until('a ping to be answered', async () => (await reaches(1, 2)) === 3, 10_000);
    }
  });
});

describe('a daemon that ends in order', () => {
  it('tells its peers, who need not wait for the hold time', async () => {
    await build((_, config) => config, { interval: 200, hold: 60_000 });
    await site.nodes[0].stop();
    expect(site.nodes[0].daemon.exitCode).toBe(0);
    const { waitedMs } = await site.nodes[1].waitPeer('h1', 'down', 10);
    expect(waitedMs).toBeLessThan(10_000);
    const links = await linksOf(2);
    expect(links.map(({ cause }) => cause)).toEqual(['peer said goodbye', 'peer said goodbye']);
    await site.nodes[0].start();
    await site.nodes[0].waitPeer('h2');
    await site.nodes[1].waitPeer('h1');
    expect(await reaches(1, 2)).toBe(3);
  });
});
