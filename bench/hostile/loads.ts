/** What a hostile peer says, and how often a second. */
import { KIND } from '../../src/wire/header.js';
import type { HostilePeer } from './peer.js';
import * as wire from './wire.js';

const BATCH = 32;
/** Frames of a bundle. */
const FRAMES = 70;
/** A stream that no link of ours uses. */
export const DATA_STREAM = 5;
/** Datagrams that the victim keeps for parity. */
const KEPT = 128;
/** An echo of this length is answered with one as long. */
const ECHO_BYTES = 1200;

export interface Load {
  /** Messages a second. Of `resend`, links reported down; of `sessions`, handshakes. */
  rate: number;
  /** Says something; returns how many messages of the rate that was. */
  say(peer: HostilePeer): number;
}

let turn = 0;
/** Counters that take the upper quarter of what a link keeps, so that the lower one stays. */
let counter = KEPT;

export function upperCounter(): number {
  counter++;
  const upper = KEPT - BATCH;
  if (counter % KEPT < upper) counter += upper - (counter % KEPT);
  return counter;
}

/** A load that says `make()` many times over, at 20,000 messages a second. */
function steady(make: () => Uint8Array, stream = 0): Load {
  return {
    rate: 20_000,
    say(peer) {
      peer.say(0, stream, Array.from({ length: BATCH }, make));
      return BATCH;
    },
  };
}

export const LOADS = {
  bundles: steady(() => wire.bundle(FRAMES), DATA_STREAM),
  macs: steady(() => wire.bundle(FRAMES, true), DATA_STREAM),
  pieces: steady(wire.piece, DATA_STREAM),
  flips: steady(() => wire.heartbeat(0, turn++ % 2 === 0)),
  beats: steady(wire.wildHeartbeat),
  reports: steady(wire.report),
  echoes: steady(() => wire.echo(ECHO_BYTES)),
  checks: steady(() => wire.filled(KIND.PATH_CHECK, 12)),
  probes: steady(() => wire.filled(KIND.MTU_PROBE, 8)),
  relays: steady(() => wire.filled(KIND.RELAY, 200)),
  noise: steady(() => wire.filled(Math.floor(Math.random() * 256), 200)),
  parity: {
    rate: 20_000,
    say(peer) {
      const bodies = new Array<Uint8Array>(BATCH).fill(wire.parity(DATA_STREAM, KEPT / 2, 1416 ^ 20));
      peer.say(0, 1, bodies, bodies.map(upperCounter));
      return BATCH;
    },
  },
  resend: {
    rate: 40,
    say(peer) {
      const link = turn++ % peer.links;
      const other = (link + 1) % peer.links;
      peer.say(other, other, [wire.linkDown(link)]);
      peer.say(link, link, new Array<Uint8Array>(6).fill(wire.heartbeat(link)));
      return 1;
    },
  },
  sessions: {
    rate: 100,
    say(peer) {
      peer.call();
      return 1;
    },
  },
} satisfies Record<string, Load>;

export type LoadName = keyof typeof LOADS;

/** What `parity` needs before: a group of which all but one datagram are kept. */
export function keepGroup(peer: HostilePeer): void {
  peer.say(0, 1, [wire.parity(DATA_STREAM, 0, 0)], [upperCounter()]);
  const member = new Uint8Array(1400).fill(200);
  const counters = Array.from({ length: BATCH - 1 }, (_, index) => KEPT / 2 + index);
  peer.say(0, DATA_STREAM, new Array<Uint8Array>(BATCH - 1).fill(member), counters);
}
