/** Frames that the switch answers with, to the TAP or to peers: they wait until the batch that they answer is done. */
import type { Arena } from '../../state/arena.js';
import { Frame } from '../../switch/frame.js';
import { LOCAL_PORT } from '../../switch/mac-table.js';
import type { AnswerPort } from '../../switch/suppression/suppression.js';
import type { Delivery } from './delivery.js';
import type { Outbound } from './outbound.js';

export class Answers implements AnswerPort {
  private readonly ports: Int32Array;
  private readonly lengths: Int32Array;
  private waiting = 0;
  private readonly frame = new Frame();

  constructor(
    private readonly arena: Arena,
    private readonly outbound: Outbound,
    private readonly delivery: Delivery,
  ) {
    this.ports = new Int32Array(arena.answerRows);
    this.lengths = new Int32Array(arena.answerRows);
  }

  reserve(): number {
    return this.waiting < this.ports.length ? this.arena.answerOf(this.waiting) : -1;
  }

  add(port: number, length: number): void {
    this.ports[this.waiting] = port;
    this.lengths[this.waiting] = length;
    this.waiting++;
  }

  /** Sends what waits. */
  run(now: number): void {
    if (this.waiting === 0) return;
    const { arena, frame, outbound, delivery } = this;
    for (let index = 0; index < this.waiting; index++) {
      frame.place(arena.answerOf(index), this.lengths[index]).describe(0, 0, 0);
      if (this.ports[index] === LOCAL_PORT) delivery.frame(frame);
      else outbound.sendOn(this.ports[index], frame, now);
    }
    outbound.finish();
    delivery.flush();
    this.waiting = 0;
  }
}
