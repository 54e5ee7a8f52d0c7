/** A peer that holds true keys and keeps no rule: it makes a handshake like any other, then says whatever it is asked to. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ReceiverKeys } from '../../src/crypto/cookie.js';
import { MESSAGE, receiverIndex, senderIndex } from '../../src/crypto/handshake-messages.js';
import { parseSecret } from '../../src/crypto/keys.js';
import type { NoiseHandshake } from '../../src/crypto/noise.js';
import { sodiumPrimitives } from '../../src/crypto/sodium.js';
import { addressWords } from '../../src/daemon/interfaces/addresses.js';
import { Exchange, type Recipient } from '../../src/handshake/exchange.js';
import { loadNative, type Native } from '../../src/native/binding.js';
import { PATH, RECV, SEAL, SEND } from '../../src/native/ops.js';
import { SEALED_OVERHEAD, TYPE } from '../../src/wire/header.js';
import { IPV4_UDP_BYTES } from './wire.js';

const PORT = 7700;
const BUFFER_BYTES = 4 << 20;
const PLAIN_AT = 1 << 20;
const SEALED_AT = 16 << 20;
const RECEIVE_AT = 32 << 20;
const RECEIVE_ROWS = 128;
const SLOT_BYTES = 65_600;
const SEAL_KEY = 1000;
const LOCAL_INDEX = 0x40001;
const HANDSHAKE_MS = 3000;
const TWO_TO_32 = 2 ** 32;
const OFFER = {
  lowestVersion: 1,
  highestVersion: 1,
  aeads: 3,
  hardwareAes: true,
  capabilities: 0,
  workers: 1,
};

/** A pair of addresses, IPv4. */
export interface Way {
  local: string;
  remote: string;
}

export class HostilePeer {
  /** Bytes sent, IP headers included. */
  sentBytes = 0;
  private readonly native: Native = loadNative();
  private readonly arena = new Uint8Array(48 << 20);
  private readonly paths: Int32Array;
  private readonly sockets: number[];
  private readonly received = new Int32Array(RECEIVE_ROWS * RECV.WORDS);
  private readonly counters = new Map<number, number>();
  private remoteIndex = 0;
  private caller: { exchange: Exchange; recipient: Recipient } | undefined;
  private pending: NoiseHandshake | undefined;
  private lastTimestamp = 0;

  constructor(private readonly ways: readonly Way[]) {
    this.paths = new Int32Array(ways.length * PATH.WORDS);
    this.sockets = ways.map(({ local, remote }, row) => {
      const at = row * PATH.WORDS;
      this.paths[at + PATH.FAMILY] = 4;
      this.paths[at + PATH.PORT] = PORT;
      this.paths.set(addressWords(remote).words, at + PATH.ADDR);
      const sizes = { receiveBuffer: BUFFER_BYTES, sendBuffer: BUFFER_BYTES };
      return this.native.udpOpen({
        family: 4,
        address: local,
        port: PORT,
        device: null,
        gro: false,
        ...sizes,
      }).fd;
    });
  }

  get links(): number {
    return this.ways.length;
  }

  /** Agrees on a session with the daemon whose private key is in a file, under our own. */
  async handshake(ownKeyFile: string, itsKeyFile: string): Promise<void> {
    const secretKey = parseSecret(sodiumPrimitives, readFileSync(ownKeyFile));
    const publicKey = sodiumPrimitives.publicKey(parseSecret(sodiumPrimitives, readFileSync(itsKeyFile)));
    const recipient = {
      publicKey,
      psk: new Uint8Array(32),
      keys: new ReceiverKeys(sodiumPrimitives, publicKey),
    };
    const own = { secretKey, publicKey: sodiumPrimitives.publicKey(secretKey) };
    this.caller = { exchange: new Exchange(sodiumPrimitives, own), recipient };
    this.call();
    for (const until = Date.now() + HANDSHAKE_MS; this.remoteIndex === 0; await sleep(2)) {
      if (Date.now() > until) throw new Error('the handshake got no answer');
      this.takeAnswers();
    }
  }

  /** Sends an initiation. Its answer, when it is taken, makes the session that everything goes by from then on. */
  call(): void {
    const { exchange, recipient } = this.caller!;
    const timestamp = Math.max(Date.now() * 1000, this.lastTimestamp + 1);
    const generation = Math.floor(Date.now() / 1000) % 2 ** 24;
    this.lastTimestamp = timestamp;
    this.pending?.destroy();
    this.pending = exchange.begin(recipient);
    const offer = { ...OFFER, timestamp, generation };
    this.sendRaw(exchange.writeInitiation(this.pending, recipient, LOCAL_INDEX, offer));
  }

