/** The processes that play the clients, as one. */
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Lab } from '../../scripts/lab/lab.js';
import type { LabProcess } from '../../scripts/lab/process.js';
import type { Delays } from './frames.js';
import type { Part, PlayerStatus } from './player.js';
import type { Order } from './program.js';

const PROGRAM = fileURLToPath(new URL('./program.js', import.meta.url));

/** One process; it answers orders in turn. */
class Worker {
  private readonly waiting: ((answer: unknown) => void)[] = [];
  readonly ready: Promise<unknown>;

  constructor(
    private readonly process: LabProcess,
    ended: (why: Error) => void,
  ) {
    this.ready = new Promise((resolve) => this.waiting.push(resolve));
    createInterface({ input: process.output }).on('line', (line) => this.waiting.shift()?.(JSON.parse(line)));
    process.exit().then(() => ended(new Error('a process that plays clients has ended')));
  }

  order<T>(order: Order): Promise<T> {
    this.process.say(`${JSON.stringify(order)}\n`);
    return new Promise((resolve) => this.waiting.push(resolve as (answer: unknown) => void));
  }
}

/** The sums of what all processes say; of times the latest. */
export interface SwarmStatus extends Omit<PlayerStatus, 'delays'> {
  atMs: number;
}

export class Generator {
  private ended: Error | undefined;

  private constructor(private readonly workers: Worker[]) {}

  /** Starts a process for each part. */
  static async start(lab: Lab, host: number, parts: Part[]): Promise<Generator> {
    const workers: Worker[] = [];
    const generator = new Generator(workers);
    for (const part of parts) {
      const options = { input: true };
      const started = lab.start(host, process.execPath, [PROGRAM, JSON.stringify(part)], options);
      workers.push(
        new Worker(started, (why) => {
          generator.ended = why;
        }),
      );
    }
    await Promise.all(workers.map(({ ready }) => ready));
    return generator;
  }

  async status(): Promise<SwarmStatus> {
    if (this.ended !== undefined) throw this.ended;
    const all = await Promise.all(
      this.workers.map((worker) => worker.order<PlayerStatus>({ what: 'status' })),
    );
    const sum = (name: keyof Omit<PlayerStatus, 'delays'>): number =>
      all.reduce((total, one) => total + one[name], 0);
    return {
      atMs: performance.now(),
      up: sum('up'),
      calling: sum('calling'),
      waiting: sum('waiting'),
      handshakes: sum('handshakes'),
      calls: sum('calls'),
      retries: sum('retries'),
      cookies: sum('cookies'),
      refused: sum('refused'),
      beatsIn: sum('beatsIn'),
      beatsOut: sum('beatsOut'),
      datagramsIn: sum('datagramsIn'),
      datagramsOut: sum('datagramsOut'),
      loadIn: sum('loadIn'),
      loadLost: sum('loadLost'),
      broadcastIn: sum('broadcastIn'),
      broadcastAtUs: Math.max(...all.map(({ broadcastAtUs }) => broadcastAtUs)),
      unheard: sum('unheard'),
      processorMs: sum('processorMs'),
    };
  }

  /** Gives an order to every process. */
  async all(order: Order): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.order(order)));
  }

  /** Gives an order to the first process. */
  first<T>(order: Order): Promise<T> {
    return this.workers[0].order<T>(order);
  }

  /** Of the probes of the first process. */
  async delays(): Promise<Delays> {
    return (await this.first<PlayerStatus>({ what: 'status' })).delays;
  }
}
