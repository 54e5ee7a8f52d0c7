/** UDP sockets of an interface, by row. */
import type { SocketSettings } from '../contract/settings.js';

export class SocketTable {
  readonly rows: (SocketSettings | undefined)[] = [];

  set(row: number, settings: SocketSettings): void {
    this.rows[row] = settings;
  }

  remove(row: number): void {
    this.rows[row] = undefined;
  }

  /** Sockets bound to a local address, given as the four words of a path. */
  boundTo(family: number, words: readonly number[]): SocketSettings[] {
    return this.rows.filter(
      (socket): socket is SocketSettings =>
        socket?.family === family && socket.address.every((word, index) => word === words[index]),
    );
  }

  /** File descriptor of a row, or -1. */
  fd(row: number): number {
    return this.rows[row]?.fd ?? -1;
  }
}
