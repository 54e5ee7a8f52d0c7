/**
 * One hostile peer as a program of its own: LOAD RATE SECONDS PORT OWN-KEY ITS-KEY, then LOCAL REMOTE for each link. Says
 * `ready` when it begins, and the bytes that it has sent at the end. What it says after the handshake goes to PORT.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { DATA_STREAM, keepGroup, LOADS, type LoadName, upperCounter } from './loads.js';
import { HostilePeer, type Way } from './peer.js';
import { bundle, heartbeat } from './wire.js';

const [name, rate, secondsText, port, ownKey, itsKey, ...addresses] = process.argv.slice(2);
const load = LOADS[name as LoadName];
const ways: Way[] = [];
for (let at = 0; at < addresses.length; at += 2)
  ways.push({ local: addresses[at], remote: addresses[at + 1] });

const BEATS_EVERY_MS = 50;
/** More than these at once are not said, so that one who cannot keep the rate still takes its answers. */
const MOST_ROUNDS = 16;

const peer = new HostilePeer(ways);
await peer.handshake(ownKey, itsKey);
peer.aimAt(Number(port));

function beats(): void {
  for (let link = 0; link < ways.length; link++)
    peer.say(link, link, [heartbeat(link)], name === 'parity' ? [upperCounter()] : undefined);
}

beats();
await sleep(100);
// Its station speaks once, so that frames for it come here.
peer.say(0, DATA_STREAM, [bundle(1)], [1]);
if (name === 'parity') {
  keepGroup(peer);
  await sleep(100);
}
console.log('ready');
const start = Date.now();
peer.sentBytes = 0;
let beatAt = 0;
for (let said = 0; Date.now() - start < Number(secondsText) * 1000; await sleep(1)) {
  const goal = ((Date.now() - start) / 1000) * Number(rate);
  for (let rounds = 0; said < goal && rounds < MOST_ROUNDS; rounds++) said += load.say(peer);
  if (Date.now() - beatAt > BEATS_EVERY_MS) {
    beatAt = Date.now();
    beats();
  }
  peer.takeAnswers();
}
console.log(JSON.stringify({ sentBytes: peer.sentBytes }));
process.exit(0);
