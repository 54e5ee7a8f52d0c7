/** Messages about links on their way out: room in the arena, sealed in place, sent by one link. */
import type { Messages } from '../../link/ports.js';
import type { Arena } from '../../state/arena.js';
import type { LinkTable } from '../../state/links.js';
import { Plaintext, SealedRun } from '../../state/run.js';
import { OUTER } from '../../wire/header.js';
import { Transmitter } from './transmit.js';

export class LinkMessages implements Messages {
  private readonly plaintext = new Plaintext();
  private readonly run = new SealedRun();

  constructor(
    private readonly arena: Arena,
    private readonly links: LinkTable,
    private readonly transmit: Transmitter,
  ) {}

  open(kind: number, length: number): number {
    const body = this.transmit.reserve(Transmitter.sealedLength(length)) + OUTER.BYTES;
    this.arena.bytes.fill(0, body, body + length);
    this.arena.bytes[body] = kind;
    this.plaintext.setInPlace(body, length);
    return body;
  }

  send(slot: number, link: number, now: number): void {
    if (this.seal(slot, link)) this.transmit.sendOnce(link, this.run, now);
  }

  sendProbe(slot: number, link: number, now: number): number {
    return this.seal(slot, link) ? this.transmit.sendProbe(link, this.run, now) : 0;
  }

  sendProbeAnswer(slot: number, link: number, now: number): void {
    if (this.seal(slot, link)) this.transmit.sendProbeAnswer(link, this.run, now);
  }

  sendByPath(slot: number, link: number, fd: number): void {
    if (this.seal(slot, link)) this.transmit.sendByPath(fd, this.run.offset, this.run.length);
    // The scratch row serves one send at a time.
    this.transmit.flush();
  }

  flush(): void {
    this.transmit.flush();
  }

  /** Queues the seal of the message opened last; false when the session has no counters left. */
  private seal(slot: number, link: number): boolean {
    return this.transmit.sealer.sealInPlace(slot, this.links.id[link], this.plaintext, this.run);
  }
}
