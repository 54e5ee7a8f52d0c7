/**
 * The datapath's thread: waits on everything at once, hands batches to the engine, and returns only when it is
 * stopped. It never turns Node's event loop; commands are taken from a message port without it.
 */

import { randomFillSync } from 'node:crypto';
import { type MessagePort, parentPort, receiveMessageOnPort } from 'node:worker_threads';
import { ROOMS } from '../base/rooms.js';
import type { DatapathCommand } from '../contract/commands.js';
import { DropExamples } from '../contract/drop-examples.js';
import { DROP } from '../contract/drops.js';
import type { AnswerMark, DatapathEvent } from '../contract/events.js';
import type { DatapathSettings } from '../contract/settings.js';
import { INTERFACE } from '../contract/stats.js';
import { HandshakeScreen } from '../crypto/screen.js';
import { sodiumPrimitives } from '../crypto/sodium.js';
import { Engine, makeArena } from '../datapath/engine.js';
import { loadNative } from '../native/binding.js';
import { BATCH, NETLINK, READ, RECV, SOCKET_ERROR } from '../native/ops.js';
import { SLOT_BYTES } from '../state/arena.js';
import type { DatapathIo } from '../state/io.js';
import { AnswerMarks } from './answer-marks.js';
import { CookieReplies } from './cookie-replies.js';
import { HandshakeGate } from './handshake-gate.js';
import { kernelFacts, tellChanges } from './kernel-facts.js';
import { MachineIdle } from './machine-idle.js';
import { Outbox } from './outbox.js';
import { Pace } from './pace.js';
import { mayReserve } from './reserves.js';
import { schedule } from './scheduling.js';
import { TapQueues } from './tap-queues.js';

export interface WorkerStart {
  port: MessagePort;
  /** Descriptors of the TAP's queues. */
  tapFds: readonly number[];
  /** Index of the TAP's interface. */
  tap: number;
  /** Event descriptor by which the control thread says that commands wait. */
  wakeFd: number;
  /** Socket of rtnetlink for what the kernel tells of interfaces; the control thread asks by it. */
  netlinkFd: number;
  /** Our own public key, to which handshake messages must be addressed. */
  publicKey: Uint8Array;
  settings: DatapathSettings;
  seed: [number, number];
  /** Where examples of what is dropped are kept. */
  dropExamples: SharedArrayBuffer;
  /** One word, in shared memory: how many events the control thread has taken. */
  taken: Int32Array;
  realtime: boolean;
  /** Threads that share the large batches, this one included. */
  workers: number;
}

/** Beside the engine's commands the worker has some of its own. */
export type WorkerMessage =
  | DatapathCommand
  | { kind: 'answer-marks'; marks: AnswerMark[] }
  | { kind: 'public-key'; publicKey: Uint8Array }
  /** Whether what is answered by ICMP to datagrams of a socket is taken, for a trace; `row` null: of all of them. */
  | { kind: 'socket-errors'; row: number | null; on: boolean }
  | { kind: 'schedule'; realtime: boolean }
  | { kind: 'workers'; count: number; tapFds: readonly number[] }
  | { kind: 'stop' };

const TOKEN_WAKE = 0;
const TOKEN_NETLINK = 1;
/** Of the TAP's first queue; the others follow. */
const TOKEN_TAP = 2;
const TOKEN_SOCKET = 16;
const MAX_TOKENS = 64;
/** Batches taken from one source before the others have their turn. */
const ROUNDS = 4;
/** A turn that takes longer was held up: the thread did not have the processor, or was stopped. */
const LONGEST_TURN_US = 50_000;
/** Turns without a look at the timers while sockets do not run dry. */
const MAX_UNDRAINED_TURNS = 16;
/** Commands carried out before sockets and the TAP have their turn. */
const COMMANDS_A_TURN = 16;
const NO_COMMANDS: readonly WorkerMessage[] = [];
const NETLINK_ROWS = 256;
const ERROR_ROWS = 16;
/** Time between two messages that the kernel's interfaces, addresses or routes have changed. */
const KERNEL_INTERVAL_US = 20_000;
/** How long frames are left to gather in a rush: as a network card moderates its interrupts. */
const GATHER_US = 40;
/** Bytes of the first `count` messages. */
function bytesOf(receives: Int32Array, count: number): number {
  let bytes = 0;
  for (let row = 0; row < count; row++) bytes += receives[row * RECV.WORDS + RECV.LENGTH];
  return bytes;
}

