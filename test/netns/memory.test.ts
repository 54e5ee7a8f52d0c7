/** What a server says that its clients hold, against what its process has grown by. */
import { expect, it } from 'vitest';
import { swarm } from '../../bench/swarm/main.js';
import { parseSwarmOptions } from '../../bench/swarm/options.js';
import { needsLab } from './support.js';

const CLIENTS = 1500;
/** With few clients most of what a process grows by is garbage and what its heaps keep free. */
const MOST_BESIDE = 10;

it('fifteen hundred clients hold what show system says, and the process has grown by more', async (context) => {
  needsLab(context);
  const options = parseSwarmOptions(['--clients', String(CLIENTS), '--phases', 'join', '--patience', '60']);
  const { join } = await swarm(options, () => {});
  expect(join.up).toBe(CLIENTS);
  expect(join.bytesHeldByClient).toBeGreaterThan(4096);
  expect(join.bytesPerClient).toBeGreaterThan(join.bytesHeldByClient);
  expect(join.bytesPerClient).toBeLessThan(MOST_BESIDE * join.bytesHeldByClient);
});
