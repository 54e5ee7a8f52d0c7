/** Bulk transfers between two hosts over links described by rate, delay, queue, loss and jitter. */
import type { Policy } from '../../src/api/config.js';
import type { Aead } from './aead.js';
import type { Hop } from './hop.js';
import { type Bursts, burstLoss } from './hops/burst-loss.js';
import { delay } from './hops/delay.js';
import { jitter } from './hops/jitter.js';
import { loss } from './hops/loss.js';
import { mbit, rate } from './hops/rate.js';
import { Lan, type LanOptions } from './lan.js';
import { seededRandom } from './random.js';
import { MSS, Transfers } from './tcp.js';
import { MILLISECOND, SECOND, World } from './world.js';

export interface LinkProfile {
  /** Of each direction. */
  mbit: number;
  delayMs: number;
  /** What waits at the bottleneck at most; default 50 ms. */
  queueMs?: number;
  /** Share of datagrams lost. */
  loss?: number;
  /** Loss in bursts beside it. */
  bursts?: Bursts;
  /** Queueing noise, order kept. */
  jitterMs?: number;
}

/** Protects nothing: these runs are about rates. */
const noAead: Aead = { seal: () => {}, open: () => true };
const SETTLE_US = 500 * MILLISECOND;
/** Headers around a segment on the wire: outer IPv6 and UDP, datagram, SEGMENT, inner Ethernet, IP and TCP. */
const AROUND = 48 + 32 + 11 + 54;

/** Two hosts joined by such links, sessions up; `more` about them. */
export function bulkLan(
  seed: number,
  links: readonly LinkProfile[],
  policy: Policy,
  more: Partial<LanOptions> = {},
): Lan {
  const world = new World(seed);
  const lan = new Lan(world, {
    hosts: 2,
    links: links.length,
    policy,
    intervalMs: 100,
    holdMs: 300,
    sessions: false,
    node: { aead: noAead },
    ...more,
  });
  const [a, b] = lan.nodes;
  links.forEach((profile, network) => {
    // Dice of their own: what a wire does to its datagrams does not change with what hosts draw.
    const dice = (way: number) => seededRandom(seed ^ Math.imul(network * 2 + way + 1, 0x9e37_79b9));
    world.wire(a, b, network).hops = hopsOf(profile, dice(0));
    world.wire(b, a, network).hops = hopsOf(profile, dice(1));
  });
  lan.rekey(a, b);
  world.run(SETTLE_US);
  return lan;
}

function hopsOf(profile: LinkProfile, random: () => number): Hop[] {
  const hops: Hop[] = [];
  if (profile.loss !== undefined) hops.push(loss(profile.loss, random));
  if (profile.bursts !== undefined) hops.push(burstLoss(profile.bursts, random));
  hops.push(rate(mbit(profile.mbit), { ms: profile.queueMs ?? 50 }));
  if (profile.jitterMs !== undefined) hops.push(jitter(profile.jitterMs * MILLISECOND, random));
  hops.push(delay(profile.delayMs * MILLISECOND));
  return hops;
}

/**
 * Mbit/s of payload that `flows` transfers reach together for some seconds, after they ran for `warmUpSeconds` over
 * links that had been idle for `idleSeconds`.
 */
export function goodput(
  seed: number,
  links: readonly LinkProfile[],
  policy: Policy,
  flows: number,
  seconds: number,
  warmUpSeconds = 0,
  idleSeconds = 0,
): number {
  const lan = bulkLan(seed, links, policy);
  lan.world.run(idleSeconds * SECOND);
  const [a, b] = lan.nodes;
  const transfers = new Transfers(lan.world, a, b, flows);
  lan.world.run(warmUpSeconds * SECOND);
  return transfers.measure(seconds * SECOND) / 1e6;
}

/** Mbit/s of payload that fit links of that many Mbit/s. */
export function payloadOf(megabits: number): number {
  return (megabits * MSS) / (MSS + AROUND);
}
