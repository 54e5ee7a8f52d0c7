/** TAPs larger than what the path carries, over IPv4 and IPv6, and paths that change. */
import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Lab } from '../../scripts/lab/lab.js';
import { lanAddress } from '../../scripts/lab/mesh.js';
import { until } from '../../scripts/lab/run.js';
import { Flood } from './flood.js';
import { type Site, startSite, waitAllUp } from './node.js';
import { transfer } from './raw.js';
import { carries, needsLab } from './support.js';

const IP_AND_ICMP = 28;
const TRANSFER_BYTES = 4 << 20;

describe.each([
  { tap: 1500, path: 1280, family: 4 },
  { tap: 1500, path: 1280, family: 6 },
  { tap: 9000, path: 1500, family: 4 },
  { tap: 9000, path: 1500, family: 6 },
  { tap: 1500, path: 576, family: 4 },
  { tap: 1500, path: 9000, family: 4 },
] as const)('a TAP of $tap over an IPv$family path of $path', ({ tap, path, family }) => {
  let lab: Lab | undefined;
  let site: Site;

  beforeEach(async (context) => {
    needsLab(context);
    lab = await Lab.build({ hosts: 2, underlays: [{ family, mtu: path }] });
    site = await startSite(lab, () => ({ mtu: tap }));
    await waitAllUp(site, 1);
  });
  afterEach(async () => {
    await lab?.remove();
    lab = undefined;
  });

  it('carries every size up to its own MTU, and TCP', async () => {
    const { namespace } = lab!.hosts[0];
    const largest = tap - IP_AND_ICMP;
    const edges = [path - 110, path - 60, path - 30, path, path + 1, 2 * path, tap / 2];
    const sizes = [0, 1, 17, 18, 64, 512, ...edges, largest - 1, largest].filter((size) => size <= largest);
    for (const size of sizes) {
      expect(await carries(namespace, lanAddress(2), size), `${size} bytes`).toBe(true);
    }
    const { sent, received } = await transfer(lab!, 1, 2, lanAddress(2), TRANSFER_BYTES);
    expect(received).toBe(sent);
    const found = (await site.nodes[0].call('show.links', {}))[0].mtu;
    expect(found).toBe(path);
  });
});

describe('a path whose MTU changes under traffic', () => {
  let lab: Lab | undefined;
  let site: Site;

  beforeEach(async (context) => {
    needsLab(context);
    lab = await Lab.build({ hosts: 2, underlays: [{ family: 4, direct: true }] });
    site = await startSite(lab);
    await waitAllUp(site, 1);
  });
  afterEach(async () => {
    await lab?.remove();
    lab = undefined;
  });

  async function setMtu(bytes: number): Promise<void> {
    for (const host of [1, 2]) await lab!.run(host, 'ip', ['link', 'set', 'u1', 'mtu', String(bytes)]);
    await until(
      `both ends to know an MTU of ${bytes}`,
      async () => {
        const found = await Promise.all(site.nodes.map((node) => node.call('show.links', {})));
        return found.every(([link]) => link.mtu === bytes);
      },
      10_000,
    );
  }

  it('goes on carrying whole frames when it shrinks and when it grows', async () => {
    const { namespace } = lab!.hosts[0];
    for (const bytes of [1280, 1000, 1500]) {
      await setMtu(bytes);
      expect(await carries(namespace, lanAddress(2), 1472), `over ${bytes}`).toBe(true);
      const { sent, received } = await transfer(lab!, 1, 2, lanAddress(2), TRANSFER_BYTES);
      expect(received).toBe(sent);
    }
    expect((await site.nodes[0].call('show.links', {}))[0].state).toBe('up');
    expect((await site.nodes[0].call('show.links', {}))[0].transitions).toBe(1);
  });

  it('says so at both ends while their TAPs differ', async () => {
    const others = () =>
      Promise.all(site.nodes.map(async (node) => (await node.call('show.interfaces', {}))[0].otherMtus));
    await site.nodes[1].configure('interface octo0', 'mtu 1400', 'exit');
    const differing = [[{ peer: 'h2', mtu: 1400 }], [{ peer: 'h1', mtu: 1500 }]];
    await until('both ends to know', async () => isDeepStrictEqual(await others(), differing), 10_000);
    expect(await site.nodes[0].cli('show interfaces')).toContain(
      'Peer h2 has MTU 1400: all ends need the same',
    );
    await site.nodes[1].configure('interface octo0', 'mtu 1500', 'exit');
    await until('both ends to agree', async () => isDeepStrictEqual(await others(), [[], []]), 10_000);
  });
});

