/**
 * Local receiver indexes: 32 bits, of which the low 18 name a slot and the upper 14 are random, so that a stranger
 * cannot guess the index of a session by counting. Never 0.
 */

const SLOT_BITS = 18;
const SLOTS = 2 ** SLOT_BITS;
const TAG_BITS = 14;

interface Slot<Entry> {
  readonly index: number;
  entry: Entry;
}

/** Entries by receiver index. */
export class IndexTable<Entry> {
  private readonly slots: (Slot<Entry> | undefined)[] = [];
  private readonly free: number[] = [];
  private readonly randomU32: () => number;

  constructor(randomU32: () => number) {
    this.randomU32 = randomU32;
  }

  /** Entries present. */
  get size(): number {
    return this.slots.length - this.free.length;
  }

  /** Gives `entry` an index no other has; 0 when all 262,144 are taken. */
  allocate(entry: Entry): number {
    const slot = this.free.pop() ?? this.slots.length;
    if (slot >= SLOTS) return 0;
    const tag = this.randomU32() >>> (32 - TAG_BITS);
    const index = tag * SLOTS + slot || SLOTS;
    this.slots[slot] = { index, entry };
    return index;
  }

  /** The entry of an index received; undefined when there is none of exactly this index. */
  find(index: number): Entry | undefined {
    const slot = this.slots[index % SLOTS];
    return slot?.index === index ? slot.entry : undefined;
  }

  /** Puts another entry in the place of an index that is in use. */
  replace(index: number, entry: Entry): void {
    const slot = this.slots[index % SLOTS];
    if (slot?.index === index) slot.entry = entry;
  }

  /** Gives an index back. */
  release(index: number): void {
    const number = index % SLOTS;
    if (this.slots[number]?.index !== index) return;
    this.slots[number] = undefined;
    this.free.push(number);
  }
}
