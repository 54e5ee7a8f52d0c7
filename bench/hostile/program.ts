/**
 * One hostile peer as a program of its own: LOAD RATE SECONDS OWN-KEY ITS-KEY, then LOCAL REMOTE for each link. Says
 * `ready` when it begins, and the bytes that it has sent at the end.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { HostilePeer, type Way } from './peer.js';
import { bundle, heartbeat, linkDown, parity } from './wire.js';

const [load, rateText, secondsText, ownKey, itsKey, ...addresses] = process.argv.slice(2);
const rate = Number(rateText);
const ways: Way[] = [];
for (let at = 0; at < addresses.length; at += 2)
  ways.push({ local: addresses[at], remote: addresses[at + 1] });

const BATCH = 32;
const BEATS_EVERY_MS = 50;
const FRAMES = 70;
/** A stream that no link of ours uses. */
const DATA_STREAM = 5;
const KEPT = 128;

const peer = new HostilePeer(ways);
await peer.handshake(ownKey, itsKey);
let flips = 0;
/** Counters of streams 0 and 1 that take the upper quarter of what a link keeps, so that the lower one stays. */
let counter = KEPT;

function upperCounter(): number {
  counter++;
  const upper = KEPT - BATCH;
  if (counter % KEPT < upper) counter += upper - (counter % KEPT);
  return counter;
}

function beats(): void {
  for (let link = 0; link < ways.length; link++)
    peer.say(link, link, [heartbeat(link)], load === 'parity' ? [upperCounter()] : undefined);
}

/** What each load says in one go; returns how many it counts as. */
const LOADS: Record<string, () => number> = {
  bundles: () => {
    peer.say(0, DATA_STREAM, new Array<Uint8Array>(BATCH).fill(bundle(FRAMES)));
    return BATCH;
  },
  parity: () => {
    const bodies = new Array<Uint8Array>(BATCH).fill(parity(DATA_STREAM, KEPT / 2, 1416 ^ 20));
    peer.say(0, 1, bodies, bodies.map(upperCounter));
    return BATCH;
  },
  flips: () => {
    peer.say(
      0,
      0,
      Array.from({ length: BATCH }, () => heartbeat(0, flips++ % 2 === 0)),
    );
    return BATCH;
  },
  resend: () => {
    const link = flips++ % ways.length;
    peer.say((link + 1) % ways.length, (link + 1) % ways.length, [linkDown(link)]);
    peer.say(link, link, new Array<Uint8Array>(6).fill(heartbeat(link)));
    return 1;
  },
};

beats();
await sleep(100);
// Its station speaks once, so that frames for it come here.
peer.say(0, DATA_STREAM, [bundle(1)], [1]);
if (load === 'parity') {
  peer.say(0, 1, [parity(DATA_STREAM, 0, 0)], [upperCounter()]);
  await sleep(50);
  const member = new Uint8Array(1400).fill(200);
  const counters = Array.from({ length: BATCH - 1 }, (_, index) => KEPT / 2 + index);
  peer.say(0, DATA_STREAM, new Array<Uint8Array>(BATCH - 1).fill(member), counters);
  await sleep(100);
}
console.log('ready');
const start = Date.now();
let beatAt = 0;
for (let said = 0; Date.now() - start < Number(secondsText) * 1000; await sleep(1)) {
  const goal = ((Date.now() - start) / 1000) * rate;
  for (let rounds = 0; said < goal && rounds < 16; rounds++) said += LOADS[load]();
  if (Date.now() - beatAt > BEATS_EVERY_MS) {
    beatAt = Date.now();
    beats();
  }
  peer.drain();
}
console.log(JSON.stringify({ sentBytes: peer.sentBytes }));
process.exit(0);
