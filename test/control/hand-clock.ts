import type { Clock } from '../../src/daemon/base/clock.js';

/** A clock that moves only on request. */
export class HandClock implements Clock {
  private time = Date.UTC(2026, 0, 1);
  private corrected = 0;
  private due: { at: number; work: () => void }[] = [];

  now(): number {
    return this.time + this.corrected;
  }

  elapsed(): number {
    return this.time;
  }

  /** Someone sets the time of day; what is waited for waits as long as before. */
  correct(ms: number): void {
    this.corrected += ms;
  }

  after(ms: number, work: () => void): () => void {
    const entry = { at: this.time + ms, work };
    this.due.push(entry);
    return () => {
      this.due = this.due.filter((one) => one !== entry);
    };
  }

  /** Moves on, doing on the way what falls due, in order. */
  pass(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const [next] = this.due.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.due = this.due.filter((one) => one !== next);
      this.time = next.at;
      next.work();
    }
    this.time = end;
  }
}
