/**
 * Asks the kernel for interfaces whose carrier is in doubt: it tells of a lost one late at times. The kernel answers to the
 * worker, in order with everything else that it tells. Whoever asks waits for the kernel's lock of interfaces, which a driver
 * may hold for long just when a card fails; so neither thread asks by itself, but one of Node's pool, and one at a time.
 */
import { write } from 'node:fs';
import type { Native } from '../../native/binding.js';

export class CarrierQuestions {
  private readonly wanted = new Set<number>();
  private asking = false;
  private closing = false;

  /** `fd`: a socket of `netlinkOpen`, which is this one's to close. */
  constructor(
    private readonly native: Native,
    private readonly fd: number,
  ) {}

  ask(ifindex: number): void {
    if (this.closing) return;
    this.wanted.add(ifindex);
    this.next();
  }

  /** Closes the socket, as soon as nothing is being written to it. */
  close(): void {
    this.closing = true;
    this.wanted.clear();
    if (!this.asking) this.native.close(this.fd);
  }

  private next(): void {
    const [ifindex] = this.wanted;
    if (this.asking || ifindex === undefined) return;
    this.wanted.delete(ifindex);
    this.asking = true;
    // A question that fails is as one whose answer is that nothing has changed.
    write(this.fd, this.native.netlinkQuestion(ifindex), () => {
      this.asking = false;
      if (this.closing) this.native.close(this.fd);
      else this.next();
    });
  }
}