class Shell {
  private readonly native = loadNative();
  private readonly arena = makeArena();
  private readonly engine: Engine;
  private readonly epoll: number;
  private readonly tap = new TapQueues(this.native, this.arena);
  private readonly tokens = new Int32Array(MAX_TOKENS);
  private readonly reads = new Int32Array(this.arena.sizes.tapSlots * READ.WORDS);
  private readonly receives = new Int32Array(this.arena.sizes.receiveSlots * RECV.WORDS);
  private readonly receiveSockets = new Int32Array(this.arena.sizes.receiveSlots);
  private readonly netlinkRows = new Int32Array(NETLINK_ROWS * NETLINK.WORDS);
  private readonly socketFds = new Map<number, number>();
  /** Sockets of which answers by ICMP are taken. */
  private readonly tracedSockets = new Set<number>();
  /** Why all sockets take them: there is an uplink group, or a link is down. */
  private hearsServers = false;
  private hearsOfDown = false;
  private readonly errorRows = new Int32Array(ERROR_ROWS * SOCKET_ERROR.WORDS);
  private readonly marks = new AnswerMarks();
  private readonly cookieReplies: CookieReplies;
  private readonly screen: HandshakeScreen;
  private readonly gate: HandshakeGate;
  private readonly pace = new Pace();
  /** Time of the batch in hand. */
  private now: number;
  /** When the turn in hand began. */
  private turnBegan: number;
  private readonly outbox: Outbox;
  /** Watches nothing: waiting on it is a short sleep. */
  private readonly gathering: number;
  /** Under real-time scheduling nobody else would get the processor while this thread polls. */
  private mayPoll = true;
  /** Threads wanted, this one included. */
  private workers: number;
  private running = true;
  /** Commands received together, and how many of them have been carried out. */
  private commands = NO_COMMANDS;
  private commandsDone = 0;
  /** All that had come by the sockets has been taken in. */
  private drained = true;
  private undrainedTurns = 0;
  /** Interfaces, addresses or routes have changed since the control thread was told. */
  private kernelChanged = false;
  /** Indexes of the interfaces among them. */
  private readonly interfacesChanged = new Set<number>();
  private kernelToldAt = 0;

  constructor(private readonly start: WorkerStart) {
    const native = this.native;
    const bytes = this.arena.bytes;
    this.now = native.now();
    this.turnBegan = this.now;
    ROOMS.onMemory = (memory) => native.keepPagesSmall(memory);
    if (!mayReserve()) ROOMS.close();
    this.outbox = new Outbox(start.port, start.taken);
    this.cookieReplies = new CookieReplies(native, this.marks);
    this.screen = new HandshakeScreen(sodiumPrimitives, start.publicKey);
    this.gate = new HandshakeGate(this.screen, {
      taken: () => this.engine.stats.interface[INTERFACE.handshakesTaken],
      isKnown: ({ words, at }) => this.engine.isRemoteEnd(words, at),
      handOn: (message, path) => this.emit({ kind: 'handshake', bytes: message, path }),
      misaddressed: (path) => this.emit({ kind: 'misaddressed', path }),
      reply: (reply, arrival) =>
        this.cookieReplies.add(reply, this.socketFds.get(arrival.socket) ?? -1, arrival),
    });
    const machineIdle = new MachineIdle();
    const io: DatapathIo = {
      arena: bytes,
      seal: (ops, count) => native.seal(bytes, ops, count),
      open: (ops, count) => native.open(bytes, ops, count),
      send: (ops, count, paths) => native.udpSend(bytes, ops, count, paths),
      writeFrames: (ops, count) => this.tap.write(ops, count),
      discard: (offset, length) => native.discard(bytes, offset, length),
      random: (into) => randomFillSync(into),
      handshake: (offset, length, socket, words, at) =>
        this.gate.take(bytes.subarray(offset, offset + length), { socket, words, at }, this.now),
      machineIdle: () => machineIdle.since(native.now()),
      emit: (event) => this.emit(event),
    };
    this.engine = new Engine(this.arena, io, {
      nowUs: native.now(),
      settings: start.settings,
      seed: start.seed,
      tap: start.tap,
      dropExamples: new DropExamples(start.dropExamples),
    });
    this.emit({
      kind: 'stats',
      buffer: this.engine.stats.buffer,
      peers: this.engine.stats.shape.peers,
      links: this.engine.stats.shape.links,
    });
    this.epoll = native.epollCreate();
    this.gathering = native.epollCreate();
    native.epollAdd(this.epoll, start.wakeFd, TOKEN_WAKE);
    this.readFrom(start.tapFds);
    native.epollAdd(this.epoll, start.netlinkFd, TOKEN_NETLINK);
    this.tellEverything();
    this.workers = start.workers;
    this.schedule(start.realtime);
  }

