/** Which addresses the stations behind one peer may use: configured ones, and those that DHCP has given them. */

const MOST_LEARNED = 64;
const WORDS = 6;

/** One binding as numbers: four words of the address (IPv4 after ::ffff:0:0/96), then 16 and 32 bits of the MAC address. */
export type BindingWords = readonly number[];

/** Takes a binding of `Bindings.each`; `leftUs` is null for configured ones. */
type BindingVisitor = (words: Int32Array, leftUs: number | null) => void;

export class Bindings {
  private readonly fixed: Int32Array;
  private readonly learned = new Int32Array(MOST_LEARNED * WORDS);
  private readonly until = new Float64Array(MOST_LEARNED);

  constructor(configured: readonly BindingWords[]) {
    this.fixed = Int32Array.from(configured.flat());
  }

  /** Whether an address may come from a MAC address. */
  allows(address: Int32Array, macHigh: number, macLow: number, now: number): boolean {
    for (let at = 0; at < this.fixed.length; at += WORDS)
      if (isBinding(this.fixed, at, address, macHigh, macLow)) return true;
    for (let row = 0; row < MOST_LEARNED; row++) {
      if (now < this.until[row] && isBinding(this.learned, row * WORDS, address, macHigh, macLow))
        return true;
    }
    return false;
  }

  /** DHCP has given an IPv4 address to a station; without room the binding that ends first gives its place. */
  learn(address: number, macHigh: number, macLow: number, until: number): void {
    let row = 0;
    for (let other = 0; other < MOST_LEARNED; other++) {
      const at = other * WORDS;
      const isSame = this.until[other] > 0 && this.learned[at + 3] === (address | 0);
      if (isSame) {
        row = other;
        break;
      }
      if (this.until[other] < this.until[row]) row = other;
    }
    const at = row * WORDS;
    this.learned[at] = 0;
    this.learned[at + 1] = 0;
    this.learned[at + 2] = 0xffff;
    this.learned[at + 3] = address;
    this.learned[at + 4] = macHigh;
    this.learned[at + 5] = macLow;
    this.until[row] = until;
  }

  each(now: number, visit: BindingVisitor): void {
    for (let at = 0; at < this.fixed.length; at += WORDS) visit(this.fixed.subarray(at, at + WORDS), null);
    for (let row = 0; row < MOST_LEARNED; row++) {
      const left = this.until[row] - now;
      if (left > 0) visit(this.learned.subarray(row * WORDS, (row + 1) * WORDS), left);
    }
  }
}

function isBinding(
  table: Int32Array,
  at: number,
  address: Int32Array,
  macHigh: number,
  macLow: number,
): boolean {
  return (
    table[at + 3] === address[3] &&
    table[at + 5] === (macLow | 0) &&
    table[at + 4] === macHigh &&
    table[at] === address[0] &&
    table[at + 1] === address[1] &&
    table[at + 2] === address[2]
  );
}
