/** A host: a real Engine between a virtual TAP and virtual sockets, driven the way the worker thread drives it. */

import type { DatapathCommand } from '../../src/contract/commands.js';
import { DROP_NAMES, type DropReason } from '../../src/contract/drops.js';
import type { DatapathEvent } from '../../src/contract/events.js';
import type { SwitchSettings } from '../../src/contract/port-settings.js';
import type { DatapathSettings } from '../../src/contract/settings.js';
import { INTERFACE, LINK, LINK_WIDTH, PEER, PEER_WIDTH } from '../../src/contract/stats.js';
import type { Primitives } from '../../src/crypto/primitives.js';
import { HandshakeScreen } from '../../src/crypto/screen.js';
import { sodiumPrimitives } from '../../src/crypto/sodium.js';
import { Engine, makeArena } from '../../src/datapath/engine.js';
import { PATH, READ, RECV, SOCKET_ERROR } from '../../src/native/ops.js';
import type { ArenaSizes } from '../../src/state/arena.js';
import { SLOT_BYTES } from '../../src/state/arena.js';
import { LOOP } from '../../src/switch/loop-guard.js';
import { HandshakeGate } from '../../src/worker/handshake-gate.js';
import type { Aead } from './aead.js';
import type { Endpoint } from './endpoint.js';
import type { Datagram } from './hop.js';
import { KeySlots } from './key-slots.js';
import { SimIo } from './sim-io.js';
import { VirtualTap } from './virtual-tap.js';
import type { World } from './world.js';

const ARENA: ArenaSizes = {
  tapSlots: 64,
  receiveSlots: 64,
  sharedRingBytes: 4 << 20,
  ownRings: 2,
  ownRingBytes: 16 << 20,
};
/**
 * Memory of an arena. V8 does not count what is shared: for 74 MB a host, of which few pages are ever touched, it would collect garbage
 * once a host, which takes longer than many a test.
 */
const uncounted = (bytes: number): Uint8Array => new Uint8Array(new SharedArrayBuffer(bytes));
const EBADF = -9;
/** A public key that no message is addressed to. */
const NOBODY = new Uint8Array(32);
/** Index of the TAP's interface. */
export const TAP = 2;

export const SWITCH: SwitchSettings = {
  macAgeingS: 300,
  macLimit: 8192,
  statics: [],
  vlan: null,
  loopGuard: false,
  arpSuppression: false,
  reserved: 0,
};

export const SETTINGS: DatapathSettings = {
  udpGso: true,
  switch: SWITCH,
  tapMtu: 1500,
  version: [1, 2, 3],
  mssClamp: false,
  multicast: {
    snooping: true,
    floodsUnregistered: true,
    fastLeave: false,
    localRouter: false,
    querier: null,
  },
  resendBytes: 16 << 20,
  resendAgeUs: 2_000_000,
  mtuRaiseS: 600,
  heartbeatBudget: 10_000,
  uplinkGroups: [],
  relay: true,
  tapChecksum: true,
  tapTso: true,
  tapUso: true,
  tapTunnel: true,
};

export interface NodeOptions {
  aead: Aead;
  settings?: Partial<DatapathSettings>;
  /** UDP GSO on the way out. */
  gso?: boolean;
  /** UDP GRO on the way in: equal datagrams of one path that wait together arrive as one message. */
  gro?: boolean;
  arena?: Partial<ArenaSizes>;
}

interface Waiting {
  readonly endpoint: Endpoint;
  readonly datagram: Datagram;
}

export class SimNode {
  readonly tap = new VirtualTap();
  readonly sockets: Endpoint[] = [];
  readonly events: DatapathEvent[] = [];
  readonly keys: KeySlots;
  readonly engine: Engine;
  /** Also called with every event. */
  onEvent: (event: DatapathEvent) => void = () => {};
  /** Added to the world's time: no two hosts have booted at the same moment. */
  readonly clockOffset: number;
  /** So much later than wanted the thread wakes up, every time: a processor that it shares. */
  wakesLateUs = 0;
  /** Decides whether the device that leads to a path takes a send of several datagrams. */
  cuts: (path: Int32Array) => boolean = () => true;
  /** What becomes of a datagram of a run on a path; null: it is lost. */
  harm: (bytes: Uint8Array, path: Int32Array) => Uint8Array | null = (bytes) => bytes;
  /** Its thread never waits: whatever time passes, it was at work. */
  neverIdle = false;
  /** Datagrams handed to the wires. */
  sentDatagrams = 0;
  private gate = this.newGate(sodiumPrimitives, NOBODY);
  readonly io: SimIo;
  private readonly arena;
  private readonly reads: Int32Array;
  private readonly receives: Int32Array;
  private readonly receiveSockets: Int32Array;
  private inbox: Waiting[] = [];
  private readonly errors: { rows: Int32Array; socket: number }[] = [];
  private fromTap: Uint8Array[] = [];
  private commands: DatapathCommand[] = [];
  private deadline: number;
  private turnedAt: number;
  private stalledUntil = 0;
  private halted = false;
  /** World time of the wake-up that is scheduled already. */
  private wakeAt = Number.POSITIVE_INFINITY;

