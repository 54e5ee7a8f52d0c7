/**
 * The host names that an interface's links have for remote ends. Each is looked up once for all links that name it: again when its
 * answer has expired, and sooner, then ever more rarely, while it or one of its links is not in order. All of them together are
 * looked up at a bounded rate, a bounded number at a time.
 */

import { nameKey } from '../../config/defaults.js';
import type { LookUp, NameAnswer } from '../base/name-lookup.js';

/** Milliseconds. A name is not looked up again before `FLOOR`, and at least every `CEILING`. */
const FLOOR_MS = 2000;
const CEILING_MS = 3_600_000;
/** First wait after a failure; each later one is longer by `GROWTH`, up to `LONGEST`. */
const RETRY_FIRST_MS = 2000;
const RETRY_GROWTH = 1.5;
const RETRY_LONGEST_MS = 15_000;
/** Waits are longer by up to this share, so that names do not stay in step. */
const JITTER = 0.2;
/** Look-ups under way at one time, and how far apart they begin. */
const MAX_UNDER_WAY = 16;
const PACE_MS = 10;

interface Entry {
  name: string;
  addresses: readonly string[];
  problem: string | null;
  /** Looks-up in a row after which the name was not in order. */
  retries: number;
  /** When the last one ended, in the milliseconds of `Date.now`; 0: none has. */
  lookedUpAt: number;
  timer: NodeJS.Timeout | undefined;
  state: 'waiting' | 'queued' | 'under way';
}

/** What a name leads to. */
export interface Resolution {
  /** In order of preference, at most eight; empty while there is none. */
  addresses: readonly string[];
  /** What the last look-up did not find and why; null: nothing. A failure leaves the addresses that were found before. */
  problem: string | null;
}

interface Listener {
  /** Whether a link that names it cannot be used, as far as is known. */
  isInTrouble(name: string): boolean;
  /** A name leads elsewhere, or has another problem, than `before`. */
  changed(name: string, before: Resolution): void;
}

export class RemoteNames {
  private readonly entries = new Map<string, Entry>();
  private readonly queue: Entry[] = [];
  private underWay = 0;
  private pace: NodeJS.Timeout | undefined;

  constructor(
    private readonly lookUp: LookUp,
    private readonly listener: Listener,
  ) {}

  /** Follows these names and no others. */
  want(names: readonly string[]): void {
    const wanted = new Map(names.map((name) => [nameKey(name), name]));
    for (const [key, entry] of [...this.entries]) if (!wanted.has(key)) this.drop(key, entry);
    for (const [key, name] of wanted) {
      if (this.entries.has(key)) continue;
      const entry: Entry = {
        name,
        addresses: [],
        problem: null,
        retries: 0,
        lookedUpAt: 0,
        timer: undefined,
        state: 'waiting',
      };
      this.entries.set(key, entry);
      this.enqueue(entry);
    }
  }

  /** What a name leads to now. */
  of(name: string): Resolution {
    const { addresses, problem } = this.entries.get(nameKey(name)) ?? { addresses: [], problem: null };
    return { addresses, problem };
  }

  /** A link that names it has gone down: it is looked up as soon as it may be. */
  linkDown(name: string): void {
    const entry = this.entries.get(nameKey(name));
    if (entry === undefined || entry.state !== 'waiting' || entry.retries > 0) return;
    this.wait(entry, Math.max(0, entry.lookedUpAt + FLOOR_MS - performance.now()));
  }

  close(): void {
    for (const [key, entry] of [...this.entries]) this.drop(key, entry);
  }

  private drop(key: string, entry: Entry): void {
    clearTimeout(entry.timer);
    this.entries.delete(key);
    const place = this.queue.indexOf(entry);
    if (place >= 0) this.queue.splice(place, 1);
  }

  private wait(entry: Entry, ms: number): void {
    clearTimeout(entry.timer);
    entry.timer = setTimeout(() => this.enqueue(entry), ms);
    entry.timer.unref();
  }

  private enqueue(entry: Entry): void {
    entry.state = 'queued';
    this.queue.push(entry);
    this.next();
  }

  private next(): void {
    if (this.pace !== undefined || this.underWay >= MAX_UNDER_WAY) return;
    const entry = this.queue.shift();
    if (entry === undefined) return;
    this.pace = setTimeout(() => {
      this.pace = undefined;
      this.next();
    }, PACE_MS);
    void this.ask(entry);
  }

  private async ask(entry: Entry): Promise<void> {
    entry.state = 'under way';
    this.underWay++;
    const answer = await this.lookUp(entry.name);
    this.underWay--;
    entry.state = 'waiting';
    entry.lookedUpAt = performance.now();
    if (this.entries.get(nameKey(entry.name)) === entry) this.take(entry, answer);
    this.next();
  }

  private take(entry: Entry, answer: NameAnswer): void {
    const before: Resolution = { addresses: entry.addresses, problem: entry.problem };
    // That nobody could say takes nothing away (RFC 8767); that there is none does.
    if (answer.kind === 'found') entry.addresses = answer.addresses;
    else if (answer.kind === 'none') entry.addresses = [];
    entry.problem = answer.kind === 'found' ? null : `no address (${answer.reason})`;
    if (!sameList(before.addresses, entry.addresses) || before.problem !== entry.problem) {
      this.listener.changed(entry.name, before);
    }
    const isInOrder = answer.kind === 'found' && !this.listener.isInTrouble(entry.name);
    entry.retries = isInOrder ? 0 : entry.retries + 1;
    const ttl = answer.kind === 'found' ? answer.ttlS * 1000 : CEILING_MS;
    const patience = isInOrder
      ? ttl
      : Math.min(ttl, RETRY_LONGEST_MS, RETRY_FIRST_MS * RETRY_GROWTH ** Math.min(entry.retries, 20));
    const wait = Math.min(CEILING_MS, Math.max(FLOOR_MS, patience));
    this.wait(entry, wait * (1 + JITTER * Math.random()));
  }
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index]);
}
