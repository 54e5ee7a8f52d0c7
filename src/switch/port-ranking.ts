/**
 * Ports ordered by how many entries each holds, kept by O(1) swaps.
 *
 * `order` holds the ports by falling count and `above[c]` tells how many hold more than `c`, which is where
 * the ports holding exactly `c` begin. A count changes by one: the port swaps with the edge of its group and
 * the edge moves by one.
 */
import { Columns, int32 } from '../base/columns.js';

export class PortRanking {
  private order = int32();
  private position = int32();
  private total = int32();
  private readonly columns = new Columns(this, 'peers', 64);
  private readonly above: Int32Array;
  private ports = 0;

  /** `most` is the highest count that any port can reach. */
  constructor(most: number) {
    this.above = new Int32Array(most + 1);
  }

  /** Makes room for ports `0 … ports - 1`; new ones hold nothing. */
  grow(ports: number): void {
    this.columns.ensure(ports);
    while (this.ports < ports) {
      this.order[this.ports] = this.ports;
      this.position[this.ports] = this.ports;
      this.ports++;
    }
  }

  count(port: number): number {
    return port < this.ports ? this.total[port] : 0;
  }

  /** A port that no other port exceeds. Meaningless while there are no ports. */
  largest(): number {
    return this.order[0];
  }

  increment(port: number): void {
    const count = this.total[port];
    this.swap(port, this.order[this.above[count]]);
    this.above[count]++;
    this.total[port] = count + 1;
  }

  decrement(port: number): void {
    const count = this.total[port] - 1;
    this.above[count]--;
    this.swap(port, this.order[this.above[count]]);
    this.total[port] = count;
  }

  private swap(a: number, b: number): void {
    const positionA = this.position[a];
    const positionB = this.position[b];
    this.order[positionA] = b;
    this.order[positionB] = a;
    this.position[a] = positionB;
    this.position[b] = positionA;
  }
}
