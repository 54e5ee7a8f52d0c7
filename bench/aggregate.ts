/**
 * `npm run bench -- --aggregate`: what TCP reaches over two links of different rate and delay under the policy `adaptive`, beside
 * each link alone. Rates by a token bucket with 50 ms of queue at both hosts, delays by a program between them, all in
 * network namespaces.
 */
import { Lab } from '../scripts/lab/lab.js';
import { Mesh, PORT } from '../scripts/lab/mesh.js';
import { SLOW_WIRE_PORT, SlowWire, slowWireAddress } from '../scripts/lab/slow-wire.js';
import type { Figures } from './figures.js';
import { measure } from './measure.js';
import { INNER_TARGET } from './peers/peer.js';

interface Path {
  mbit: number;
  /** Each way. */
  delayMs: number;
}

/** Pairs that the figures of other multilink VPNs are known for, and smaller ones for busy machines. */
const PAIRS: readonly (readonly [Path, Path])[] = [
  [
    { mbit: 100, delayMs: 25 },
    { mbit: 100, delayMs: 25 },
  ],
  [
    { mbit: 300, delayMs: 10 },
    { mbit: 80, delayMs: 30 },
  ],
  [
    { mbit: 40, delayMs: 10 },
    { mbit: 40, delayMs: 30 },
  ],
];

async function throughput(paths: readonly Path[], policy: string, seconds: number): Promise<Figures> {
  const underlays = paths.map(() => ({ family: 4 as const }));
  const lab = await Lab.build({ hosts: 2, underlays });
  try {
    const remotes = new Map<number, { address: string; port: number }>();
    for (const [id, path] of paths.entries()) {
      await lab.limitRate(id + 1, path.mbit);
      const wire = await SlowWire.start(lab, id + 1, [1, 2], PORT);
      wire.delay(path.delayMs);
      remotes.set(id, { address: slowWireAddress(lab, id + 1), port: SLOW_WIRE_PORT });
    }
    const mesh = await Mesh.start(lab, { remotes, interfaceLines: [`policy ${policy}`] });
    await mesh.waitUp(true);
    return await measure({ lab, target: INNER_TARGET, seconds }, new Set(['tcp1', 'tcp8']));
  } finally {
    await lab.remove();
  }
}

/** Measures every pair, runs of `seconds`, and prints a table; returns the exit status. */
export async function aggregate(seconds: number): Promise<number> {
  console.log(`Mbit/s of payload, runs of ${seconds} s\n`);
  console.log('| links | streams | first alone | second alone | together | of the sum | of the better |');
  console.log('| --- | --- | --- | --- | --- | --- | --- |');
  for (const pair of PAIRS) {
    const name = pair.map(({ mbit, delayMs }) => `${mbit} Mbit/s ${delayMs} ms`).join(' + ');
    const first = await throughput([pair[0]], 'passive', seconds);
    const second = await throughput([pair[1]], 'passive', seconds);
    const both = await throughput(pair, 'adaptive', seconds);
    for (const figure of ['tcp1', 'tcp8'] as const) {
      const [a, b, together] = [first, second, both].map((figures) => figures[figure]! * 1000);
      const percent = (of: number) => `${Math.round((100 * together) / of)} %`;
      const rates = [a, b, together].map((rate) => rate.toFixed(1)).join(' | ');
      const shares = `${percent(a + b)} | ${percent(Math.max(a, b))}`;
      console.log(`| ${name} | ${figure.slice(3)} | ${rates} | ${shares} |`);
    }
  }
  return 0;
}
