/** Messages that the kernel dropped since they came faster than they were read from the UDP sockets of an interface. */
import type { Native } from '../../native/binding.js';

export class ReceiveQueues {
  /** Of sockets that are closed. */
  private former = 0;
  private cleared = 0;

  /** @param open Descriptors of the sockets that are open now. */
  constructor(
    private readonly native: Pick<Native, 'udpDrops'>,
    private readonly open: () => readonly number[],
  ) {}

  /** A socket is about to be closed; from then on it must not be among those open. */
  closing(fd: number): void {
    this.former += this.native.udpDrops(fd);
  }

  /** How many were dropped since the counters were cleared. Several datagrams that the kernel had joined (UDP GRO) are one message. */
  drops(): number {
    return Math.max(0, this.total() - this.cleared);
  }

  clearCounters(): void {
    this.cleared = this.total();
  }

  private total(): number {
    return this.open().reduce((sum, fd) => sum + this.native.udpDrops(fd), this.former);
  }
}
