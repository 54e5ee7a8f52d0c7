/**
 * Ends of links of which somebody on the way says by ICMP that nothing gets there. Anybody can forge that: it decides nothing and is
 * only told, to whoever looks for the fault.
 */
import { PATH, SOCKET_ERROR } from '../../native/ops.js';
import type { LinkBase } from '../ports.js';
import { EventLimit } from './event-limit.js';
import { fateOf } from './icmp.js';

const MAX_TOLD_PER_SECOND = 16;

export class Unreachable {
  private readonly limit = new EventLimit(MAX_TOLD_PER_SECOND);

  constructor(private readonly base: LinkBase) {}

  /** Answers by ICMP to what was sent by a socket: `count` rows of `SOCKET_ERROR`. */
  take(errors: Int32Array, count: number, now: number): void {
    for (let row = 0; row < count; row++) {
      const at = row * SOCKET_ERROR.WORDS;
      const [from, to] = [at + SOCKET_ERROR.FROM, at + SOCKET_ERROR.TO];
      if (fateOf(errors, at) !== 'unreachable' || !this.base.tables.links.isRemoteEnd(errors, to)) continue;
      if (!this.limit.mayEmit(now)) return;
      this.base.ports.emit({
        kind: 'unreachable',
        to: [...errors.subarray(to, to + PATH.LOCAL)],
        from: [...errors.subarray(from, from + PATH.LOCAL)],
        code: errors[at + SOCKET_ERROR.CODE],
      });
    }
  }
}