describe('a path that swallows large packets without a word', () => {
  const LINKS = 2;
  let lab: Lab | undefined;
  let site: Site;

  beforeEach(async (context) => {
    needsLab(context);
    lab = await Lab.build({ hosts: 2, underlays: [{ family: 4 }, { family: 6 }] });
    // A run of datagrams crosses a veth as one large packet, whatever the size of each.
    site = await startSite(lab, () => ({ interfaceLines: ['path-mtu raise 1', 'no offload udp-gso'] }));
    await waitAllUp(site, 2);
  });
  afterEach(async () => {
    await lab?.remove();
    lab = undefined;
  });

  /** Packets larger than this are dropped where they come in; the kernel that sends them learns nothing. */
  async function swallowAbove(bytes: number): Promise<void> {
    for (const host of [1, 2]) {
      await lab!.run(host, 'nft', ['add', 'table', 'netdev', 'hole']);
      for (const device of ['u1', 'u2']) {
        const hook = `{ type filter hook ingress device ${device} priority 0; }`;
        await lab!.run(host, 'nft', ['add', 'chain', 'netdev', 'hole', device, hook]);
        // The length of a packet at ingress does not count its Ethernet header.
        const rule = `add rule netdev hole ${device} meta length > ${bytes} drop`;
        await lab!.run(host, 'nft', rule.split(' '));
      }
    }
  }

  async function heal(): Promise<void> {
    for (const host of [1, 2]) await lab!.run(host, 'nft', ['delete', 'table', 'netdev', 'hole']);
  }

  const found = async (): Promise<number[]> =>
    (await Promise.all(site.nodes.map((node) => node.call('show.mtu', {}))))
      .flat()
      .flatMap(({ links }) => links.map(({ mtuBytes }) => mtuBytes));

  /** Waits until each search has ended with so many bytes: it begins again after a second, each at a time of its own. */
  async function endsWith(bytes: number): Promise<void> {
    const ended = new Set<string>();
    const haveAll = async (): Promise<boolean> => {
      for (const [host, node] of site.nodes.entries()) {
        const [{ links }] = await node.call('show.mtu', {});
        for (const { link, mtuBytes, search } of links)
          if (search === 'complete' && mtuBytes === bytes) ended.add(`${host}/${link}`);
      }
      return ended.size === site.nodes.length * LINKS;
    };
    await until(`every search to end with ${bytes} bytes`, haveAll, 20_000);
  }

  const all = (bytes: number) => async () => (await found()).every((mtu) => mtu === bytes);

  it('keeps its links, finishes a transfer under way, and carries full frames in pieces', async () => {
    await until('1500 bytes on all links', all(1500), 10_000);
    const flood = await Flood.start(lab!, 1, lanAddress(2), 5);
    const running = transfer(lab!, 1, 2, lanAddress(2), 64 << 20);
    await flood.more(20);
    await swallowAbove(1300);
    const { sent, received } = await running;
    expect(received).toBe(sent);
    // What is small does not suffer.
    expect(await flood.end()).toMatchObject({ lost: 0, duplicated: 0 });
    expect(await carries(lab!.hosts[0].namespace, lanAddress(2), 1472)).toBe(true);
    await until('1300 bytes on all links', all(1300), 20_000);
    await endsWith(1300);
    const links = await site.nodes[0].call('show.links', {});
    expect(links.map(({ state, transitions }) => ({ state, transitions }))).toEqual([
      { state: 'up', transitions: 1 },
      { state: 'up', transitions: 1 },
    ]);

    await heal();
    await until('1500 bytes on all links again', all(1500), 20_000);
    await endsWith(1500);
    const [{ links: shown, pieces }] = await site.nodes[0].call('show.mtu', { peer: 'h2' });
    expect(shown).toMatchObject([{ routeBytes: 1500, configuredBytes: null, short: false }, { short: true }]);
    expect(pieces).toBe(2);
    const events = await site.nodes[0].call('show.events', {});
    expect(events.filter(({ kind }) => kind === 'mtu')).toContainEqual(
      expect.objectContaining({ link: 0, mtuBytes: 1300, beforeBytes: 1500 }),
    );
  });
});
