/** What can happen on a wire beside its death: calm weather disturbs, a storm loses. */
import type { Hop } from './hop.js';
import { burstLoss, burstsOf } from './hops/burst-loss.js';
import { corrupt } from './hops/corrupt.js';
import { delay } from './hops/delay.js';
import { duplicate } from './hops/duplicate.js';
import { fading } from './hops/fading.js';
import { jitter } from './hops/jitter.js';
import { loss } from './hops/loss.js';
import { mbit, rate } from './hops/rate.js';
import { reorder } from './hops/reorder.js';
import { MILLISECOND } from './world.js';

type Make = (random: () => number) => Hop[];

const BASE = delay(MILLISECOND);

/** Nothing is lost in it, and nothing overtakes. */
export const CALM: Record<string, Make> = {
  'jitter of 4 ms': (random) => [BASE, jitter(4 * MILLISECOND, random)],
  'a tenth comes twice': (random) => [BASE, duplicate(0.1, 2 * MILLISECOND, random)],
  '8 ms more': () => [BASE, delay(8 * MILLISECOND)],
};

/**
 * Datagrams are lost, or overtake each other: then an acknowledgement can cover one that is still under way, and is
 * lost with the link.
 */
export const STORMS: Record<string, Make> = {
  '3 % loss': (random) => [BASE, loss(0.03, random)],
  'loss in bursts': (random) => [BASE, burstLoss(burstsOf(0.03, 8), random)],
  'outages of 5 ms': (random) => [BASE, fading(100 * MILLISECOND, 5 * MILLISECOND, random)],
  '2 % damaged': (random) => [BASE, corrupt(0.02, random)],
  'a tenth 3 ms late': (random) => [BASE, reorder(0.1, 3 * MILLISECOND, random)],
  'a bottleneck of 8 Mbit/s': () => [rate(mbit(8), { ms: 20 }), BASE],
  '60 ms more': () => [BASE, delay(60 * MILLISECOND)],
};

/** A wire as it was. */
export function fair(): Hop[] {
  return [BASE];
}
