/**
 * Long work of the control thread in slices: between two of them the thread takes what has come meanwhile, handshakes
 * above all. Work that goes on for long also rests, so that others have the processor: threads that want it without a pause make
 * everybody late, frames of other programs as well.
 */
import { setImmediate as nextTurn, setTimeout as rest } from 'node:timers/promises';

/** Several handshakes are answered in this time. */
const SLICE_MS = 1;
/** Work of so many milliseconds goes without a rest. */
const BURST_MS = 20;
/** A slice that seems to have taken longer did not have the processor all the while. */
const LONGEST_MS = 4;
/** Rest for work: rows become text afterwards, which takes about as long as making them and is not seen here. */
const REST_FOR_WORK = 2;

/** How much time all long work together may take: a short while as much as it likes, then a part. */
export class Allowance {
  private credit = BURST_MS;
  private at: number;

  constructor(private readonly nowMs: () => number) {
    this.at = nowMs();
  }

  /** Time passed that was not worked. */
  idled(): void {
    const now = this.nowMs();
    this.credit = Math.min(BURST_MS, this.credit + now - this.at);
    this.at = now;
  }

  /** Time passed that was worked; returns how long is to be rested, in ms. */
  worked(): number {
    const now = this.nowMs();
    this.credit -= REST_FOR_WORK * Math.min(now - this.at, LONGEST_MS);
    this.at = now;
    return Math.max(0, -this.credit);
  }
}

const allowance = new Allowance(() => performance.now());

export class Slices {
  private since = performance.now();

  constructor() {
    allowance.idled();
  }

  /** Lets others have their turn, if a slice is over or a rest is due. */
  async pause(): Promise<void> {
    const ms = allowance.worked();
    if (ms >= SLICE_MS) await rest(ms);
    else if (performance.now() - this.since >= SLICE_MS) await nextTurn();
    else return;
    this.begun();
  }

  /** What others were asked for has come: the time until then was not worked. */
  begun(): void {
    allowance.idled();
    this.since = performance.now();
  }
}

/**
 * The stretches of a long table of a worker, which `ask` asks for by the row they begin at; `next` is that of the following one, -1
 * at the end. Ends with the table, or when a worker that has ended answers null.
 */
export async function* stretchesOf<Stretch extends { next: number }>(
  ask: (from: number) => Promise<Stretch | null>,
): AsyncGenerator<Stretch, void> {
  const slices = new Slices();
  for (let from = 0; from >= 0; ) {
    const stretch = await ask(from);
    slices.begun();
    if (stretch === null) return;
    yield stretch;
    await slices.pause();
    from = stretch.next;
  }
}

/** What `make` makes of each item, in one list. */
export async function madeInSlices<Item, Made>(
  items: Iterable<Item>,
  make: (item: Item) => readonly Made[],
): Promise<Made[]> {
  const slices = new Slices();
  const made: Made[] = [];
  for (const item of items) {
    await slices.pause();
    made.push(...make(item));
  }
  return made;
}
