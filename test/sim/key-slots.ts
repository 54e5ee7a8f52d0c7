/** Key slots of a node, by number, as the addon keeps them; and the record of every nonce ever used with a key. */
import type { Aead } from './aead.js';

interface Slot {
  readonly key: Uint8Array;
  readonly name: string;
}

/** Remembers (key, nonce) pairs over all nodes and restarts of a run. */
export class NonceRecord {
  private readonly used = new Set<string>();
  /** Pairs used a second time. */
  readonly repeated: string[] = [];

  get size(): number {
    return this.used.size;
  }

  add(key: string, stream: number, counter: number): void {
    const pair = `${key}/${stream}/${counter}`;
    if (this.used.has(pair)) this.repeated.push(pair);
    this.used.add(pair);
  }
}

export class KeySlots {
  private readonly slots = new Map<number, Slot>();

  constructor(
    readonly aead: Aead,
    private readonly nonces: NonceRecord | undefined,
  ) {}

  install(slot: number, key: Uint8Array): void {
    this.slots.set(slot, { key, name: Buffer.from(key).toString('hex') });
  }

  wipe(slot: number): void {
    this.slots.delete(slot);
  }

  /** Seals a datagram in place; false when the slot is empty. */
  seal(slot: number, datagram: Uint8Array, stream: number, counter: number): boolean {
    const found = this.slots.get(slot);
    if (found === undefined) return false;
    this.nonces?.add(found.name, stream, counter);
    this.aead.seal(found.key, datagram);
    return true;
  }

  /** Result as in `OPEN.RESULT`. */
  open(slot: number, datagram: Uint8Array): number {
    const found = this.slots.get(slot);
    if (found === undefined) return -2;
    return this.aead.open(found.key, datagram) ? 0 : -1;
  }
}