  constructor(
    readonly id: number,
    private readonly world: World,
    private readonly options: NodeOptions,
  ) {
    this.clockOffset = Math.floor(world.random() * 1e9);
    this.keys = new KeySlots(options.aead, world.nonces);
    const sizes = { ...ARENA, ...options.arena };
    this.arena = makeArena(sizes, uncounted);
    this.reads = new Int32Array(sizes.tapSlots * READ.WORDS);
    this.receives = new Int32Array(sizes.receiveSlots * RECV.WORDS);
    this.receiveSockets = new Int32Array(sizes.receiveSlots);
    this.io = new SimIo(this.arena.bytes, {
      keys: this.keys,
      sendDatagram: (fd, bytes, path, { isOfRun, fragments }) =>
        this.send(fd, isOfRun ? this.harm(bytes, path) : bytes, path, fragments),
      cuts: (path) => this.cuts(path),
      writeFrame: (record) => this.tap.write(record, world.now),
      random: world.random,
      handshake: (message, socket, words, at) => this.gate.take(message, { socket, words, at }, this.clock()),
      emit: (event) => this.tell(event),
    });
    this.engine = new Engine(this.arena, this.io, {
      nowUs: this.clock(),
      settings: { ...SETTINGS, udpGso: options.gso ?? true, ...options.settings },
      seed: [1 + world.random() * 2 ** 31, 1 + world.random() * 2 ** 31],
      tap: TAP,
    });
    this.deadline = this.engine.nextDeadline();
    this.turnedAt = this.clock();
  }

  /** From now on handshake messages are its own that are addressed to this public key. */
  answerFor(primitives: Primitives, publicKey: Uint8Array): void {
    this.gate = this.newGate(primitives, publicKey);
  }

  private newGate(primitives: Primitives, publicKey: Uint8Array): HandshakeGate {
    return new HandshakeGate(new HandshakeScreen(primitives, publicKey), {
      taken: () => this.counter('handshakesTaken'),
      isKnown: ({ words, at }) => this.engine.isRemoteEnd(words, at),
      handOn: (bytes, path) => this.tell({ kind: 'handshake', bytes, path }),
      misaddressed: (path) => this.tell({ kind: 'misaddressed', path }),
      reply: (bytes, { socket, words, at }) => {
        const fd = this.sockets.find(({ row }) => row === socket)?.fd ?? -1;
        this.send(fd, bytes, words.slice(at, at + PATH.WORDS), false);
      },
    });
  }

  private tell(event: DatapathEvent): void {
    this.events.push(event);
    this.onEvent(event);
  }

  // --- what the world does to it --------------------------------------------------------------------

  /** Frames with virtio headers come out of the kernel by the TAP. */
  fromKernel(...records: Uint8Array[]): void {
    this.fromTap.push(...records);
    this.wake(this.world.now);
  }

  arrive(endpoint: Endpoint, datagram: Datagram): void {
    this.inbox.push({ endpoint, datagram });
    this.wake(this.world.now);
  }

  /** A command of the control thread; obeyed at once, or first of all after a stall. */
  command(command: DatapathCommand): void {
    this.commands.push(command);
    if (this.world.now >= this.stalledUntil) this.turn();
  }

  /** ICMP answers to what was sent by a socket: rows of `SOCKET_ERROR`. */
  answered(rows: Int32Array, socket: number): void {
    this.errors.push({ rows, socket });
    if (this.world.now >= this.stalledUntil) this.turn();
  }

  /** The thread gets no processor for so long; what comes meanwhile waits. */
  stall(us: number): void {
    this.stalledUntil = this.world.now + us;
    this.wake(this.stalledUntil);
  }

  /** The process is killed: from now on it neither hears nor says anything. */
  halt(): void {
    this.halted = true;
  }

  // --- what tests read ------------------------------------------------------------------------------

  drop(reason: DropReason): number {
    return this.engine.stats.drops[DROP_NAMES.indexOf(reason)];
  }

  /** All reasons that have counted something. */
  drops(): Partial<Record<DropReason, number>> {
    const counted = DROP_NAMES.map((name) => [name, this.drop(name)] as const);
    return Object.fromEntries(counted.filter(([, count]) => count > 0));
  }

  /** States that links went through, oldest first. */
  linkEvents(): Extract<DatapathEvent, { kind: 'link' }>[] {
    return this.events.filter((event) => event.kind === 'link');
  }

  counter(name: keyof typeof INTERFACE): number {
    return this.engine.stats.interface[INTERFACE[name]];
  }

  /** How a peer stands in a loop of a VLAN, one of `LOOP`. */
  loopOf(peer: number, vlan = 0): number {
    for (const event of this.events.toReversed()) {
      if (event.kind === 'loop' && event.peer === peer && event.vlans.includes(vlan)) return event.state;
    }
    return LOOP.NONE;
  }

  /** Id of the link that a peer's frames take; -1 for none. */
  activeLink(peer: number): number {
    return this.engine.stats.peers[peer * PEER_WIDTH + PEER.activeLink];
  }

