/** A set of ports, listed: every operation but growing is O(1) or goes over its members. Ports as in `mac-table.ts`. */
import { Columns, int32 } from '../../base/columns.js';

const NONE = -1;

export class PortSet {
  /** The members, in no order that matters. */
  private list = int32();
  /** Where in the list a port (row = port + 1) stands, or `NONE`. */
  private place = int32(NONE);
  private readonly columns = new Columns(this, 'peers');
  private used = 0;

  get size(): number {
    return this.used;
  }

  /** A member by its place, 0 to `size` - 1. */
  at(index: number): number {
    return this.list[index];
  }

  has(port: number): boolean {
    return port + 1 < this.columns.capacity && this.place[port + 1] !== NONE;
  }

  add(port: number): void {
    this.columns.ensure(port + 2);
    if (this.place[port + 1] !== NONE) return;
    this.place[port + 1] = this.used;
    this.list[this.used++] = port;
  }

  remove(port: number): void {
    if (!this.has(port)) return;
    const at = this.place[port + 1];
    const last = this.list[--this.used];
    this.list[at] = last;
    this.place[last + 1] = at;
    this.place[port + 1] = NONE;
  }

  clear(): void {
    for (let index = 0; index < this.used; index++) this.place[this.list[index] + 1] = NONE;
    this.used = 0;
  }
}
