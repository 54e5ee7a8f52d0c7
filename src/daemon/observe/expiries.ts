/** The one place that knows what will expire: whoever has such things lists them here, and each is told of ahead. */
import type { ExpiryStatus } from '../../api/index.js';
import type { Expiring } from '../base/expiring.js';

const WEEK_MS = 7 * 86_400_000;
const LOOK_EVERY_MS = 60_000;

interface ExpiriesOptions {
  sources: readonly (() => Iterable<Expiring>)[];
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** Something is about to expire, or has; once for each. */
  tell(what: ExpiryStatus): void;
}

export class Expiries {
  /** What was told, by kind, interface, name and time: which state. */
  private told = new Map<string, ExpiryStatus['state']>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: ExpiriesOptions) {}

  /** Looks at once and every minute. */
  start(): void {
    this.look();
    this.timer = setInterval(() => this.look(), LOOK_EVERY_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** The next to expire first; what expired more than a week ago is left out. */
  list(): ExpiryStatus[] {
    const nowMs = this.options.nowMs();
    const all: ExpiryStatus[] = [];
    for (const source of this.options.sources) {
      for (const { fromMs, ...shown } of source()) {
        if (shown.expiresMs + WEEK_MS > nowMs)
          all.push({ ...shown, state: stateOf(fromMs, shown.expiresMs, nowMs) });
      }
    }
    return all.sort((a, b) => a.expiresMs - b.expiresMs);
  }

  /** Tells what has not been told. */
  look(): void {
    const told = new Map<string, ExpiryStatus['state']>();
    for (const one of this.list()) {
      if (one.state === 'valid') continue;
      const id = [one.kind, one.interface, one.name, one.expiresMs].join(' ');
      told.set(id, one.state);
      if (this.told.get(id) !== one.state) this.options.tell(one);
    }
    this.told = told;
  }
}

function stateOf(fromMs: number, expiresMs: number, nowMs: number): ExpiryStatus['state'] {
  if (expiresMs <= nowMs) return 'expired';
  return expiresMs - nowMs <= Math.min(WEEK_MS, (expiresMs - fromMs) / 2) ? 'soon' : 'valid';
}
