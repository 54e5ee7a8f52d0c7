/** The requests of one client in the order of their arrival, and no faster than the limits allow. */

/** Of time and of the client's connection, what the intake needs. */
export interface IntakeSurroundings {
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Calls back once after a time in milliseconds. */
  later(afterMs: number, callback: () => void): void;
  /** The client takes its answers: there is room for more of them. */
  hasRoom(): boolean;
  /** While requests wait, no more are read. */
  pause(): void;
  resume(): void;
  /** Serves one line; settles when the next one may begin. Never rejects. */
  serve(line: Buffer): Promise<void>;
}

/** Requests a second that a client may keep up, and how many it may send at once after a rest. */
export const REQUESTS_PER_SECOND = 200;
export const BURST = 400;
/** Every so many bytes count as a request. */
const BYTES_PER_REQUEST = 4096;

export class Intake {
  private readonly around: IntakeSurroundings;
  private lines: readonly Buffer[] = [];
  /** Index of the next one among them. */
  private next = 0;
  private busy = false;
  private allowance = BURST;
  private refilledAt: number;

  constructor(around: IntakeSurroundings) {
    this.around = around;
    this.refilledAt = around.now();
  }

  push(lines: readonly Buffer[]): void {
    this.lines = [...this.lines.slice(this.next), ...lines];
    this.next = 0;
    this.proceed();
  }

  /** Counts requests that came in one line with another. */
  charge(requests: number): void {
    this.allowance -= requests;
  }

  /** Goes on serving; to be called when there is room again. */
  proceed(): void {
    if (this.busy) return;
    this.busy = true;
    void this.serve();
  }

  private async serve(): Promise<void> {
    while (this.next < this.lines.length && this.around.hasRoom()) {
      const waitMs = this.waitMs();
      if (waitMs > 0) {
        this.around.pause();
        this.around.later(waitMs, () => void this.serve());
        return;
      }
      const line = this.lines[this.next++];
      this.charge(1 + Math.floor(line.length / BYTES_PER_REQUEST));
      await this.around.serve(line);
    }
    this.busy = false;
    if (this.next < this.lines.length) this.around.pause();
    else this.around.resume();
  }

  /** How long the next request has to wait. */
  private waitMs(): number {
    const now = this.around.now();
    const earned = ((now - this.refilledAt) * REQUESTS_PER_SECOND) / 1000;
    this.allowance = Math.min(BURST, this.allowance + earned);
    this.refilledAt = now;
    return this.allowance >= 1 ? 0 : Math.ceil(((1 - this.allowance) * 1000) / REQUESTS_PER_SECOND);
  }
}
