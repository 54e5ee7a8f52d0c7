/** Records that could not be written, on a full disk say: told as events, and in the answer to the change they are about. */
import type { Problem } from '../../api/index.js';
import type { EventLog } from '../base/event-log.js';
import type { Log } from '../base/log.js';

export class RecordFaults {
  private untold: string[] = [];

  constructor(
    private readonly events: EventLog,
    private readonly log: Log,
  ) {}

  /** `what` could not be written. */
  failed(what: string, err: Error): void {
    const detail = `${what} cannot be written: ${err.message}`;
    this.log.error({ err }, `${what} cannot be written`);
    this.events.publish({ kind: 'warning', interface: null, peer: null, what: 'record-lost', detail });
    this.untold.push(detail);
  }

  /** What failed since the last call, as warnings of an answer. */
  take(): Problem[] {
    const untold = this.untold;
    this.untold = [];
    return untold.map((message) => ({ line: 0, column: 0, text: '', message }));
  }
}
