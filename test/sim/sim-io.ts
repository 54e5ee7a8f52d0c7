/** `DatapathIo` on virtual devices: what the addon does to records and arena, done in TypeScript. */
import type { DatapathEvent } from '../../src/contract/events.js';
import { OPEN, PATH, SEAL, SEND, WRITE } from '../../src/native/ops.js';
import type { DatapathIo } from '../../src/state/io.js';
import { OUTER, SEALED_OVERHEAD } from '../../src/wire/header.js';
import { isTooShort } from './aead.js';
import type { KeySlots } from './key-slots.js';

const EIO = -5;

/** How a datagram leaves: by itself or of a run, and whether IP may cut it. */
export interface SendManner {
  isOfRun: boolean;
  fragments: boolean;
}

export interface VirtualDevices {
  readonly keys: KeySlots;
  /** Sends one datagram; 0 or a negative errno. */
  sendDatagram(fd: number, bytes: Uint8Array, path: Int32Array, manner: SendManner): number;
  /** Whether the device that leads to a path takes a send of several datagrams; called once for each. */
  cuts(path: Int32Array): boolean;
  /** Writes one frame with its virtio header; 0 or a negative errno. */
  writeFrame(record: Uint8Array): number;
  random(): number;
  /** Takes a handshake message; the index of the reason against it, or `HANDSHAKE_TAKEN`. */
  handshake(message: Uint8Array, socket: number, words: Int32Array, at: number): number;
  emit(event: DatapathEvent): void;
}

export class SimIo implements DatapathIo {
  private readonly view: DataView;
  /** Bytes given back so far. */
  discarded = 0;

  constructor(
    readonly arena: Uint8Array,
    private readonly devices: VirtualDevices,
  ) {
    this.view = new DataView(arena.buffer, arena.byteOffset);
  }

  handshake(offset: number, length: number, socket: number, words: Int32Array, at: number): number {
    return this.devices.handshake(this.arena.subarray(offset, offset + length), socket, words, at);
  }

  seal(ops: Int32Array, count: number): void {
    for (let row = 0; row < count; row++) {
      this.sealRun(ops.subarray(row * SEAL.WORDS, (row + 1) * SEAL.WORDS));
    }
  }

  private sealRun(op: Int32Array): void {
    const prefix = this.copy(op[SEAL.PREFIX_OFFSET], op[SEAL.PREFIX_LENGTH]);
    const head = this.copy(op[SEAL.HEAD_OFFSET], op[SEAL.HEAD_LENGTH]);
    const payload = this.copy(op[SEAL.PAYLOAD_OFFSET], op[SEAL.PAYLOAD_LENGTH]);
    const around = SEALED_OVERHEAD + prefix.length + head.length;
    const first = op[SEAL.COUNTER_HIGH] * 2 ** 32 + (op[SEAL.COUNTER_LOW] >>> 0);
    const indexAt = op[SEAL.PREFIX_INDEX];
    let out = op[SEAL.OUT];
    const datagrams = payload.length === 0 ? 1 : Math.ceil(payload.length / op[SEAL.SEGMENT]);
    for (let index = 0; index < datagrams; index++) {
      const slice = payload.subarray(index * op[SEAL.SEGMENT], (index + 1) * op[SEAL.SEGMENT]);
      const length = around + slice.length;
      this.writeHeader(out, op, first + index);
      let at = out + OUTER.BYTES;
      this.arena.set(prefix, at);
      if (indexAt >= 0) this.view.setUint16(at + indexAt, this.view.getUint16(at + indexAt) + index);
      at += prefix.length;
      this.arena.set(head, at);
      this.arena.set(slice, at + head.length);
      const datagram = this.arena.subarray(out, out + length);
      if (!this.devices.keys.seal(op[SEAL.KEY], datagram, op[SEAL.STREAM], first + index)) {
        op[SEAL.RESULT] = -1;
        return;
      }
      out += length;
    }
    op[SEAL.RESULT] = out - op[SEAL.OUT];
  }

