/** A device on the way that swallows what leaves as a run, in silence: the link finds out and does without. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { Lab } from '../../scripts/lab/lab.js';
import { lanAddress } from '../../scripts/lab/mesh.js';
import type { LinkStatus, PeerStatus } from '../../src/api/index.js';
import { type Site, startSite, waitAllUp } from './node.js';
import { transfer } from './raw.js';
import { labProblem, needsLab } from './support.js';

const TRANSFER_BYTES = 32 << 20;
const MOST_TRANSFERS = 8;
/** Longer than any datagram: only a run that nobody has cut yet is. */
const SWALLOWED_BYTES = 2000;

let lab: Lab;
let site: Site;

beforeAll(async () => {
  if (labProblem) return;
  lab = await Lab.build({ hosts: 2, underlays: [{ family: 4 }] });
  site = await startSite(lab, () => ({ timers: { interval: 10, hold: 500 } }));
  await waitAllUp(site, 1);
});
afterAll(async () => {
  await lab?.remove();
});
beforeEach(needsLab);

async function linkStatus(): Promise<LinkStatus> {
  const { links } = await site.nodes[0].json<PeerStatus>('show peer h2');
  return links[0];
}

it('is found out by what arrives, and streams come whole meanwhile', async () => {
  const { device } = lab.attachment(2, 1);
  const chain = `type filter hook ingress device ${device} priority 0;`;
  await lab.run(2, 'nft', [`add table netdev harm; add chain netdev harm runs { ${chain} }`]);
  await lab.run(2, 'nft', [`add rule netdev harm runs meta length > ${SWALLOWED_BYTES} drop`]);
  expect((await linkStatus()).gsoLack).toBeNull();
  for (let done = 0; done < MOST_TRANSFERS && (await linkStatus()).gsoLack === null; done++) {
    const { sent, received } = await transfer(lab, 1, 2, lanAddress(2), TRANSFER_BYTES);
    expect(received).toBe(sent);
  }
  expect((await linkStatus()).gsoLack).toBe('path');
  expect(await site.nodes[0].cli('show events')).toContain('UDP GSO off');
});
