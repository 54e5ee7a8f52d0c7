/** The control thread's handle on a datapath worker: commands out, events in, counters in shared memory. */
import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { FlowsExplanation, MacRow, PeerExplanation } from '../../contract/answers.js';
import type { DatapathCommand } from '../../contract/commands.js';
import type { DatapathEvent } from '../../contract/events.js';
import type { DatapathSettings } from '../../contract/settings.js';
import { SharedStats } from '../../contract/stats.js';
import type { Native } from '../../native/binding.js';
import type { WorkerMessage, WorkerStart } from '../../worker/worker.js';

interface DatapathOptions {
  tapFd: number;
  /** Index of the TAP's interface. */
  tap: number;
  settings: DatapathSettings;
  udpGso: boolean;
  realtime: boolean;
}

interface DatapathEvents {
  event: [DatapathEvent];
  /** The worker ended, by request or by a fault. */
  exit: [{ fault: string | null }];
}

export class Datapath extends EventEmitter<DatapathEvents> {
  stats = new SharedStats({ peers: 16, links: 64 });
  alive = true;
  scheduling: 'realtime' | 'normal' = 'normal';
  private readonly worker: Worker;
  private readonly port: MessagePort;
  private readonly wakeFd: number;
  private readonly answers = new Map<number, (result: unknown) => void>();
  private nextAnswer = 1;
  private fault: string | null = null;

  constructor(
    private readonly native: Native,
    options: DatapathOptions,
  ) {
    super();
    this.wakeFd = native.eventCreate();
    const { port1, port2 } = new MessageChannel();
    const seed = randomBytes(8);
    const start: WorkerStart = {
      port: port2,
      wakeFd: this.wakeFd,
      seed: [seed.readInt32LE(0), seed.readInt32LE(4)],
      ...options,
    };
    this.port = port1;
    this.port.on('message', (event: DatapathEvent) => this.take(event));
    this.worker = new Worker(new URL('../../worker/worker.js', import.meta.url), {
      workerData: start,
      transferList: [port2],
    });
    this.worker.on('error', (error) => {
      this.fault = error.message;
    });
    this.worker.on('exit', () => this.ended());
  }

  /** Sends a command; commands are carried out in order. */
  send(message: WorkerMessage): void {
    if (!this.alive) return;
    this.port.postMessage(message);
    this.native.eventSignal(this.wakeFd);
  }

  /** What the switch has learned. */
  async macTable(): Promise<MacRow[]> {
    return (await this.ask((id) => ({ kind: 'mac-table', id }))) ?? [];
  }

  /** Why the frames of a peer take the link they take; null when the worker has ended or does not know it. */
  explain(peer: number): Promise<PeerExplanation | null> {
    return this.ask((id) => ({ kind: 'explain', id, peer }));
  }

  /** By which links the flows of a peer go; null when the worker has ended or does not know it. */
  explainFlows(peer: number): Promise<FlowsExplanation | null> {
    return this.ask((id) => ({ kind: 'explain-flows', id, peer }));
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
    this.send({ kind: 'stop' });
    await ended;
  }

  private take(event: DatapathEvent): void {
    switch (event.kind) {
      case 'stats':
        this.stats = new SharedStats({ peers: event.peers, links: event.links }, event.buffer);
        return;
      case 'scheduling':
        this.scheduling = event.realtime ? 'realtime' : 'normal';
        return;
      case 'answer':
        this.answers.get(event.id)?.(event.result);
        this.answers.delete(event.id);
        return;
      case 'fatal':
        this.fault = event.message;
        return;
      default:
        this.emit('event', event);
    }
  }

  private ended(): void {
    if (!this.alive) return;
    this.alive = false;
    this.port.close();
    this.native.close(this.wakeFd);
    for (const answer of this.answers.values()) answer(null);
    this.answers.clear();
    this.emit('exit', { fault: this.fault });
  }
}