  linkGauge(row: number, name: keyof typeof LINK): number {
    return this.engine.stats.links[row * LINK_WIDTH + LINK[name]];
  }

  // --- the thread -----------------------------------------------------------------------------------

  private clock(): number {
    return this.world.now + this.clockOffset;
  }

  private wake(at: number): void {
    const time = Math.max(at, this.stalledUntil) + this.wakesLateUs;
    if (time >= this.wakeAt) return;
    this.wakeAt = time;
    this.world.at(time, () => {
      if (this.wakeAt !== time || this.world.now < this.stalledUntil) return this.missed(time);
      this.wakeAt = Number.POSITIVE_INFINITY;
      this.turn();
    });
  }

  /** A wake-up that an earlier one or a stall has made pointless. */
  private missed(time: number): void {
    if (this.wakeAt !== time) return;
    this.wakeAt = Number.POSITIVE_INFINITY;
    this.wake(this.stalledUntil);
  }

  private turn(): void {
    if (this.halted) return;
    const now = this.clock();
    this.engine.woke(now, this.deadline, this.neverIdle ? 0 : now - this.turnedAt);
    this.turnedAt = now;
    for (const command of this.commands.splice(0)) {
      if ('bytes' in command) this.gate.sending(command.bytes, now);
      this.engine.command(command, now);
    }
    for (const { rows, socket } of this.errors.splice(0))
      this.engine.socketErrors(rows, rows.length / SOCKET_ERROR.WORDS, socket, now);
    this.readTap(now);
    this.receive(now);
    if (now >= this.engine.nextDeadline()) this.engine.expire(now);
    this.deadline = this.engine.nextDeadline();
    this.wake(Math.max(this.world.now, this.deadline - this.clockOffset));
  }

  private readTap(now: number): void {
    while (this.fromTap.length > 0) {
      const batch = this.fromTap.splice(0, this.arena.sizes.tapSlots);
      batch.forEach((record, slot) => {
        const offset = this.arena.tapBase + slot * SLOT_BYTES;
        this.arena.bytes.set(record, offset);
        this.reads[slot * READ.WORDS + READ.OFFSET] = offset;
        this.reads[slot * READ.WORDS + READ.LENGTH] = record.length;
      });
      this.engine.frames(this.reads, batch.length, now);
    }
  }

  private receive(now: number): void {
    while (this.inbox.length > 0) {
      let messages = 0;
      for (; messages < this.arena.sizes.receiveSlots && this.inbox.length > 0; messages++) {
        const joined = this.options.gro === true ? joinable(this.inbox) : 1;
        this.fill(messages, this.inbox.splice(0, joined));
      }
      this.engine.messages(this.receives, this.receiveSockets, messages, now);
      this.engine.deliver();
    }
  }

  private fill(slot: number, waiting: Waiting[]): void {
    const [{ endpoint, datagram }] = waiting;
    const start = this.arena.receiveBase + slot * SLOT_BYTES;
    let end = start;
    for (const { datagram: next } of waiting) {
      this.arena.bytes.set(next.bytes, end);
      end += next.bytes.length;
    }
    const at = slot * RECV.WORDS;
    const rows = this.receives;
    rows.fill(0, at, at + RECV.WORDS);
    rows[at + RECV.OFFSET] = start;
    rows[at + RECV.LENGTH] = end - start;
    rows[at + RECV.SEGMENT] = datagram.bytes.length;
    const path = at + RECV.PATH;
    rows[path + PATH.FAMILY] = endpoint.family;
    rows[path + PATH.PORT] = datagram.source.port;
    rows.set(datagram.source.address, path + PATH.ADDR);
    rows.set(endpoint.address, path + PATH.LOCAL);
    rows[path + PATH.IFINDEX] = endpoint.ifindex;
    this.receiveSockets[slot] = endpoint.row;
  }

  private send(fd: number, bytes: Uint8Array | null, path: Int32Array, fragments: boolean): number {
    if (bytes === null) return 0;
    const endpoint = this.sockets.find((socket) => socket.fd === fd);
    if (endpoint === undefined) return EBADF;
    const target = {
      address: [...path.subarray(PATH.ADDR, PATH.ADDR + 4)],
      port: path[PATH.PORT],
    };
    const error = this.world.send(endpoint, target, bytes, fragments);
    if (error === 0) this.sentDatagrams++;
    return error;
  }
}

/** How many datagrams at the head of the queue UDP GRO would hand over as one message. */
function joinable(inbox: readonly Waiting[]): number {
  const [first] = inbox;
  const size = first.datagram.bytes.length;
  let total = size;
  let count = 1;
  for (; count < Math.min(64, inbox.length); count++) {
    const { endpoint, datagram } = inbox[count];
    const length = datagram.bytes.length;
    const isSamePath =
      endpoint === first.endpoint &&
      datagram.source.port === first.datagram.source.port &&
      datagram.source.address.every((word, index) => word === first.datagram.source.address[index]);
    if (!isSamePath || length > size || length === 0 || total + length > 65_000) break;
    total += length;
    if (length < size) return count + 1;
  }
  return count;
}
