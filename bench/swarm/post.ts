/** Datagrams in and out for a crowd, batch by batch, through the addon. */

import { readU32 } from '../../src/base/bytes.js';
import { addressWords } from '../../src/daemon/interfaces/addresses.js';
import { loadNative } from '../../src/native/binding.js';
import { OPEN, PATH, RECV, SEAL, SEND } from '../../src/native/ops.js';
import { OUTER, SEALED_OVERHEAD, TYPE } from '../../src/wire/header.js';
import type { Crowd } from './crowd.js';

const SLOTS = 128;
const SLOT_BYTES = 65_600;
const OUT_AT = SLOTS * SLOT_BYTES;
const OUT_BYTES = 4 << 20;
/** A load that is sent again and again; its frames stand here in the clear. */
export const LOAD_AT = OUT_AT + OUT_BYTES;
const LOAD_BYTES = 1 << 20;
const ROWS = 512;
const SOCKET_BYTES = 32 << 20;
const TWO_TO_32 = 2 ** 32;
const SERVER = '127.0.0.1';

/** What is made of what comes. Offsets are into the arena. */
export interface Listener {
  /** A handshake message for a client. */
  handshake(client: number, offset: number, length: number): void;
  /** An authentic message of the server; `body` is its kind byte. */
  message(client: number, body: number, length: number): void;
}

export class Post {
  readonly native = loadNative();
  readonly arena = new Uint8Array(LOAD_AT + LOAD_BYTES);
  readonly view = new DataView(this.arena.buffer);
  readonly fd: number;
  datagramsIn = 0;
  datagramsOut = 0;
  private readonly received = new Int32Array(SLOTS * RECV.WORDS);
  private readonly opens = new Int32Array(ROWS * OPEN.WORDS);
  private readonly openedBy = new Int32Array(ROWS);
  private readonly seals = new Int32Array(ROWS * SEAL.WORDS);
  private readonly sends = new Int32Array(ROWS * SEND.WORDS);
  private sealCount = 0;
  private sendCount = 0;
  private out = OUT_AT;

  constructor(
    private readonly crowd: Crowd,
    private readonly listener: Listener,
    serverPort: number,
  ) {
    const sizes = { receiveBuffer: SOCKET_BYTES, sendBuffer: SOCKET_BYTES };
    const options = { family: 4, address: null, port: 0, device: null, gro: true, ...sizes } as const;
    this.fd = this.native.udpOpen(options).fd;
    for (let client = 0; client < crowd.size; client++) {
      const at = client * PATH.WORDS;
      crowd.paths[at + PATH.FAMILY] = 4;
      crowd.paths[at + PATH.PORT] = serverPort;
      crowd.paths[at + PATH.ADDR] = addressWords(SERVER).words[0];
      this.place(client, 1);
    }
  }

  /** Gives a client an address: one of 65,536 in 127.`network`.0.0. */
  place(client: number, network: number): void {
    const number = this.crowd.first + client;
    const address = `127.${network}.${number >> 8}.${number & 255}`;
    this.crowd.paths[client * PATH.WORDS + PATH.LOCAL] = addressWords(address).words[0];
  }

  // --- out ------------------------------------------------------------------------------------------

  /** Room for the body of a message of a client; `say` sends it. */
  open(length: number): number {
    if (this.isFull(length + SEALED_OVERHEAD)) this.flush();
    const body = this.out + OUTER.BYTES;
    this.arena.fill(0, body, body + length);
    return body;
  }

  /** Sends the message opened last, as a client. */
  say(client: number, length: number): void {
    this.run(client, this.out + OUTER.BYTES, length, length);
  }

  /** Sends what stands at `from` as a run of messages of `segment` bytes each; at most `ROWS` datagrams. */
  run(client: number, from: number, length: number, segment: number): void {
    const datagrams = length / segment;
    const sealed = length + datagrams * SEALED_OVERHEAD;
    if (this.isFull(sealed)) this.flush();
    const { crowd } = this;
    const session = crowd.sending(client);
    const row = this.sealCount++ * SEAL.WORDS;
    const counter = crowd.counter[session];
    crowd.counter[session] += datagrams;
    crowd.sent[client] += datagrams;
    this.seals.fill(0, row, row + SEAL.WORDS);
    this.seals[row + SEAL.KEY] = 2 * session;
    this.seals[row + SEAL.TYPE] = TYPE.TRANSPORT;
    this.seals[row + SEAL.RECEIVER] = crowd.remoteIndex[session];
    this.seals[row + SEAL.COUNTER_LOW] = counter % TWO_TO_32;
    this.seals[row + SEAL.COUNTER_HIGH] = Math.floor(counter / TWO_TO_32);
    this.seals[row + SEAL.OUT] = this.out;
    this.seals[row + SEAL.PREFIX_INDEX] = -1;
    this.seals[row + SEAL.PAYLOAD_OFFSET] = from;
    this.seals[row + SEAL.PAYLOAD_LENGTH] = length;
    this.seals[row + SEAL.SEGMENT] = segment;
    this.send(client, sealed, segment + SEALED_OVERHEAD);
    this.datagramsOut += datagrams;
  }

