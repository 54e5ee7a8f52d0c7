/** Tries something again that did not succeed, ever more rarely. */

const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

export class Retry {
  private waitMs = FIRST_MS;
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  /** What went wrong last. */
  private trouble: string | null = null;

  /**
   * @param attempt Tries it; whether it has succeeded.
   * @param failed Hears what an attempt threw, unless the one before threw the same.
   */
  constructor(
    private readonly attempt: () => boolean,
    private readonly failed: (why: string) => void,
  ) {}

  /** Tries now, as there is news; and from time to time until it succeeds. */
  now(): void {
    this.waitMs = FIRST_MS;
    this.run();
  }

  /** It has been tried elsewhere: did that succeed? */
  tried(succeeded: boolean): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (succeeded) this.waitMs = FIRST_MS;
    else this.wait();
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
  }

  private run(): void {
    this.tried(this.succeeds());
  }

  private succeeds(): boolean {
    try {
      const succeeded = this.attempt();
      this.trouble = null;
      return succeeded;
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.trouble) this.failed(message);
      this.trouble = message;
      return false;
    }
  }

  private wait(): void {
    if (this.isClosed) return;
    this.timer = setTimeout(() => this.run(), this.waitMs);
    this.timer.unref();
    this.waitMs = Math.min(this.waitMs * 2, LONGEST_MS);
  }
}
