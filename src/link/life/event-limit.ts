/** An authentic peer can send much; the control thread hears of no more than this many messages a second. */
const MAX_EVENTS_PER_SECOND = 2000;

export class EventLimit {
  private windowAt = 0;
  private emitted = 0;

  constructor(private readonly mostPerSecond = MAX_EVENTS_PER_SECOND) {}

  /** Whether one more message may go to the control thread. */
  mayEmit(now: number): boolean {
    if (now - this.windowAt >= 1e6) {
      this.windowAt = now;
      this.emitted = 0;
    }
    return this.emitted++ < this.mostPerSecond;
  }
}
