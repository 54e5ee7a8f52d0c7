/** Changes of the configuration: one at a time, only for clients that are still connected, and each one recorded. */
import type { Problem, Who } from '../../api/index.js';
import { RequestError } from '../base/request-errors.js';
import type { Accounting, RecordedChange } from './accounting.js';
import type { RecordFaults } from './record-faults.js';

export class ChangeQueue {
  /** Numbers of the connections that exist. */
  private readonly connected = new Set<number>();
  private lastConnection = 0;
  private stopping = false;
  /** Settles when the last piece of work in the queue has ended. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly accounting: Accounting,
    private readonly faults: RecordFaults,
  ) {}

  /** Numbers a new connection. */
  join(person: Omit<Who, 'session'>): Who {
    const session = ++this.lastConnection;
    this.connected.add(session);
    return { ...person, session };
  }

  leave({ session }: Who): void {
    if (session !== null) this.connected.delete(session);
  }

  get stopped(): boolean {
    return this.stopping;
  }

  /** Accepts no more changes. Resolves when the current one is done. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.last;
  }

  /** Runs `work` after everything that is queued already. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last.then(work, work);
    this.last = result.catch(() => undefined);
    return result;
  }

  /** Runs `work` in turn and records its outcome. `change` is null for what changes nothing. */
  run<T extends object | null>(who: Who, change: RecordedChange | null, work: () => Promise<T>): Promise<T> {
    return this.inTurn(async () => {
      if (this.stopping) throw new RequestError('the daemon is stopping');
      if (who.session !== null && !this.connected.has(who.session)) {
        throw new RequestError('the client has disconnected');
      }
      try {
        const result = await work();
        const idle = result !== null && 'changed' in result && result.changed === false;
        if (change !== null) await this.accounting.record(who, change, idle ? 'no change' : 'done');
        const lost = this.faults.take();
        return result !== null && 'warnings' in result
          ? { ...result, warnings: [...(result.warnings as Problem[]), ...lost] }
          : result;
      } catch (error) {
        if (change !== null) await this.accounting.record(who, change, 'refused');
        throw error;
      }
    });
  }
}
