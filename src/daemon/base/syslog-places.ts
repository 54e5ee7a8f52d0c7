/** Where a syslog server is: its addresses, looked up when a line is to be sent and the last answer is too old. */
import { isIP } from 'node:net';
import type { LookUp } from './name-lookup.js';

/** Milliseconds for which an answer holds, whatever its TTL says, and for which a failure does. */
const SHORTEST_MS = 30_000;
const LONGEST_MS = 3_600_000;
const AFTER_FAILURE_MS = 15_000;

export class SyslogPlaces {
  /** A look-up is under way. */
  isAsking = false;
  /** Why the last look-up found nothing; null: it did. */
  problem: string | null = null;
  private addresses: readonly string[];
  /** Which of the addresses is used. */
  private index = 0;
  private freshUntil: number;

  /** `resolved` is called after each look-up. */
  constructor(
    private readonly host: string,
    private readonly lookUp: LookUp,
    private readonly resolved: () => void,
  ) {
    const isAddress = isIP(host) !== 0;
    this.addresses = isAddress ? [host] : [];
    this.freshUntil = isAddress ? Number.POSITIVE_INFINITY : 0;
  }

  /** Null: none is known. */
  get address(): string | null {
    return this.addresses[this.index] ?? null;
  }

  /** Begins a look-up where it is time for one; what is known stays in use meanwhile. */
  refresh(): void {
    if (!this.isAsking && performance.now() >= this.freshUntil) void this.ask();
  }

  /** Nothing can be sent to an address: the next one is tried, as of a host without the family of the first. */
  leave(address: string): void {
    if (address === this.address) this.index = (this.index + 1) % this.addresses.length;
  }

  private async ask(): Promise<void> {
    this.isAsking = true;
    const answer = await this.lookUp(this.host);
    this.isAsking = false;
    if (answer.kind === 'found') {
      const before = this.address;
      this.addresses = answer.addresses;
      this.index = before === null ? 0 : Math.max(0, answer.addresses.indexOf(before));
      this.problem = null;
    } else {
      // That nobody could say takes nothing away; that there is none does.
      if (answer.kind === 'none') this.addresses = [];
      this.problem = `no address (${answer.reason})`;
    }
    const held = answer.kind === 'found' ? answer.ttlS * 1000 : AFTER_FAILURE_MS;
    const least = answer.kind === 'found' ? SHORTEST_MS : AFTER_FAILURE_MS;
    this.freshUntil = performance.now() + Math.min(LONGEST_MS, Math.max(least, held));
    this.resolved();
  }
}
