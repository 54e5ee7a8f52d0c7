/**
 * What the kernel says of this host's interfaces and addresses. Readers name the fact they depend on by its key, and are
 * told when it changes: whether for the worse, so that an earlier proof to the contrary still counts or not.
 */

import type { Address, InterfaceFacts } from '../../contract/place.js';

type Listener = (key: string, isWorse: boolean) => void;

interface Known extends InterfaceFacts {
  addresses: Map<string, Address>;
  /** When it last came to have another address than before, in µs. */
  addressedAt: number;
  /** Keys of those that it had. */
  had: Set<string>;
  /** Keys of those that other hosts use as well. */
  duplicates: Set<string>;
}

export const KEY = {
  name: (name: string) => `name ${name}`,
  index: (index: number) => `index ${index}`,
  address: ({ family, words }: Address) => `address ${family} ${words.join(' ')}`,
  /** Which interfaces lead to the TAP. */
  stack: 'stack',
} as const;

/** Addresses of an interface that are remembered: temporary ones of IPv6 come for ever. */
const MOST_HAD = 64;

const nothingYet = (): Omit<Known, keyof InterfaceFacts> => ({
  addresses: new Map(),
  duplicates: new Set(),
  addressedAt: 0,
  had: new Set(),
});

export class Interfaces {
  /** When the kernel says what it says, in µs. */
  now = 0;
  private readonly known = new Map<number, Known>();
  private readonly indexes = new Map<string, number>();
  private readonly holders = new Map<string, Set<number>>();
  /** Ports by their master, which may be known later than they are. */
  private readonly ports = new Map<number, Set<number>>();
  /** While everything is told over again: what has been told already. */
  private told: { indexes: Set<number>; addresses: Map<number, Set<string>> } | null = null;

  /** `tap`: index of the TAP. */
  constructor(
    private readonly tap: number,
    private readonly changed: Listener,
  ) {}

  /** The kernel begins to tell everything there is, as it does when asked and after it has lost events. */
  begin(): void {
    this.told = { indexes: new Set(), addresses: new Map() };
  }

  /** It has told everything: what it did not name is gone. */
  end(): void {
    const { told } = this;
    if (told === null) return;
    this.told = null;
    for (const [index, { addresses, duplicates }] of [...this.known]) {
      if (!told.indexes.has(index)) {
        this.removed(index);
        continue;
      }
      const named = told.addresses.get(index);
      for (const [key, address] of [...addresses]) if (!named?.has(key)) this.address(index, address, false);
      for (const key of [...duplicates]) if (!named?.has(key)) this.duplicate(index, key, false);
    }
  }

  /** An interface is there, or has changed. */
  link(index: number, facts: InterfaceFacts): void {
    this.told?.indexes.add(index);
    const before = this.known.get(index);
    this.restack([index, before?.master ?? 0, facts.master], () => {
      const { addresses, duplicates, addressedAt, had } = before ?? nothingYet();
      this.known.set(index, { ...facts, addresses, duplicates, addressedAt, had });
      if (before !== undefined) this.portsOf(before.master).delete(index);
      this.portsOf(facts.master).add(index);
    });
    this.renamed(index, before?.names ?? [], facts.names);
    if (before?.running !== facts.running) this.changed(KEY.index(index), !facts.running);
  }

  /** An interface is gone, and its addresses with it. */
  removed(index: number): void {
    const gone = this.known.get(index);
    if (gone === undefined) return;
    for (const address of [...gone.addresses.values()]) this.address(index, address, false);
    for (const key of [...gone.duplicates]) this.duplicate(index, key, false);
    this.restack([index, gone.master], () => {
      this.known.delete(index);
      this.portsOf(gone.master).delete(index);
    });
    this.renamed(index, gone.names, []);
    this.changed(KEY.index(index), true);
  }

