/**
 * Long work of the control thread in slices: between two of them the thread takes what has come meanwhile, handshakes
 * above all.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Several handshakes are answered in this time. */
const SLICE_MS = 1;

export class Slices {
  private since = performance.now();

  /** Lets others have their turn, if a slice is over. */
  async pause(): Promise<void> {
    if (performance.now() - this.since < SLICE_MS) return;
    await nextTurn();
    this.since = performance.now();
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