  private schedule(realtime: boolean): void {
    const granted = schedule(this.native, realtime);
    this.mayPoll = !granted;
    this.emit({ kind: 'scheduling', realtime: granted });
    // Helpers are scheduled as this thread is when they start.
    this.startHelpers();
  }

  /** Reads from the queues of the TAP, all of which it gives; those that are read already come first. */
  private readFrom(fds: readonly number[]): void {
    for (let queue = this.tap.count; queue < fds.length; queue++) {
      this.tap.add(fds[queue]);
      this.native.epollAdd(this.epoll, fds[queue], TOKEN_TAP + queue);
    }
  }

  private startHelpers(): void {
    this.emit({ kind: 'workers', count: 1 + this.native.setHelpers(this.workers - 1) });
  }

  private emit(event: DatapathEvent): void {
    if (!this.outbox.post(event)) this.engine.drops.counted(DROP['event-limit'], 1);
  }

  run(): void {
    const { native, engine, tokens } = this;
    // Links have their places before the first command wants to send by one: a handshake, most likely.
    this.takeKernelEvents(this.now);
    while (this.running) {
      const deadline = engine.nextDeadline();
      this.outbox.flush();
      const before = native.now();
      const timeout = this.drained ? Math.max(0, deadline - before) : 0;
      const rush = this.pace.isRush(engine.stats.interface, before);
      if (rush && this.pace.lastBatchWasSmall(engine.stats.interface))
        native.wait(this.gathering, GATHER_US, 0, tokens);
      const polling = this.pace.pollUs(engine.stats.interface, before);
      const ready = native.wait(this.epoll, timeout, this.mayPoll && !rush ? polling : 0, tokens);
      const now = native.now();
      engine.woke(now, Math.max(deadline, Math.min(before, this.turnBegan + LONGEST_TURN_US)), now - before);
      this.turnBegan = now;
      engine.stats.interface[INTERFACE.wakeups]++;
      this.drained = true;
      this.serveAll(ready, now);
      this.expire(deadline);
      this.tellKernelChanged(now);
    }
    this.end();
  }

  /**
   * Timers are looked at only when everything that had arrived has been taken in. The thread may have lost the processor
   * since it last looked, so it looks once more: the time that silence is judged by is older than that look.
   */
  private expire(deadline: number): void {
    this.undrainedTurns = this.drained ? 0 : this.undrainedTurns + 1;
    if (this.undrainedTurns > 0 && this.undrainedTurns < MAX_UNDRAINED_TURNS) return;
    const now = this.native.now();
    if (now < deadline) return;
    this.serveAll(this.native.wait(this.epoll, 0, 0, this.tokens), now);
    if (this.drained || this.undrainedTurns > 0) this.engine.expire(now);
  }

  /** Serves the first `ready` tokens. All queues of the TAP are read together. */
  private serveAll(ready: number, now: number): void {
    for (let index = 0; index < ready; index++) this.serve(this.tokens[index], now);
    if (this.tap.isReady) this.readTap(now);
  }