  /** Sends a handshake message of a client. */
  sendRaw(client: number, bytes: Uint8Array): void {
    if (this.isFull(bytes.length)) this.flush();
    this.arena.set(bytes, this.out);
    this.send(client, bytes.length, bytes.length);
  }

  private isFull(bytes: number): boolean {
    return this.sendCount === ROWS || this.out + bytes + SEALED_OVERHEAD > OUT_AT + OUT_BYTES;
  }

  private send(client: number, length: number, segment: number): void {
    const row = this.sendCount++ * SEND.WORDS;
    this.sends[row + SEND.FD] = this.fd;
    this.sends[row + SEND.OFFSET] = this.out;
    this.sends[row + SEND.LENGTH] = length;
    this.sends[row + SEND.SEGMENT] = segment;
    this.sends[row + SEND.PATH] = client;
    this.sends[row + SEND.GSO] = 1;
    this.out += length;
  }

  /** Seals and sends what waits. What the socket has no room for is lost, as on any wire. */
  flush(): void {
    if (this.sealCount > 0) this.native.seal(this.arena, this.seals, this.sealCount);
    if (this.sendCount > 0) this.native.udpSend(this.arena, this.sends, this.sendCount, this.crowd.paths);
    this.sealCount = 0;
    this.sendCount = 0;
    this.out = OUT_AT;
  }

  // --- in -------------------------------------------------------------------------------------------

  /** Takes one batch of what has come; true when there may be more. */
  receive(): boolean {
    const { received, arena } = this;
    const count = this.native.udpReceive(arena, this.fd, 0, SLOT_BYTES, SLOTS, received);
    let opens = 0;
    for (let row = 0; row < count; row++) {
      const at = row * RECV.WORDS;
      const end = received[at + RECV.OFFSET] + received[at + RECV.LENGTH];
      const segment = received[at + RECV.SEGMENT];
      for (let offset = received[at + RECV.OFFSET]; offset < end; offset += segment) {
        if (opens === ROWS) opens = this.openAll(opens);
        opens = this.take(offset, Math.min(segment, end - offset), opens);
      }
    }
    this.openAll(opens);
    return count === SLOTS;
  }

  /** Takes one datagram; returns how many wait to be opened now. */
  private take(offset: number, length: number, opens: number): number {
    const { crowd, arena } = this;
    this.datagramsIn++;
    const isTransport = arena[offset] === TYPE.TRANSPORT;
    if (!isTransport) {
      const receiver = readU32(arena, offset + (arena[offset] === TYPE.COOKIE ? 4 : 8));
      const client = crowd.clientOf(receiver);
      // Initiations of the server are left to it: the clients are the ones who call.
      if (client >= 0 && arena[offset] !== TYPE.INITIATION) this.listener.handshake(client, offset, length);
      return opens;
    }
    const index = readU32(arena, offset + OUTER.RECEIVER);
    const client = crowd.clientOf(index);
    const session = client < 0 ? -1 : crowd.sessionOf(client, index);
    if (session < 0) return opens;
    const row = opens * OPEN.WORDS;
    this.opens[row + OPEN.KEY] = 2 * session + 1;
    this.opens[row + OPEN.OFFSET] = offset;
    this.opens[row + OPEN.LENGTH] = length;
    this.openedBy[opens] = session;
    return opens + 1;
  }

  private openAll(count: number): number {
    if (count === 0) return 0;
    const { crowd, opens } = this;
    this.native.open(this.arena, opens, count);
    for (let index = 0; index < count; index++) {
      const row = index * OPEN.WORDS;
      if (opens[row + OPEN.RESULT] !== 0) continue;
      const offset = opens[row + OPEN.OFFSET];
      const length = opens[row + OPEN.LENGTH];
      const session = this.openedBy[index];
      const client = session >> 1;
      const counter = Number(this.view.getBigUint64(offset + OUTER.COUNTER));
      const stream = this.arena[offset + OUTER.STREAM];
      if (!crowd.isFirst(session, stream, counter)) continue;
      crowd.arrived[client]++;
      crowd.bytes[client] += length;
      if (length > crowd.largest[client]) crowd.largest[client] = length;
      if (stream === 0 && counter > crowd.highest[session]) crowd.highest[session] = counter;
      this.listener.message(client, offset + OUTER.BYTES, length - SEALED_OVERHEAD);
    }
    return 0;
  }
}
