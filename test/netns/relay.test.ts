/** Three hosts: when all direct links between two of them are cut, the third carries on. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { CLEAN } from '../../scripts/lab/impair.js';
import { Lab } from '../../scripts/lab/lab.js';
import { lanAddress } from '../../scripts/lab/mesh.js';
import type { LinkStatus } from '../../src/api/index.js';
import { Flood } from './flood.js';
import { type Site, startSite, waitAllUp } from './node.js';
import { labProblem, needsLab } from './support.js';

const RELAYED = 7;
let lab: Lab;
let site: Site;

beforeAll(async () => {
  if (labProblem) return;
  lab = await Lab.build({ hosts: 3, underlays: [{ family: 4 }, { family: 6 }] });
  site = await startSite(lab, (host) => ({
    timers: { interval: 50, hold: 300 },
    interfaceLines: host === 3 ? ['relay'] : [],
  }));
  await waitAllUp(site, 2);
  for (const [host, peer] of [
    [1, 'h2'],
    [2, 'h1'],
  ] as const) {
    const timers = 'timers interval 50 hold 300';
    await site.nodes[host - 1].configure(
      'interface octo0',
      `peer ${peer}`,
      `link ${RELAYED}`,
      'remote via h3',
      timers,
    );
  }
  await site.nodes[0].waitLink('h2', RELAYED);
  await site.nodes[1].waitLink('h1', RELAYED);
});
afterAll(async () => {
  await lab?.remove();
});
beforeEach(needsLab);

it('a link via the third host takes over and gives back, and no ping is lost', async () => {
  const flood = await Flood.start(lab, 1, lanAddress(2));
  for (const underlay of [1, 2]) await lab.impair(underlay, { ...CLEAN, blackHole: [[1, 2]] });
  for (const link of [0, 1]) await site.nodes[0].waitLink('h2', link, 'down');
  await flood.more(50);
  const links = await site.nodes[0].json<LinkStatus[]>('show links');
  const relayed = links.find(({ peer, link }) => peer === 'h2' && link === RELAYED);
  expect(relayed).toMatchObject({ state: 'up', active: true, remote: 'via h3', local: null });
  expect(await site.nodes[2].counter('relayedDatagrams')).toBeGreaterThan(100);
  for (const underlay of [1, 2]) await lab.impair(underlay, CLEAN);
  await waitAllUp(site, 2);
  expect(await flood.end()).toMatchObject({ lost: 0, duplicated: 0 });
});

it('a third host that does not relay is no path', async () => {
  await site.nodes[2].configure('interface octo0', 'no relay');
  await site.nodes[0].waitLink('h2', RELAYED, 'down');
  expect(await site.nodes[2].drops('relay-refused')).toBeGreaterThan(0);
  await site.nodes[2].configure('interface octo0', 'relay');
  await site.nodes[0].waitLink('h2', RELAYED);
});
