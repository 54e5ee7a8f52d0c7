import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReceiveQueues } from '../../src/daemon/interfaces/receive-queues.js';

/** Sockets as the kernel has them: what each has dropped, by descriptor. A descriptor that is closed is used again. */
class Sockets {
  readonly dropped = new Map<number, number>();
  readonly udpDrops = (fd: number) => this.dropped.get(fd) ?? 0;
  readonly open = () => [...this.dropped.keys()];
}

type Step = ['open', number] | ['drop', number] | ['close', number] | ['clear'];

const fd = fc.integer({ min: 3, max: 6 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(fc.constant('open' as const), fd),
  fc.tuple(fc.constant('drop' as const), fd),
  fc.tuple(fc.constant('close' as const), fd),
  fc.tuple(fc.constant('clear' as const)),
);

describe('queues of sockets', () => {
  it('tell what was dropped since the counters were cleared, whichever sockets come and go', () =>
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const sockets = new Sockets();
        const queues = new ReceiveQueues(sockets, sockets.open);
        let expected = 0;
        for (const [what, which = 0] of steps) {
          const count = sockets.dropped.get(which);
          if (what === 'open' && count === undefined) sockets.dropped.set(which, 0);
          else if (what === 'drop' && count !== undefined) {
            sockets.dropped.set(which, count + 1);
            expected++;
          } else if (what === 'close' && count !== undefined) {
            queues.closing(which);
            sockets.dropped.delete(which);
          } else if (what === 'clear') {
            queues.clearCounters();
            expected = 0;
          }
          expect(queues.drops()).toBe(expected);
        }
      }),
    ));
});
