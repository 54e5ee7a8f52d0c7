/** A bounded queue of events. */
import type { ControlEvent } from '../api/index.js';

/** Events kept for a program that reads them more slowly than they arrive. */
const MAX_WAITING = 1000;

/**
 * A bounded queue between the connection and a program that awaits events. Events that do not fit are counted, and an
 * event of kind `lost` with their number replaces them, as the daemon does for a connection that is not read.
 */
export class EventQueue {
  private readonly waiting: ControlEvent[] = [];
  private lost = 0;
  private ended: { error: Error | null } | null = null;
  private wake: () => void = () => undefined;

  push(event: ControlEvent): void {
    const last = this.waiting.at(-1);
    if (this.waiting.length < MAX_WAITING) {
      this.waiting.push(event);
    } else if (last?.kind === 'lost' && this.lost > 0) {
      this.lost += event.kind === 'lost' ? event.count : 1;
      this.waiting[MAX_WAITING - 1] = { kind: 'lost', count: this.lost, timeMs: event.timeMs };
    } else {
      // The event that says so needs room too, which loses one more.
      this.lost = countOf(last as ControlEvent) + countOf(event);
      this.waiting[MAX_WAITING - 1] = { kind: 'lost', count: this.lost, timeMs: event.timeMs };
    }
    this.wake();
  }

  /** No more events will come. After those that are left, `next` throws the error, if there is one. */
  end(error: Error | null): void {
    this.ended ??= { error };
    this.wake();
  }

  /** The next event; null when there will be none. */
  async next(): Promise<ControlEvent | null> {
    for (;;) {
      const event = this.waiting.shift();
      if (event !== undefined) {
        if (event.kind === 'lost') this.lost = 0;
        return event;
      }
      if (this.ended?.error) throw this.ended.error;
      if (this.ended !== null) return null;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}

function countOf(event: ControlEvent): number {
  return event.kind === 'lost' ? event.count : 1;
}
