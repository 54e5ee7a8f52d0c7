/** Events to the control thread. What it can do without is left out while too many wait for it. */
import type { MessagePort } from 'node:worker_threads';
import type { DatapathEvent } from '../contract/events.js';

const MOST_WAITING = 4096;
/** Events that go in one message: a message costs as much as several events. */
const MOST_TOGETHER = 64;
/** Nobody waits for these for ever, or they come again. */
const DISPENSABLE: ReadonlySet<DatapathEvent['kind']> = new Set([
  'bandwidth-message',
  'echo',
  'goodbye',
  'mtu',
  'path-mtu',
  'roamed',
  'trace',
]);

export class Outbox {
  private given = 0;
  private together: DatapathEvent[] = [];

  /** `taken`: one word in which the control thread counts the events that it has taken, modulo 2^32. */
  constructor(
    private readonly port: Pick<MessagePort, 'postMessage'>,
    private readonly taken: Int32Array,
  ) {}

  /** Takes an event, to be sent by `flush` at the latest; false when it is left out. */
  post(event: DatapathEvent): boolean {
    const waiting = (this.given - Atomics.load(this.taken, 0)) | 0;
    if (waiting >= MOST_WAITING && DISPENSABLE.has(event.kind)) return false;
    this.given = (this.given + 1) | 0;
    this.together.push(event);
    if (this.together.length >= MOST_TOGETHER) this.flush();
    return true;
  }

  /** Sends what was taken; to be called before the thread waits. */
  flush(): void {
    if (this.together.length === 0) return;
    this.port.postMessage(this.together);
    this.together = [];
  }
}
