/** Captures that run on an interface: what they ask of the worker, and what comes out of its rings. */
import type { CapturedPacket, CaptureForm, CapturePoint, CaptureRead } from '../../api/index.js';
import { CAPTURE_POINTS, MAX_SNAP_BYTES } from '../../api/index.js';
import { CaptureRing, PACKET, type Packet, POINT, VERDICT } from '../../contract/capture.js';
import { DROP_NAMES } from '../../contract/drops.js';
import { KIND } from '../../wire/header.js';
import { RequestError } from '../base/request-errors.js';
import type { PeerEntry } from '../interfaces/peer-entries.js';
import type { InterfaceRuntime } from '../interfaces/runtime.js';
import { frameWords, ipWords } from './frame-words.js';
import { datagramPacket, framesOf, type Shown } from './packet-forms.js';

/** Captures of one interface at the same time: each costs the worker a copy of what it watches. */
const MAX_CAPTURES = 4;
/** Bytes that one answer holds, before base64. */
const ANSWER_BYTES = 256 << 10;

/** What a capture is limited to; -1 for all. */
export interface CaptureWish {
  readonly points: readonly CapturePoint[];
  readonly peer: number;
  readonly link: number;
  /** Program of the filter. */
  readonly filter: Int32Array | null;
  readonly snapBytes?: number;
  readonly whole?: boolean;
}

const running = new WeakMap<InterfaceRuntime, Set<Capture>>();
let nextId = 1;

export class Capture {
  readonly id = nextId++;
  /** Packets given so far. */
  given = 0;
  private readonly ring = CaptureRing.make();
  /** The peer that it is limited to; its row may become another's. */
  private readonly entry: PeerEntry | undefined;
  private readonly snap: number;
  private readonly whole: boolean;
  /** Cut and not given yet: a super-frame may be more than an answer takes. */
  private waiting: CapturedPacket[] = [];
  /** From the worker's clock to µs since the epoch. */
  private readonly epochUs: number;

  /** Throws `RequestError` when too many run. `nowUs`: the worker's clock. */
  constructor(
    private readonly runtime: InterfaceRuntime,
    private readonly wish: CaptureWish,
    nowUs: number,
  ) {
    this.entry = runtime.peers.atRow(wish.peer);
    const others = running.get(runtime) ?? new Set();
    if (others.size >= MAX_CAPTURES) {
      throw new RequestError(`${MAX_CAPTURES} captures of ${runtime.name} run already`);
    }
    running.set(runtime, others.add(this));
    this.snap = wish.snapBytes ?? MAX_SNAP_BYTES;
    this.whole = wish.whole ?? false;
    this.epochUs = Date.now() * 1000 - nowUs;
    runtime.datapath.send({
      kind: 'capture',
      id: this.id,
      ring: this.ring.buffer,
      points: wish.points.reduce((points, name) => points | (1 << POINT[name]), 0),
      peer: wish.peer,
      link: wish.link,
      filter: wish.filter,
      snap: this.snap,
      whole: this.whole,
    });
  }

  stop(): void {
    running.get(this.runtime)?.delete(this);
    this.runtime.datapath.send({ kind: 'capture-end', id: this.id });
  }

  /** Whether nothing more can come: the interface has stopped, or the peer that it is limited to is gone. */
  get hasEnded(): boolean {
    const { runtime, wish, entry } = this;
    return !runtime.datapath.alive || (wish.peer >= 0 && runtime.peers.atRow(wish.peer) !== entry);
  }

  /** What has been captured since the last time: `limit` packets at most. */
  take(limit: number, form: 'bytes' | 'words'): CaptureRead {
    const packets: CapturedPacket[] = [];
    for (let bytes = 0; packets.length < limit && bytes < ANSWER_BYTES; ) {
      const next = this.next(form);
      if (next === undefined) break;
      packets.push(next);
      bytes += next.bytes?.length ?? 0;
    }
    this.given += packets.length;
    const ended = this.hasEnded && packets.length === 0;
    return { interface: this.runtime.name, packets, missed: this.takeMissed(), ended };
  }

  private takeMissed(): CaptureRead['missed'] {
    const counts = CAPTURE_POINTS.map((name) => [name, this.ring.takeMissed(POINT[name])] as const);
    return Object.fromEntries(counts.filter(([, count]) => count > 0));
  }

  private next(form: 'bytes' | 'words'): CapturedPacket | undefined {
    while (this.waiting.length === 0) {
      const packet = this.ring.read();
      if (packet === undefined) return undefined;
      this.waiting = this.shown(packet, form).reverse();
    }
    return this.waiting.pop();
  }

  private shown(packet: Packet, form: 'bytes' | 'words'): CapturedPacket[] {
    const facts = this.factsOf(packet);
    const give = (kind: CaptureForm, { bytes, length }: Shown, text: string): CapturedPacket => ({
      ...facts,
      form: kind,
      length,
      bytes: form === 'bytes' ? Buffer.from(bytes).toString('base64') : null,
      text,
    });
    if (packet.packet === PACKET.MESSAGE) {
      const { bytes, length } = packet;
      return [give('message', { bytes: bytes.subarray(0, this.snap), length }, messageWords(bytes[0]))];
    }
    if (packet.packet === PACKET.SEALED) {
      const shown = datagramPacket(packet, this.snap);
      if (shown !== null) return [give('ip', shown, ipWords(shown.bytes))];
      const { bytes, length } = packet;
      return [give('message', { bytes: bytes.subarray(0, this.snap), length }, 'sealed datagram')];
    }
    return framesOf(packet, this.whole, this.snap).map((frame) =>
      give('ethernet', frame, frameWords(frame.bytes)),
    );
  }

  private factsOf(packet: Packet): Omit<CapturedPacket, 'form' | 'length' | 'bytes' | 'text'> {
    const { verdict, value } = packet;
    const isToPeer = verdict === VERDICT.PEER;
    const toPeer = isToPeer ? this.nameOf(value) : null;
    const point = CAPTURE_POINTS[packet.point];
    return {
      timeUs: Math.round(this.epochUs + packet.timeUs),
      point,
      direction: packet.isOut ? 'out' : 'in',
      peer: this.nameOf(packet.peer),
      link: packet.link < 0 ? null : packet.link,
      verdict: VERDICTS[verdict],
      to: verdict === VERDICT.TAP ? 'tap' : toPeer === null ? null : { peer: toPeer },
      reason: reasonOf(verdict, value),
    };
  }

  private nameOf(row: number): string | null {
    return row < 0 ? null : (this.runtime.peers.atRow(row)?.config.name ?? null);
  }
}

/** By `VERDICT`. */
const VERDICTS: readonly CapturedPacket['verdict'][] = [
  null,
  'forward',
  'forward',
  'flood',
  'drop',
  'drop',
  'multicast',
];

/** `HEARTBEAT message`: the kinds as the protocol calls them. */
export function messageWords(kind: number): string {
  const [name] = Object.entries(KIND).find(([, number]) => number === kind) ?? [`unknown (${kind})`];
  return `${name} message`;
}

function reasonOf(verdict: number, value: number): string | null {
  if (verdict === VERDICT.DROP) return DROP_NAMES[value];
  return verdict === VERDICT.REFUSED ? `refused by the kernel (errno ${value})` : null;
}