  private serve(token: number, now: number): void {
    if (token >= TOKEN_SOCKET) this.receive(token - TOKEN_SOCKET, now);
    else if (token >= TOKEN_TAP) this.tap.markReady(token - TOKEN_TAP);
    else if (token === TOKEN_WAKE) this.takeCommands(now);
    else if (token === TOKEN_NETLINK) this.takeKernelEvents(now);
  }

  private readTap(now: number): void {
    for (let round = 0; round < ROUNDS; round++) {
      const count = this.tap.read(this.reads);
      if (count > 0) this.engine.frames(this.reads, count, now);
      if (!this.tap.isReady) return;
    }
  }

  private receive(row: number, now: number): void {
    const fd = this.socketFds.get(row);
    if (fd === undefined) return;
    const { native, arena, receives, receiveSockets } = this;
    const slots = arena.sizes.receiveSlots;
    this.now = now;
    if (this.tracedSockets.size > 0 && this.tracedSockets.has(row)) this.takeErrors(row, fd, now);
    for (let round = 0; round < ROUNDS; round++) {
      const count = native.udpReceive(arena.bytes, fd, arena.receiveBase, SLOT_BYTES, slots, receives);
      const wasCut = bytesOf(receives, count) >= BATCH.BYTES;
      if (count > 0) {
        receiveSockets.fill(row, 0, count);
        this.engine.messages(receives, receiveSockets, count, now);
        this.engine.deliver();
        this.cookieReplies.flush();
      } else if (this.hearsAll) {
        this.takeErrors(row, fd, now);
      }
      if (wasCut) break;
      if (count < slots) return;
    }
    this.drained = false;
  }

  /** Takes what was answered by ICMP; of a flood of them some at a time. */
  private takeErrors(row: number, fd: number, now: number): void {
    this.engine.socketErrors(this.errorRows, this.native.udpErrors(fd, this.errorRows), row, now);
  }

  private get hearsAll(): boolean {
    return this.hearsServers || this.hearsOfDown;
  }

  private tellErrors(row: number | null, on: boolean): void {
    if (row === null) return this.hearAll(this.hearsServers, on);
    const fd = this.socketFds.get(row);
    if (fd === undefined) return;
    if (this.native.udpTellErrors(fd, on || this.hearsAll) && on) this.tracedSockets.add(row);
    else this.tracedSockets.delete(row);
  }

  private hearAll(servers: boolean, ofDown: boolean): void {
    const before = this.hearsAll;
    this.hearsServers = servers;
    this.hearsOfDown = ofDown;
    if (this.hearsAll === before) return;
    for (const [row, fd] of this.socketFds)
      this.native.udpTellErrors(fd, this.hearsAll || this.tracedSockets.has(row));
  }

  /** Carries out some of the commands that wait; sockets and the TAP have their turn before the others. */
  private takeCommands(now: number): void {
    this.native.eventDrain(this.start.wakeFd);
    for (let left = COMMANDS_A_TURN; left > 0; left--) {
      const command = this.nextCommand();
      if (command === undefined) return;
      this.carryOut(command, now);
    }
    this.native.eventSignal(this.start.wakeFd);
  }

  private nextCommand(): WorkerMessage | undefined {
    if (this.commandsDone === this.commands.length) {
      const received = receiveMessageOnPort(this.start.port);
      if (received === undefined) return undefined;
      this.commands = received.message as WorkerMessage[];
      this.commandsDone = 0;
    }
    return this.commands[this.commandsDone++];
  }

  private carryOut(message: WorkerMessage, now: number): void {
    if (message.kind === 'stop') {
      this.running = false;
      return;
    }
    if (message.kind === 'answer-marks') return this.marks.set(message.marks);
    if (message.kind === 'send-raw') this.marks.mark(message.path.words, 0, message.path.socket);
    if (message.kind === 'send-raw' || message.kind === 'send-raw-peer')
      this.gate.sending(message.bytes, now);
    if (message.kind === 'public-key') return this.screen.setPublicKey(message.publicKey);
    if (message.kind === 'socket-errors') return this.tellErrors(message.row, message.on);
    if (message.kind === 'schedule') return this.schedule(message.realtime);
    if (message.kind === 'workers') {
      this.workers = message.count;
      this.readFrom(message.tapFds);
      return this.startHelpers();
    }
    if (message.kind === 'socket') {
      this.socketFds.set(message.row, message.settings.fd);
      this.native.epollAdd(this.epoll, message.settings.fd, TOKEN_SOCKET + message.row);
      if (this.hearsAll) this.native.udpTellErrors(message.settings.fd, true);
    } else if (message.kind === 'peer') {
      if (message.uplink !== null) this.hearAll(true, this.hearsOfDown);
    } else if (message.kind === 'socket-close') {
      this.retireSocket(message.row, now);
    }
    this.engine.command(message, now);
    if (message.kind === 'session-retire') this.wipeKeys(message.sealKey, message.openKey);
  }

