/** Links that leave as the routing table says: they follow it wherever it leads, but never into their own tunnel. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { lanAddress } from '../../../scripts/lab/mesh.js';
import { until } from '../../../scripts/lab/run.js';
import { Flood } from '../flood.js';
import { labProblem, needsLab } from '../support.js';
import { Cables, PATIENCE_S } from './cables.js';

let cables: Cables | undefined;

/** An address of a host that stands on no cable. */
const loopback = (family: 4 | 6, host: number) => (family === 4 ? `10.99.0.${host}` : `fd99::${host}`);

/** Has each host reach the other's loopback address over a cable, from its own. */
async function routeBy(lines: Cables, family: 4 | 6, link: number): Promise<void> {
  for (const host of [1, 2]) {
    const to = `${loopback(family, 3 - host)}/${family === 4 ? 32 : 128}`;
    const via = `via ${lines.address(3 - host, link)} dev ${lines.device(link)}`;
    await lines.ip(host, `-${family} route replace ${to} ${via} src ${loopback(family, host)}`);
  }
}

/** Link 0 goes from loopback to loopback, by the first cable or by the second. */
function overLoopbacks(family: 4 | 6, remoteOf: (host: number) => string): Promise<Cables> {
  return Cables.build({
    families: [family, family],
    prepare: async (lines) => {
      for (const host of [1, 2]) {
        const address = `${loopback(family, host)}/${family === 4 ? 32 : 128}`;
        await lines.ip(host, `address add ${address} dev lo${family === 6 ? ' nodad' : ''}`);
      }
      await routeBy(lines, family, 0);
    },
    ends: (host, link) => (link === 0 ? { local: 'any', remote: remoteOf(host) } : {}),
  });
}

describe.each([4, 6] as const)('a link by the routing table, over IPv%s', (family) => {
  beforeEach(needsLab);
  afterEach(async (context) => {
    await cables?.remove(context);
    cables = undefined;
  });

  const configured = (host: number) => `${loopback(family, 3 - host)} port 7700`;

  it.each([
    ['known at both ends', configured],
    ['learned at one', (host: number) => (host === 2 ? 'dynamic' : configured(host))],
  ])(
    'takes the other uplink with the route when the first one dies, its remote end %s',
    async (_, remoteOf) => {
      cables = await overLoopbacks(family, remoteOf);
      await cables.isUp(0);
      for (const link of [1, 0, 1]) {
        await routeBy(cables, family, link);
        for (const host of [1, 2]) {
          await cables.ip(host, `link set ${cables.device(1 - link)} down`);
          await cables.reaches(host, loopback(family, 3 - host));
        }
        await cables.isUp(0);
        const { remote } = await cables.linkOf(2, 0);
        expect(remote).toContain(loopback(family, 1));
        for (const host of [1, 2]) await cables.ip(host, `link set ${cables.device(1 - link)} up`);
      }
    },
  );

  it('waits for a route that is not there, and comes with it', async () => {
    cables = await overLoopbacks(family, configured);
    await cables.isUp(0);
    const route = `-${family} route del ${loopback(family, 2)}`;
    await cables.ip(1, route);
    await cables.waits(1, 0, 'no route');
    await routeBy(cables, family, 1);
    await cables.isUp(0);
  });
});

describe.each([4, 6] as const)('a tunnel over IPv%s whose own datagrams are routed into it', (family) => {
  let lines: Cables;

  beforeAll(async () => {
    if (labProblem) return;
    lines = await Cables.build({
      families: [family, family],
      ends: () => ({ local: 'any' }),
      edit: (host, config) => config.replace(' address', ` address fd77::${host}/64\n address`),
    });
    await lines.allUp();
  });
  afterAll(async () => {
    await lines?.remove();
  });
  beforeEach(needsLab);

  const inside = family === 4 ? lanAddress(2) : 'fd77::2';

  it.each([
    ['by a route of its own', (bits: number) => `${lines.address(2, 0)}/${bits}`],
    ['by a route that covers the network', (bits: number) => `${lines.address(2, 0)}/${bits - 2}`],
  ])('does not carry itself: %s', async (_, destinationOf) => {
    const destination = destinationOf(family === 4 ? 32 : 128);
    const node = lines.node(1);
    const flood = await Flood.start(lines.lab, 1, lanAddress(2), 20);
    const [frames, drops] = [await node.counter('tapRxFrames'), await node.drops('recursive-route')];
    const isOdd = family === 4 && destination.endsWith('/30');
    const prefix = isOdd ? destination.replace('.2/', '.0/') : destination.replace('::2/126', '::/126');
    await lines.ip(1, `-${family} route replace ${prefix} via ${inside} dev octo0`);
    const events = await toldOfRecursion(0);
    expect(events).toContain('octo0');
    await flood.more(50);
    expect(await lines.linkOf(1, 1)).toMatchObject({ state: 'up' });
    expect((await lines.linkOf(1, 0)).state).toBe('waiting');
    expect((await node.counter('tapRxFrames')) - frames).toBeLessThan(1000);
    await lines.ip(1, `-${family} route del ${prefix}`);
    await lines.isUp(0);
    expect(await flood.end()).toMatchObject({ lost: 0 });
    // What was under way when the route changed came to the TAP, and no further.
    expect(await node.drops('recursive-route')).toBeGreaterThanOrEqual(drops);
  });

  /** The words of the event that names the recursion and the link. */
  async function toldOfRecursion(link: number): Promise<string> {
    let words = '';
    const told = async () => {
      const events = await lines.node(1).cli('show events last 20');
      words = events
        .split('\n')
        .filter((line) => /recursive/.test(line) && line.includes(`link ${link}`))
        .join('\n');
      return words !== '';
    };
    await until('an event to tell of the recursive route', told, PATIENCE_S * 1000);
    return words;
  }
});
