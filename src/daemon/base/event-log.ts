/** Recent events: kept for `show events`, and passed on to listeners. */
import type { ControlEvent, EventFilter } from '../../api/index.js';

/** Older events are forgotten. This holds a bad night of a large network in about a megabyte. */
const KEPT_EVENTS = 4096;

/** An event before it gets its time. */
export type EventBody = ControlEvent extends infer E
  ? E extends ControlEvent
    ? Omit<E, 'timeMs'>
    : never
  : never;

export class EventLog {
  private readonly listeners = new Set<(event: ControlEvent) => void>();
  /** A ring: once it is full, `next` is the place of the oldest event. */
  private readonly kept: ControlEvent[] = [];
  private next = 0;

  /** `timeMs`: milliseconds since the epoch. */
  publish(body: EventBody, timeMs = Date.now()): void {
    const event = this.tell(body, timeMs);
    this.kept[this.next] = event;
    this.next = (this.next + 1) % KEPT_EVENTS;
  }

  /** Passes an event on and does not keep it. */
  tell(body: EventBody, timeMs = Date.now()): ControlEvent {
    const event = { timeMs, ...body } as ControlEvent;
    for (const listener of this.listeners) listener(event);
    return event;
  }

  /** Calls `listener` for each event until the returned function is called. */
  listen(listener: (event: ControlEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The latest events that pass the filter, oldest first. */
  recent({ last = KEPT_EVENTS, ...filter }: EventFilter): ControlEvent[] {
    const inOrder = [...this.kept.slice(this.next), ...this.kept.slice(0, this.next)];
    const chosen = inOrder.filter((event) => concerns(event, filter));
    return chosen.slice(Math.max(0, chosen.length - last));
  }
}

function concerns(event: ControlEvent, filter: Omit<EventFilter, 'last'>): boolean {
  const {
    interface: name,
    peer,
    link,
  } = { interface: undefined, peer: undefined, link: undefined, ...event };
  return (
    (filter.interface === undefined || filter.interface === name) &&
    (filter.peer === undefined || filter.peer === peer) &&
    (filter.link === undefined || filter.link === link)
  );
}