  private wipeKeys(sealKey: number, openKey: number): void {
    this.native.keyWipe(sealKey);
    this.native.keyWipe(openKey);
    this.emit({ kind: 'keys-wiped', sealKey, openKey });
  }

  /** Takes what has come by a socket before it is closed. */
  private retireSocket(row: number, now: number): void {
    const fd = this.socketFds.get(row);
    if (fd === undefined) return;
    this.native.udpRetire(fd);
    // Bounded, since where nothing keeps others from sending to it they may do so.
    for (let turn = 0; turn === 0 || (!this.drained && turn < MAX_UNDRAINED_TURNS); turn++) {
      this.drained = true;
      this.receive(row, now);
    }
    this.closeSocket(row);
  }

  private closeSocket(row: number): void {
    const fd = this.socketFds.get(row);
    if (fd === undefined) return;
    this.native.epollRemove(this.epoll, fd);
    this.native.close(fd);
    this.socketFds.delete(row);
    this.tracedSockets.delete(row);
  }

  /** Has the kernel tell everything that it knows of interfaces and addresses. */
  private tellEverything(): void {
    this.native.netlinkDump(this.start.netlinkFd);
    this.engine.command({ kind: 'kernel', facts: [{ what: 'begin' }] }, this.native.now());
  }

  private takeKernelEvents(now: number): void {
    const { native, netlinkRows: rows } = this;
    for (;;) {
      const count = native.netlinkRead(this.start.netlinkFd, rows);
      if (count === 0) return;
      this.kernelChanged ||= count < 0 || tellChanges(rows, count);
      if (count < 0) {
        // What is there is told again; that the TAP went may be among what was missed.
        this.interfacesChanged.add(this.start.tap);
        return this.tellEverything();
      }
      const facts = kernelFacts(rows, count);
      for (const fact of facts) if ('index' in fact) this.interfacesChanged.add(fact.index);
      if (facts.length > 0) this.engine.command({ kind: 'kernel', facts }, now);
    }
  }

  /** Tells the control thread of changes, and not of each: they may be many. */
  private tellKernelChanged(now: number): void {
    if (!this.kernelChanged || now - this.kernelToldAt < KERNEL_INTERVAL_US) return;
    this.kernelChanged = false;
    this.kernelToldAt = now;
    this.emit({ kind: 'kernel', interfaces: [...this.interfacesChanged] });
    this.interfacesChanged.clear();
  }

  private end(): void {
    this.engine.command({ kind: 'goodbye' }, this.native.now());
    this.release();
  }

  /** Gives back what the thread holds, after a fault as well: sockets, and keys that wait to be wiped. */
  release(): void {
    for (;;) {
      const message = this.nextCommand();
      if (message === undefined) break;
      if (message.kind === 'session-retire') this.wipeKeys(message.sealKey, message.openKey);
      if (message.kind === 'socket') this.native.close(message.settings.fd);
    }
    this.native.setHelpers(0);
    for (const row of [...this.socketFds.keys()]) this.closeSocket(row);
    this.screen.wipe();
    this.outbox.flush();
    for (const fd of [this.epoll, this.gathering]) this.native.close(fd);
  }
}

parentPort?.once('message', (start: WorkerStart) => {
  const shell = new Shell(start);
  try {
    shell.run();
  } catch (error) {
    shell.release();
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    start.port.postMessage([{ kind: 'fatal', message }]);
  }
});
