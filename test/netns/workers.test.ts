/** An interface whose large batches several threads share. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { Lab } from '../../scripts/lab/lab.js';
import { lanAddress } from '../../scripts/lab/mesh.js';
import { type Site, startSite, waitAllUp } from './node.js';
import { transfer } from './raw.js';
import { labProblem, needsLab } from './support.js';

const TRANSFER_BYTES = 16 << 20;
let lab: Lab;
let site: Site;

beforeAll(async () => {
  if (labProblem) return;
  lab = await Lab.build({ hosts: 2, underlays: [{ family: 4 }] });
  site = await startSite(lab, () => ({ interfaceLines: ['workers 3'] }));
  await waitAllUp(site, 1);
});
afterAll(async () => {
  await lab?.remove();
});
beforeEach(needsLab);

/** Names of the helper threads of the first host's daemon. */
async function helpers(): Promise<string[]> {
  const { pid } = await site.nodes[0].call('show.system', {});
  return readdirSync(`/proc/${pid}/task`)
    .map((task) => readFileSync(`/proc/${pid}/task/${task}/comm`, 'utf8').trim())
    .filter((name) => name.startsWith('octo-helper-'))
    .sort();
}

async function carriesStream(): Promise<void> {
  const { sent, received } = await transfer(lab, 1, 2, lanAddress(2), TRANSFER_BYTES);
  expect(received).toBe(sent);
  expect(received.split(' ')[0]).toBe(String(TRANSFER_BYTES));
}

it('carries a TCP stream unharmed', async () => {
  const [{ workers }] = (await site.nodes[0].call('show.system', {})).workers;
  expect(workers).toBe(3);
  expect(await helpers()).toEqual(['octo-helper-1', 'octo-helper-2']);
  await carriesStream();
});

it('goes on with fewer and with more threads, also for the session that is there', async () => {
  const [node] = site.nodes;
  for (const [line, count] of [
    ['workers 1', 1],
    ['workers 4', 4],
    ['scheduling realtime', 4],
  ] as const) {
    await node.configure('interface octo0', line);
    // The answer comes from the worker, after what it was told before.
    await node.call('explain.peer', { peer: 'h2' });
    expect(await helpers()).toHaveLength(count - 1);
    await carriesStream();
  }
  expect((await node.call('show.interfaces', {}))[0].workers).toBe(4);
});