  /** An address came to an interface, or went from it. */
  address(index: number, address: Address, isPresent: boolean, isDuplicate = false): void {
    const key = KEY.address(address);
    const own = this.known.get(index);
    if (own === undefined) return;
    if (isPresent || isDuplicate) this.tell(index, key);
    this.duplicate(index, key, isDuplicate);
    if (own.addresses.has(key) === isPresent) return;
    const holders = this.holders.get(key) ?? new Set();
    if (isPresent) {
      own.addresses.set(key, address);
      if (!own.had.has(key)) own.addressedAt = this.now;
      holders.add(index);
      this.holders.set(key, holders);
    } else {
      own.addresses.delete(key);
      if (own.had.size >= MOST_HAD) own.had.clear();
      own.had.add(key);
      // Another may have taken its place before it went.
      if (own.addresses.size > 0) own.addressedAt = this.now;
      holders.delete(index);
      if (holders.size === 0) this.holders.delete(key);
    }
    this.changed(key, !isPresent);
  }

  /** Whether an interface has an address that it cannot use because another host has it as well. */
  isDuplicate(address: Address): boolean {
    const key = KEY.address(address);
    return [...this.known.values()].some(({ duplicates }) => duplicates.has(key));
  }

  /** Index of the interface of that name; 0: there is none. */
  indexOf(name: string): number {
    return this.indexes.get(name) ?? 0;
  }

  isThere(index: number): boolean {
    return this.known.has(index);
  }

  isRunning(index: number): boolean {
    return this.known.get(index)?.running ?? false;
  }

  /** Indexes of the interfaces that hold an address, lowest first. */
  holdersOf(address: Address): number[] {
    return [...(this.holders.get(KEY.address(address)) ?? [])].sort((a, b) => a - b);
  }

  /** What an interface can be sent from, if it has come to have another address since a time in µs. */
  addressesSince(index: number, since: number): Address[] {
    const found = this.known.get(index);
    return found === undefined || found.addressedAt < since ? [] : [...found.addresses.values()];
  }

  /**
   * Whether what leaves by an interface can only leave by the TAP: it is the TAP, stands on it, or has it for its only
   * port. A bridge with another port as well is not meant: what it sends may leave by that one.
   */
  leadsToTap(index: number, seen: Set<number> = new Set()): boolean {
    if (index === this.tap) return true;
    const found = this.known.get(index);
    if (found === undefined || found.isVrf || seen.has(index)) return false;
    seen.add(index);
    if (found.lower !== 0) return this.leadsToTap(found.lower, seen);
    const ports = this.ports.get(index) ?? new Set();
    return ports.size > 0 && [...ports].every((port) => this.leadsToTap(port, seen));
  }

  /** Carries out a change that may alter what leads to the TAP; `around`: the interfaces nearest to it. */
  private restack(around: readonly number[], change: () => void): void {
    const before = around.map((index) => this.leadsToTap(index));
    change();
    if (around.some((index, place) => this.leadsToTap(index) !== before[place]))
      this.changed(KEY.stack, false);
  }

  private tell(index: number, key: string): void {
    if (this.told === null) return;
    const keys = this.told.addresses.get(index) ?? new Set();
    this.told.addresses.set(index, keys.add(key));
  }

  private portsOf(master: number): Set<number> {
    const ports = this.ports.get(master) ?? new Set();
    if (master !== 0) this.ports.set(master, ports);
    return ports;
  }

  private duplicate(index: number, key: string, isDuplicate: boolean): void {
    const { duplicates } = this.known.get(index) as Known;
    if (duplicates.has(key) === isDuplicate) return;
    if (isDuplicate) duplicates.add(key);
    else duplicates.delete(key);
    this.changed(key, isDuplicate);
  }

  /** A name may have passed from one interface to another before the one that had it is told again. */
  private renamed(index: number, before: readonly string[], after: readonly string[]): void {
    for (const name of before) {
      if (after.includes(name) || this.indexes.get(name) !== index) continue;
      this.indexes.delete(name);
      this.changed(KEY.name(name), true);
    }
    for (const name of after) {
      if (this.indexes.get(name) === index) continue;
      this.indexes.set(name, index);
      this.changed(KEY.name(name), false);
    }
  }
}
