/** Serves the requests of one connection in the order of their arrival, and no faster than the limits allow. */

/** The clock and the connection, as far as the intake needs them. */
interface IntakeSurroundings {
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Calls back once after a time in milliseconds. */
  later(afterMs: number, callback: () => void): void;
  /** The client reads its answers: there is room for more. */
  hasRoom(): boolean;
  /** Stops reading while requests wait. */
  pause(): void;
  resume(): void;
  /** Serves one line; settles when the next one may begin. Never rejects. */
  serve(line: Buffer): Promise<void>;
}

/** Sustained requests a second, and how many may come at once after a pause. */
export const REQUESTS_PER_SECOND = 200;
export const BURST = 400;
/** This many bytes of a line count as one request more. */
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

  /** Resumes serving; to be called when there is room again. */
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