  private copy(offset: number, length: number): Uint8Array {
    return this.arena.slice(offset, offset + length);
  }

  private writeHeader(at: number, op: Int32Array, counter: number): void {
    this.arena[at + OUTER.TYPE] = op[SEAL.TYPE];
    this.arena[at + OUTER.STREAM] = op[SEAL.STREAM];
    this.view.setUint16(at + OUTER.FLAGS, 0);
    this.view.setUint32(at + OUTER.RECEIVER, op[SEAL.RECEIVER]);
    this.view.setUint32(at + OUTER.COUNTER, Math.floor(counter / 2 ** 32));
    this.view.setUint32(at + OUTER.COUNTER + 4, counter % 2 ** 32);
  }

  open(ops: Int32Array, count: number): void {
    for (let row = 0; row < count; row++) {
      const at = row * OPEN.WORDS;
      const offset = ops[at + OPEN.OFFSET];
      const length = ops[at + OPEN.LENGTH];
      const datagram = this.arena.subarray(offset, offset + length);
      ops[at + OPEN.RESULT] = isTooShort(length) ? -1 : this.devices.keys.open(ops[at + OPEN.KEY], datagram);
    }
  }

  send(ops: Int32Array, count: number, paths: Int32Array): number {
    let whole = 0;
    for (let row = 0; row < count; row++) {
      const op = ops.subarray(row * SEND.WORDS, (row + 1) * SEND.WORDS);
      this.sendRun(op, paths);
      if (op[SEND.RESULT] === 0) whole++;
    }
    return whole;
  }

  private sendRun(op: Int32Array, paths: Int32Array): void {
    const path = paths.subarray(op[SEND.PATH] * PATH.WORDS, (op[SEND.PATH] + 1) * PATH.WORDS);
    op[SEND.SENT] = 0;
    op[SEND.RESULT] = 0;
    const gso = op[SEND.GSO] !== 0 && op[SEND.LENGTH] > op[SEND.SEGMENT];
    if (gso && !this.devices.cuts(path)) {
      op[SEND.RESULT] = EIO;
      return;
    }
    while (op[SEND.SENT] < op[SEND.LENGTH]) {
      const from = op[SEND.OFFSET] + op[SEND.SENT];
      const length = Math.min(op[SEND.SEGMENT], op[SEND.LENGTH] - op[SEND.SENT]);
      const datagram = this.arena.slice(from, from + length);
      const error = this.devices.sendDatagram(op[SEND.FD], datagram, path, {
        isOfRun: gso,
        fragments: op[SEND.FRAGMENTS] !== 0,
      });
      if (error !== 0) {
        // A GSO send goes out whole or not at all.
        if (gso) op[SEND.SENT] = 0;
        op[SEND.RESULT] = error;
        return;
      }
      op[SEND.SENT] += length;
    }
  }

  writeFrames(ops: Int32Array, count: number): number {
    let at = 0;
    let written = 0;
    for (let frame = 0; frame < count; frame++) {
      const parts = ops[at + WRITE.COUNT];
      const pieces: Uint8Array[] = [];
      for (let part = 0; part < parts; part++) {
        const place = at + WRITE.PARTS + part * 2;
        pieces.push(this.arena.subarray(ops[place], ops[place] + ops[place + 1]));
      }
      ops[at + WRITE.RESULT] = this.devices.writeFrame(joined(pieces));
      if (ops[at + WRITE.RESULT] === 0) written++;
      at += WRITE.PARTS + parts * 2;
    }
    return written;
  }

  /** Nobody may rely on what was there, nor on zeros. */
  discard(offset: number, length: number): void {
    this.discarded += length;
    this.arena.fill(0xa5, offset, offset + length);
  }

  random(into: Uint8Array): void {
    for (let at = 0; at < into.length; at++) into[at] = this.devices.random() * 256;
  }

  machineIdle(): number {
    return Number.POSITIVE_INFINITY;
  }

  emit(event: DatapathEvent): void {
    this.devices.emit(event);
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
