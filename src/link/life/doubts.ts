/**
 * How often the kernel is asked whether an interface still has its carrier. Many links may leave by one interface and miss
 * heartbeats all the time, as those of a server's clients do.
 */

/** Time between two questions about one interface, in µs. */
const EVERY_US = 50_000;

export class Doubts {
  private readonly askedAt = new Map<number, number>();

  /** Whether it is time to ask about an interface; taken as asked then. */
  isDue(ifindex: number, now: number): boolean {
    if (now - (this.askedAt.get(ifindex) ?? Number.NEGATIVE_INFINITY) < EVERY_US) return false;
    this.askedAt.set(ifindex, now);
    return true;
  }

  /** The interface is gone. */
  forget(ifindex: number): void {
    this.askedAt.delete(ifindex);
  }
}
