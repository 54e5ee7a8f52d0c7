/** The control thread's handle on a datapath worker: commands out, events in, counters in shared memory. */
import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { MessageChannel, type MessagePort, receiveMessageOnPort, type Worker } from 'node:worker_threads';
import type {
  CounterClearing,
  DataSent,
  FlowsExplanation,
  GuardStretch,
  MacCleared,
  MacClearing,
  MacStretch,
  MacWanted,
  MulticastStretch,
  NeighbourStretch,
  PeerExplanation,
  RowsHeld,
  VlanRow,
} from '../../contract/answers.js';
import type { DatapathCommand } from '../../contract/commands.js';
import { DropExamples } from '../../contract/drop-examples.js';
import type { DatapathEvent } from '../../contract/events.js';
import type { DatapathSettings } from '../../contract/settings.js';
import { INTERFACE, SharedStats } from '../../contract/stats.js';
import type { UplinkRow } from '../../contract/uplinks.js';
import type { Native } from '../../native/binding.js';
import type { Reception } from '../../wire/bandwidth-test.js';
import type { WorkerMessage, WorkerStart } from '../../worker/worker.js';
import { CarrierQuestions } from './carrier-questions.js';
import { startWorker } from './worker-thread.js';

/** Commands that go to the worker together. A message costs as much as several commands, and each wakes the worker. */
const MOST_TOGETHER = 64;
/** Events are taken for so long until others have their turn. */
const SLICE_MS = 4;

/** See the command `bandwidth-data`. */
type BandwidthBurst = Omit<Extract<DatapathCommand, { kind: 'bandwidth-data' }>, 'kind' | 'id'>;

interface DatapathOptions {
  tapFds: readonly number[];
  publicKey: Uint8Array;
  /** Index of the TAP's interface. */
  tap: number;
  settings: DatapathSettings;
  realtime: boolean;
  workers: number;
}

interface DatapathEvents {
  event: [DatapathEvent];
  /** The worker ended, by request (`fault` is null) or by a fault; `hasReleased`: it closed its sockets. */
  exit: [{ fault: string | null; hasReleased: boolean }];
}

export class Datapath extends EventEmitter<DatapathEvents> {
  stats = new SharedStats({ peers: 16, links: 64 });
  /** The last example of each drop reason. */
  readonly dropExamples = new DropExamples();
  alive = true;
  scheduling: 'realtime' | 'normal' = 'normal';
  /** Threads that it has, and those that it is to have: the system may give fewer. */
  workers = 1;
  private workersWanted: number;
  private readonly worker: Worker;
  private readonly port: MessagePort;
  private readonly wakeFd: number;
  private readonly carrierQuestions: CarrierQuestions;
  private readonly answers = new Map<number, (result: unknown) => void>();
  private nextAnswer = 1;
  private fault: string | null = null;
  private hasReleased = false;
  private stopping = false;
  /** Commands that have not gone to the worker yet. */
  private waiting: WorkerMessage[] = [];
  private sending: NodeJS.Immediate | undefined;
  /** Counts the events taken, for the worker. */
  private readonly taken: Int32Array;
  /** Events that have come and are not taken yet, the first ones from `done` on. */
  private readonly arrived: DatapathEvent[][] = [];
  private done = 0;
  private taking: NodeJS.Immediate | undefined;

  constructor(
    private readonly native: Native,
    options: DatapathOptions,
  ) {
    super();
    this.workersWanted = options.workers;
    this.wakeFd = native.eventCreate();
    const netlinkFd = native.netlinkOpen();
    this.carrierQuestions = new CarrierQuestions(native, netlinkFd);
    const { port1, port2 } = new MessageChannel();
    const seed = randomBytes(8);
    const taken = new Int32Array(new SharedArrayBuffer(4));
    const start: WorkerStart = {
      port: port2,
      wakeFd: this.wakeFd,
      netlinkFd,
      seed: [seed.readInt32LE(0), seed.readInt32LE(4)],
      taken,
      dropExamples: this.dropExamples.buffer,
      ...options,
    };
    this.port = port1;
    this.taken = taken;
    this.port.on('message', (events: DatapathEvent[]) => {
      this.arrived.push(events);
      if (this.taking === undefined) this.takeSome();
    });
    this.worker = startWorker(start);
    this.worker.on('error', (error) => {
      this.fault = error.message;
    });
    this.worker.on('exit', () => this.ended());
  }

