/**
 * Sixteen kinds of access and distance. Rates are a tenth of what such paths carry, so that the grid is quick; delays,
 * queues and losses are as they are.
 */
import type { LinkProfile } from '../sim/bulk.js';
import { burstsOf } from '../sim/hops/burst-loss.js';
import { LATER } from './later.js';
import { PUBLISHED } from './published.js';

export const KINDS = {
  fibre: { mbit: 40, delayMs: 3, queueMs: 20 },
  'fibre-far': { mbit: 40, delayMs: 45, queueMs: 40 },
  cable: { mbit: 20, delayMs: 10, queueMs: 80, jitterMs: 2 },
  dsl: { mbit: 5, delayMs: 15, queueMs: 100 },
  'dsl-slow': { mbit: 2, delayMs: 25, queueMs: 150 },
  '5g': { mbit: 30, delayMs: 12, queueMs: 60, jitterMs: 4 },
  lte: { mbit: 8, delayMs: 25, queueMs: 120, jitterMs: 8 },
  'lte-weak': { mbit: 2, delayMs: 40, queueMs: 200, jitterMs: 20, loss: 0.003 },
  wifi: { mbit: 20, delayMs: 2, queueMs: 30, jitterMs: 3 },
  'wifi-lossy': { mbit: 10, delayMs: 3, queueMs: 40, jitterMs: 5, bursts: burstsOf(0.02, 6) },
  'geo-satellite': { mbit: 6, delayMs: 280, queueMs: 200, loss: 0.0005 },
  'leo-satellite': { mbit: 15, delayMs: 25, queueMs: 60, jitterMs: 6, bursts: burstsOf(0.003, 10) },
  ocean: { mbit: 20, delayMs: 90, queueMs: 60 },
  microwave: { mbit: 15, delayMs: 5, queueMs: 30, loss: 0.002 },
  bloated: { mbit: 4, delayMs: 10, queueMs: 500 },
  congested: { mbit: 8, delayMs: 20, queueMs: 80, jitterMs: 10, loss: 0.01 },
} as const satisfies Record<string, LinkProfile>;

const PROFILES = { ...KINDS, ...PUBLISHED, ...LATER };
export type ProfileName = keyof typeof PROFILES;

export function profileOf(name: ProfileName): LinkProfile {
  return PROFILES[name];
}

/** Two paths, the preferred one first. */
export type Pair = readonly [ProfileName, ProfileName];

/** Pairs that people have. */
export const PAIRS: readonly Pair[] = [
  ['fibre', 'fibre'],
  ['fibre', 'dsl'],
  ['fibre', '5g'],
  ['fibre', 'geo-satellite'],
  ['fibre-far', 'ocean'],
  ['cable', 'lte'],
  ['cable', 'leo-satellite'],
  ['dsl', 'dsl'],
  ['dsl', 'lte'],
  ['dsl-slow', 'geo-satellite'],
  ['lte', 'lte'],
  ['lte', 'lte-weak'],
  ['wifi', '5g'],
  ['wifi-lossy', 'microwave'],
  ['bloated', 'congested'],
  ['geo-satellite', 'leo-satellite'],
];

/** Every pair of two paths of the sixteen kinds, equal ones too, each once. */
export function pairsOfKinds(): Pair[] {
  const names = Object.keys(KINDS) as ProfileName[];
  return names.flatMap((one, at) => names.slice(at).map((other): Pair => [one, other]));
}

/** Every pair of two different paths of the published ones, each once. */
export function pairsOfPublished(): Pair[] {
  return differentPairs(Object.keys(PUBLISHED) as ProfileName[]);
}

/** The same of those that were drawn later. */
export function pairsOfLater(): Pair[] {
  return differentPairs(Object.keys(LATER) as ProfileName[]);
}

/** Every pair of every table. */
export function everyPair(): Pair[] {
  return [...pairsOfKinds(), ...pairsOfPublished(), ...pairsOfLater()];
}

function differentPairs(names: readonly ProfileName[]): Pair[] {
  return names.flatMap((one, at) => names.slice(at + 1).map((other): Pair => [one, other]));
}

/** A seed of its own for each cell of a grid, the same every time. */
export function seedOf(...words: string[]): number {
  let hash = 0x811c9dc5;
  for (const letter of words.join('|')) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193) >>> 0;
  return hash;
}
