/** UDP sockets of an interface, by row. */
import type { SocketSettings } from '../contract/settings.js';

export class SocketTable {
  private readonly rows: (SocketSettings | undefined)[] = [];
  /** How many sockets have a port. */
  private readonly ports = new Uint8Array(2 ** 16);

  set(row: number, settings: SocketSettings): void {
    this.remove(row);
    this.rows[row] = settings;
    this.ports[settings.port]++;
  }

  remove(row: number): void {
    const settings = this.rows[row];
    if (settings === undefined) return;
    this.ports[settings.port]--;
    this.rows[row] = undefined;
  }

  /** File descriptor of a row, or -1. */
  fd(row: number): number {
    return this.rows[row]?.fd ?? -1;
  }

  /** Port that the socket of a row is bound to, or 0. */
  port(row: number): number {
    return this.rows[row]?.port ?? 0;
  }

  /** Whether a socket is bound to a port. */
  hasPort(port: number): boolean {
    return this.ports[port] > 0;
  }
}