  /** Takes what has come by all ways; answers to `call` count, the rest is thrown away. */
  takeAnswers(): void {
    for (let way = 0; way < this.ways.length; way++)
      for (const datagram of this.receive(way)) if (datagram[0] === MESSAGE.RESPONSE) this.answered(datagram);
  }

  private answered(datagram: Uint8Array): void {
    const { pending } = this;
    if (pending === undefined || receiverIndex(datagram) !== LOCAL_INDEX) return;
    const answer = this.caller!.exchange.readResponse(pending, datagram);
    // One to an earlier call, perhaps.
    if (typeof answer === 'string') return;
    const keys = pending.finish();
    this.pending = undefined;
    this.native.keyInstall(SEAL_KEY, answer.aead, keys.send);
    this.remoteIndex = senderIndex(datagram);
    this.counters.clear();
  }

  /** Sends to another port of the same addresses from now on, where nobody listens. */
  aimAt(port: number): void {
    for (let way = 0; way < this.ways.length; way++) this.paths[way * PATH.WORDS + PATH.PORT] = port;
  }

  private sendRaw(bytes: Uint8Array): void {
    this.arena.set(bytes, SEALED_AT);
    this.sendPlaces([bytes.length], 0);
  }

  /** Seals messages in a stream and sends them by a way. */
  say(way: number, stream: number, bodies: readonly Uint8Array[], counters?: readonly number[]): void {
    const rows = new Int32Array(bodies.length * SEAL.WORDS);
    let plain = PLAIN_AT;
    let sealed = SEALED_AT;
    for (const [index, body] of bodies.entries()) {
      const counter = counters?.[index] ?? this.next(stream);
      const row = rows.subarray(index * SEAL.WORDS, (index + 1) * SEAL.WORDS);
      this.arena.set(body, plain);
      row[SEAL.KEY] = SEAL_KEY;
      row[SEAL.TYPE] = TYPE.TRANSPORT;
      row[SEAL.STREAM] = stream;
      row[SEAL.RECEIVER] = this.remoteIndex;
      row[SEAL.COUNTER_LOW] = counter % TWO_TO_32;
      row[SEAL.COUNTER_HIGH] = Math.floor(counter / TWO_TO_32);
      row[SEAL.OUT] = sealed;
      row[SEAL.PREFIX_INDEX] = -1;
      row[SEAL.PAYLOAD_OFFSET] = plain;
      row[SEAL.PAYLOAD_LENGTH] = body.length;
      row[SEAL.SEGMENT] = body.length;
      plain += body.length;
      sealed += body.length + SEALED_OVERHEAD;
    }
    this.native.seal(this.arena, rows, bodies.length);
    const lengths = bodies.map(({ length }) => length + SEALED_OVERHEAD);
    this.sendPlaces(lengths, way);
  }

  private next(stream: number): number {
    const counter = this.counters.get(stream) ?? 0;
    this.counters.set(stream, counter + 1);
    return counter;
  }

  /** Sends datagrams that stand one behind the other. */
  private sendPlaces(lengths: readonly number[], way: number): void {
    const rows = new Int32Array(lengths.length * SEND.WORDS);
    let at = SEALED_AT;
    for (const [index, length] of lengths.entries()) {
      const row = rows.subarray(index * SEND.WORDS, (index + 1) * SEND.WORDS);
      row[SEND.FD] = this.sockets[way];
      row[SEND.OFFSET] = at;
      row[SEND.LENGTH] = length;
      row[SEND.SEGMENT] = length;
      row[SEND.PATH] = way;
      at += length;
      this.sentBytes += length + IPV4_UDP_BYTES;
    }
    this.native.udpSend(this.arena, rows, lengths.length, this.paths);
  }

  /** Takes what has come by a way. */
  private receive(way: number): Uint8Array[] {
    const { arena, received } = this;
    const count = this.native.udpReceive(
      arena,
      this.sockets[way],
      RECEIVE_AT,
      SLOT_BYTES,
      RECEIVE_ROWS,
      received,
    );
    return Array.from({ length: count }, (_, row) => {
      const offset = received[row * RECV.WORDS + RECV.OFFSET];
      return arena.slice(offset, offset + received[row * RECV.WORDS + RECV.LENGTH]);
    });
  }
}