  /**
   * Sends a command; commands are carried out in order. Several go together: each message and each wake of the worker may
   * cost this thread its processor. A turn of the loop may take a thousand handshakes, so it is not waited for either.
   */
  send(command: WorkerMessage): void {
    if (!this.alive) return;
    this.waiting.push(command);
    if (this.waiting.length >= MOST_TOGETHER) this.sendWaiting();
    else this.sending ??= setImmediate(() => this.sendWaiting());
  }

  /** Threads that new session keys are for, beside the worker. */
  get helpers(): number {
    return this.workersWanted - 1;
  }

  /**
   * Changes how many threads share the large batches; the TAP may have got more queues for them. Sessions that exist are shared
   * from their next renewal on.
   */
  setWorkers(count: number, tapFds: readonly number[]): void {
    if (count === this.workersWanted) return;
    this.workersWanted = count;
    this.send({ kind: 'workers', count, tapFds });
  }

  /** Turns of the worker's loop since it started, modulo 2^53. */
  get beat(): number {
    return this.stats.interface[INTERFACE.wakeups];
  }

  /** Makes the worker turn once, whether it has something to do or not. */
  nudge(): void {
    if (this.alive) this.native.eventSignal(this.wakeFd);
  }

  private sendWaiting(): void {
    clearImmediate(this.sending);
    this.sending = undefined;
    const commands = this.waiting;
    if (!this.alive || commands.length === 0) return;
    this.waiting = [];
    this.port.postMessage(commands);
    this.native.eventSignal(this.wakeFd);
  }

  /** What the datapath holds for peers; `links`: rows of some that stand for all. Null when the worker has ended. */
  memory(links: number[]): Promise<RowsHeld | null> {
    return this.ask((id) => ({ kind: 'memory', id, links }));
  }

  /** The guards of some ports; null when the worker has ended. */
  guards(from: number, ports: number): Promise<GuardStretch | null> {
    return this.ask((id) => ({ kind: 'guards', id, from, ports }));
  }

  multicast(from: number, rows: number): Promise<MulticastStretch | null> {
    return this.ask((id) => ({ kind: 'multicast', id, from, rows }));
  }

  neighbours(from: number, rows: number): Promise<NeighbourStretch | null> {
    return this.ask((id) => ({ kind: 'neighbours', id, from, rows }));
  }

  vlans(): Promise<VlanRow[] | null> {
    return this.ask((id) => ({ kind: 'vlans', id }));
  }

  /**
   * What is wanted of that which the switch has learned, as far as it stands in `rows` rows from `from`; null when the worker
   * has ended.
   */
  macTable(from: number, rows: number, wanted: MacWanted, isCounted = false): Promise<MacStretch | null> {
    return this.ask((id) => ({ kind: 'mac-table', id, from, rows, wanted, isCounted }));
  }

  /** Removes what was learned and is no longer wanted, in some slots; null when the worker has ended. */
  clearMacs(clearing: MacClearing): Promise<MacCleared | null> {
    return this.ask((id) => ({ kind: 'mac-clear', id, ...clearing }));
  }

  /** Sets some counters to zero; returns the row to go on from, null at the end or when the worker has ended. */
  clearCounters(clearing: CounterClearing): Promise<number | null> {
    return this.ask((id) => ({ kind: 'clear-counters', id, ...clearing }));
  }

  /** Why the frames of a peer take the link they take; null when the worker has ended or does not know it. */
  explain(peer: number): Promise<PeerExplanation | null> {
    return this.ask((id) => ({ kind: 'explain', id, peer }));
  }

