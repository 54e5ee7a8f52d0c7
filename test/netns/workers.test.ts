/** An interface whose large batches several threads share. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { Lab } from '../../scripts/lab/lab.js';
import { lanAddress, ROOT } from '../../scripts/lab/mesh.js';
import { until } from '../../scripts/lab/run.js';
import { type Site, startSite, waitAllUp } from './node.js';
import { transfer } from './raw.js';
import { labProblem, needsLab } from './support.js';

const TRANSFER_BYTES = 16 << 20;
const FLOWS = join(ROOT, 'test/netns/flows.py');
const FLOWS_PORT = '7010';
const FLOW_COUNT = 12;
const FLOW_DATAGRAMS = 1000;
const PATIENCE_MS = 20_000;
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

/** Waits until so many helper threads of the first host's daemon are there. A thread that starts gives itself its name. */
async function hasHelpers(count: number): Promise<void> {
  const { pid } = await site.nodes[0].call('show.system', {});
  const wanted = Array.from({ length: count }, (_, index) => `octo-helper-${index + 1}`);
  const names = () =>
    readdirSync(`/proc/${pid}/task`)
      .map((task) => readFileSync(`/proc/${pid}/task/${task}/comm`, 'utf8').trim())
      .filter((name) => name.startsWith('octo-helper-'))
      .sort();
  await until(`${count} helpers`, () => names().join() === wanted.join(), PATIENCE_MS);
}

/** Workers and queues of the first host's interface. */
async function shape(): Promise<{ workers: number; tapQueues: number }> {
  const [{ workers, tapQueues }] = (await site.nodes[0].call('show.system', {})).workers;
  return { workers, tapQueues };
}

async function carriesStream(): Promise<void> {
  const { sent, received } = await transfer(lab, 1, 2, lanAddress(2), TRANSFER_BYTES);
  expect(received).toBe(sent);
  expect(received.split(' ')[0]).toBe(String(TRANSFER_BYTES));
}

it('carries a TCP stream unharmed', async () => {
  expect(await shape()).toEqual({ workers: 3, tapQueues: 3 });
  await hasHelpers(2);
  await carriesStream();
});

it('keeps each of many flows in order, there and back', async () => {
  const server = lab.start(2, 'python3', [FLOWS, 'serve', FLOWS_PORT]);
  await new Promise((resolve) => server.output.once('data', resolve));
  const words = [FLOWS, 'talk', lanAddress(2), FLOWS_PORT, String(FLOW_COUNT), String(FLOW_DATAGRAMS)];
  const [answered, there, here] = (await lab.run(1, 'python3', words)).split(' ').map(Number);
  await server.stop();
  expect({ answered, there, here }).toEqual({ answered: FLOW_COUNT * FLOW_DATAGRAMS, there: 0, here: 0 });
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
    await hasHelpers(count - 1);
    // Queues come, and do not go: what waits in one would be lost.
    expect((await shape()).tapQueues).toBe(Math.max(3, count));
    await carriesStream();
  }
  expect((await node.call('show.interfaces', {}))[0]).toMatchObject({ workers: 4, tapQueues: 4 });
});

it('keeps to the one queue of a TAP that was made for one worker, and says so', async () => {
  const [node] = site.nodes;
  await node.configure('interface octo0', 'workers 1', 'shutdown');
  await node.configure('interface octo0', 'no shutdown');
  await waitAllUp(site, 1);
  expect(await shape()).toEqual({ workers: 1, tapQueues: 1 });
  await node.configure('interface octo0', 'workers 3');
  await node.call('explain.peer', { peer: 'h2' });
  expect(await shape()).toEqual({ workers: 3, tapQueues: 1 });
  const [warning] = (await node.call('show.events', {})).filter(({ kind }) => kind === 'warning');
  expect(warning).toMatchObject({
    what: 'tap-queues-missing',
    detail: 'the TAP has 1 of 3 queues: it was made for one worker',
  });
  await carriesStream();
});
