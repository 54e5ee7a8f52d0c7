/**
 * Runs in a host of a lab: sends handshake messages to daemons from any address of 10.96.0.0/16, as strangers that know
 * the public keys and no private one. Takes one argument, a `FloodOrder` as JSON; prints what it sent.
 */
import { randomBytes } from 'node:crypto';
import { ReceiverKeys, writeMac1 } from '../src/crypto/cookie.js';
import { INITIATION_BYTES, MAC_BYTES, MESSAGE } from '../src/crypto/handshake-messages.js';
import { parsePublicKey } from '../src/crypto/keys.js';
import { sodiumPrimitives } from '../src/crypto/sodium.js';
import { loadNative } from '../src/native/binding.js';
import { PATH, SEND } from '../src/native/ops.js';

export interface FloodOrder {
  victims: { address: string; port: number; publicKey: string }[];
  /** Messages a second to each victim. */
  perSecond: number;
  seconds: number;
}

/** Addresses that the messages come from; the host must have `local 10.96.0.0/16 dev lo`. */
export const SOURCES = 60_000;
const MESSAGES = 1024;
const BATCH = 64;

function wordOf(address: readonly number[]): number {
  return new Int32Array(Uint8Array.from(address).buffer)[0];
}

/** Initiations that are addressed rightly and hold noise. */
function messagesFor(publicKey: string): Uint8Array {
  const keys = new ReceiverKeys(sodiumPrimitives, parsePublicKey(publicKey));
  const all = new Uint8Array(MESSAGES * INITIATION_BYTES);
  for (let at = 0; at < all.length; at += INITIATION_BYTES) {
    const message = all.subarray(at, at + INITIATION_BYTES);
    message.set(randomBytes(INITIATION_BYTES - MAC_BYTES));
    message.set([MESSAGE.INITIATION, 0, 0, 0]);
    writeMac1(sodiumPrimitives, keys, message);
  }
  return all;
}

function main({ victims, perSecond, seconds }: FloodOrder): void {
  const native = loadNative();
  const socket = native.udpOpen({
    family: 4,
    address: null,
    port: 0,
    device: null,
    receiveBuffer: 1,
    sendBuffer: 8 << 20,
    gro: false,
  });
  const arena = Buffer.concat(victims.map(({ publicKey }) => messagesFor(publicKey)));
  const rows = new Int32Array(BATCH * SEND.WORDS);
  const paths = new Int32Array(BATCH * PATH.WORDS);
  const start = native.now();
  let number = 0;
  let sent = 0;
  const total = () => Math.min(seconds, (native.now() - start) / 1e6) * perSecond * victims.length;
  const idle = native.epollCreate();
  const tokens = new Int32Array(1);
  while (native.now() - start < seconds * 1e6) {
    while (number + BATCH <= total()) {
      for (let row = 0; row < BATCH; row++, number++) {
        const victim = number % victims.length;
        const source = Math.floor(Math.random() * SOURCES);
        const path = row * PATH.WORDS;
        paths[path + PATH.FAMILY] = 4;
        paths[path + PATH.PORT] = victims[victim].port;
        paths[path + PATH.ADDR] = wordOf(victims[victim].address.split('.').map(Number));
        paths[path + PATH.LOCAL] = wordOf([10, 96, source >> 8, source & 255]);
        const send = row * SEND.WORDS;
        rows[send + SEND.FD] = socket.fd;
        rows[send + SEND.OFFSET] = (victim * MESSAGES + (number % MESSAGES)) * INITIATION_BYTES;
        rows[send + SEND.LENGTH] = INITIATION_BYTES;
        rows[send + SEND.SEGMENT] = INITIATION_BYTES;
        rows[send + SEND.PATH] = row;
      }
      sent += native.udpSend(arena, rows, BATCH, paths);
    }
    native.wait(idle, 500, 0, tokens);
  }
  process.stdout.write(`${Math.round(sent / seconds / victims.length)}\n`);
}

main(JSON.parse(process.argv[2]) as FloodOrder);
