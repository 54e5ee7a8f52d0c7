/** Events to the control thread. What it can do without is left out while too many wait for it. */
import type { MessagePort } from 'node:worker_threads';
import type { DatapathEvent } from '../contract/events.js';

const MOST_WAITING = 4096;
/** Nobody waits for these for ever, or they come again. */
const DISPENSABLE: ReadonlySet<DatapathEvent['kind']> = new Set([
  'echo',
  'goodbye',
  'mtu',
  'path-mtu',
  'roamed',
]);

export class Outbox {
  private given = 0;

  /** `taken`: one word in which the control thread counts the events that it has taken, modulo 2^32. */
  constructor(
    private readonly port: Pick<MessagePort, 'postMessage'>,
    private readonly taken: Int32Array,
  ) {}

  /** Returns whether the event was sent. */
  post(event: DatapathEvent): boolean {
    const waiting = (this.given - Atomics.load(this.taken, 0)) | 0;
    if (waiting >= MOST_WAITING && DISPENSABLE.has(event.kind)) return false;
    this.given = (this.given + 1) | 0;
    this.port.postMessage(event);
    return true;
  }
}
