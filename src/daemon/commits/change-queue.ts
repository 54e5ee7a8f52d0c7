/** What is done to the configuration: one deed at a time, by connections that are still there, and on record. */
import type { AccountingRecord, Who } from '../../api/index.js';
import type { Clock } from '../base/clock.js';
import { RequestError } from '../base/errors.js';
import type { Log } from '../base/log.js';
import type { Accounting } from './accounting.js';

export type Deed = Pick<AccountingRecord, 'action'> &
  Partial<Pick<AccountingRecord, 'context' | 'lines' | 'comment'>>;

export class Deeds {
  private readonly connected = new Set<number>();
  /** Connections so far, each of which is called by its number. */
  private connections = 0;
  private isOver = false;
  /** Settles when the last thing that was asked for has ended. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly accounting: Accounting,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** Gives a new connection its number. */
  join(person: Omit<Who, 'session'>): Who {
    const session = ++this.connections;
    this.connected.add(session);
    return { ...person, session };
  }

  leave({ session }: Who): void {
    if (session !== null) this.connected.delete(session);
  }

  get ended(): boolean {
    return this.isOver;
  }

  /** Nothing more is begun. Comes back when what is under way has been done. */
  async end(): Promise<void> {
    this.isOver = true;
    await this.last;
  }

  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last.then(work, work);
    this.last = result.catch(() => undefined);
    return result;
  }

  /** Does something in turn and records it, whatever comes of it. `deed` is null for what changes nothing. */
  run<T extends object | null>(who: Who, deed: Deed | null, work: () => Promise<T>): Promise<T> {
    return this.inTurn(async () => {
      if (this.isOver) throw new RequestError('the daemon ends');
      if (who.session !== null && !this.connected.has(who.session)) {
        throw new RequestError('the client has gone');
      }
      try {
        const result = await work();
        const idle = result !== null && 'changed' in result && result.changed === false;
        if (deed !== null) await this.account(who, deed, idle ? 'no change' : 'done');
        return result;
      } catch (error) {
        if (deed !== null) await this.account(who, deed, 'refused');
        throw error;
      }
    });
  }

  /** A record that cannot be written is told of in the log, and keeps nobody from working. */
  async account(by: Who, deed: Deed, outcome: AccountingRecord['outcome']): Promise<void> {
    const record = { timeMs: this.clock.now(), by, context: [], lines: [], comment: null, ...deed, outcome };
    try {
      await this.accounting.add(record);
    } catch (err) {
      this.log.error({ err }, 'accounting cannot be written');
    }
  }
}
