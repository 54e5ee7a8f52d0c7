/** A reload of the startup configuration that waits for its time. */
import type { ReloadStatus, Who } from '../../api/index.js';
import type { Clock } from '../base/clock.js';

export class ReloadTimer {
  private scheduled: { by: Who; atMs: number; cancel: () => void } | null = null;

  constructor(private readonly clock: Clock) {}

  /** Takes the place of one that waits already. */
  schedule(by: Who, minutes: number, due: () => void): void {
    this.cancel();
    const ms = minutes * 60_000;
    const cancel = this.clock.after(ms, () => {
      this.scheduled = null;
      due();
    });
    this.scheduled = { by, atMs: this.clock.now() + ms, cancel };
  }

  /** Whether there was one. */
  cancel(): boolean {
    const scheduled = this.scheduled;
    scheduled?.cancel();
    this.scheduled = null;
    return scheduled !== null;
  }

  status(): ReloadStatus | null {
    if (this.scheduled === null) return null;
    const { by, atMs } = this.scheduled;
    return { by, atMs, secondsLeft: Math.max(0, (atMs - this.clock.now()) / 1000) };
  }
}