  /** By which links the flows of a peer go; null when the worker has ended or does not know it. */
  explainFlows(peer: number): Promise<FlowsExplanation | null> {
    return this.ask((id) => ({ kind: 'explain-flows', id, peer }));
  }

  /** Which server of each uplink group carries; null when the worker has ended. */
  uplinks(): Promise<UplinkRow[] | null> {
    return this.ask((id) => ({ kind: 'uplinks', id }));
  }

  /** Sends a burst of a bandwidth test; null when the worker has ended. */
  bandwidthData(burst: BandwidthBurst): Promise<DataSent | null> {
    return this.ask((id) => ({ kind: 'bandwidth-data', id, ...burst }));
  }

  /** What has come of the bandwidth test of a peer; null when none is counted, or the worker has ended. */
  bandwidthReception(peer: number): Promise<Reception | null> {
    return this.ask((id) => ({ kind: 'bandwidth-reception', id, peer }));
  }

  /** Sends a question and waits for its answer; null when the worker has ended. */
  private async ask<T>(question: (id: number) => DatapathCommand): Promise<T | null> {
    if (!this.alive) return null;
    const id = this.nextAnswer++;
    const answer = new Promise((resolve) => this.answers.set(id, resolve));
    this.send(question(id));
    return (await answer) as T | null;
  }

  /** Makes the worker say goodbye to the peers, close its sockets and end. */
  async stop(): Promise<void> {
    if (!this.alive) return;
    const ended = once(this, 'exit');
    this.stopping = true;
    this.send({ kind: 'stop' });
    await ended;
  }

  /** Takes events for a while. The rest waits for a turn: a storm of handshakes must not keep the control socket waiting. */
  private takeSome(): void {
    const until = performance.now() + SLICE_MS;
    do {
      if (!this.takeNext()) return;
    } while (performance.now() < until);
    this.taking = setImmediate(() => {
      this.taking = undefined;
      this.takeSome();
    });
  }

  /** Takes the next event that has come; false when there is none. */
  private takeNext(): boolean {
    const [events] = this.arrived;
    if (events === undefined) return false;
    const event = events[this.done++];
    if (this.done === events.length) {
      this.arrived.shift();
      this.done = 0;
    }
    Atomics.add(this.taken, 0, 1);
    this.take(event);
    return true;
  }

  private take(event: DatapathEvent): void {
    switch (event.kind) {
      case 'stats': {
        const taken = this.stats.interface[INTERFACE.handshakesTaken];
        this.stats = new SharedStats({ peers: event.peers, links: event.links }, event.buffer);
        // What we wrote while the larger buffer was under way is not in it.
        this.stats.interface[INTERFACE.handshakesTaken] = taken;
        return;
      }
      case 'scheduling':
        this.scheduling = event.realtime ? 'realtime' : 'normal';
        return;
      case 'workers':
        this.workers = event.count;
        return;
      case 'answer':
        this.answers.get(event.id)?.(event.result);
        this.answers.delete(event.id);
        return;
      case 'carrier-doubt':
        return this.carrierQuestions.ask(event.ifindex);
      case 'fatal':
        this.fault = event.message;
        this.hasReleased = true;
        return;
      default:
        this.emit('event', event);
    }
  }

  private ended(): void {
    if (!this.alive) return;
    // Its last words may still be under way.
    for (
      let last = receiveMessageOnPort(this.port);
      last !== undefined;
      last = receiveMessageOnPort(this.port)
    )
      this.arrived.push(last.message as DatapathEvent[]);
    clearImmediate(this.taking);
    while (this.takeNext());
    this.alive = false;
    this.port.close();
    this.native.close(this.wakeFd);
    this.carrierQuestions.close();
    for (const answer of this.answers.values()) answer(null);
    this.answers.clear();
    const fault = this.fault ?? (this.stopping ? null : 'it ended by itself');
    this.emit('exit', { fault, hasReleased: this.hasReleased });
  }
}
