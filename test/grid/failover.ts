/** One cell of the grid of failover: a steady stream over a pair of paths, whose preferred one is cut and comes back. */
import type { Policy } from '../../src/api/config.js';
import { bulkLan } from '../sim/bulk.js';
import { cut } from '../sim/cuts.js';
import { Stream } from '../sim/stream.js';
import { SECOND } from '../sim/world.js';
import { type Pair, profileOf, seedOf } from './profiles.js';

const PERIOD_US = 2000;
const PAYLOAD_BYTES = 100;
const BEFORE_US = 1.5 * SECOND;
const CUT_US = 1 * SECOND;
const AFTER_US = 1.5 * SECOND;
/** The slowest path and its queue. */
const LAST_ARRIVALS_US = 1 * SECOND;

export interface FailoverCell {
  sent: number;
  lost: number;
  duplicated: number;
  /** By how many frames the latest was overtaken. */
  displacement: number;
  latencyP50Ms: number;
  latencyP99Ms: number;
  /** Longest silence from the cut on. */
  outageMs: number;
  /** Datagrams beyond one for each frame and those that flow without traffic, in percent of the frames. */
  extraPercent: number;
}

export function failoverCell(pair: Pair, policy: Policy): FailoverCell {
  const idle = run(pair, policy, false);
  const busy = run(pair, policy, true);
  const { sent, lost, duplicated, displacement, latencyP50Us, latencyP99Us, longestGapUs } = busy.report!;
  return {
    sent,
    lost,
    duplicated,
    displacement,
    latencyP50Ms: latencyP50Us / 1000,
    latencyP99Ms: latencyP99Us / 1000,
    outageMs: longestGapUs / 1000,
    extraPercent: (100 * (busy.datagrams - idle.datagrams - sent)) / sent,
  };
}

function run(pair: Pair, policy: Policy, isBusy: boolean) {
  const links = pair.map(profileOf);
  const { world, nodes } = bulkLan(seedOf(...pair, policy), links, policy);
  const [a, b] = nodes;
  world.run(SECOND);
  const before = a.sentDatagrams;
  const stream = isBusy ? new Stream(world, a, b, PERIOD_US, PAYLOAD_BYTES) : undefined;
  world.run(BEFORE_US);
  stream?.forgetSilence();
  const heal = cut(world, 'black hole', a, b, 0);
  world.run(CUT_US);
  heal();
  world.run(AFTER_US);
  stream?.stop();
  world.run(LAST_ARRIVALS_US);
  return { report: stream?.report(), datagrams: a.sentDatagrams - before };
}
