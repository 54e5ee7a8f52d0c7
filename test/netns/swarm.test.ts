import { expect, it } from 'vitest';
import { swarm } from '../../bench/swarm/main.js';
import { parseSwarmOptions } from '../../bench/swarm/options.js';
import { needsIperf3 } from './support.js';

const CLIENTS = 50;

it('fifty clients come up, hear one of them, come back after they have left, and are found where they move; two more are daemons', async (context) => {
  needsIperf3(context);
  const phases = [
    '--phases',
    'join,churn,roam,broadcast,tcp',
    '--seconds',
    '1',
    '--interval',
    '200',
    '--processes',
    '2',
  ];
  const options = parseSwarmOptions(['--clients', String(CLIENTS), ...phases, '--patience', '30']);
  const figures = await swarm(options, () => {});
  expect(figures.join.up).toBe(CLIENTS);
  expect(figures.churn).toMatchObject({ othersLost: 0 });
  expect(figures.roam).toMatchObject({ othersLost: 0 });
  expect(figures.tcpOfTwo?.gbitPerSecond).toBeGreaterThan(0);
  expect(figures.tcp?.gbitPerSecond).toBeGreaterThan(0);
  expect(figures.broadcast?.copies).toBe(figures.broadcast?.expected);
});
