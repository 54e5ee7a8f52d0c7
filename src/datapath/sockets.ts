/** UDP sockets of an interface, by row. */
import type { SocketSettings } from './events.js';

export class SocketTable {
  readonly rows: (SocketSettings | undefined)[] = [];

  set(row: number, settings: SocketSettings): void {
    this.rows[row] = settings;
  }

  remove(row: number): void {
    this.rows[row] = undefined;
  }

  /** File descriptor of a row, or -1. */
  fd(row: number): number {
    return this.rows[row]?.fd ?? -1;
  }
}
