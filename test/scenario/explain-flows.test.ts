import { describe, expect, it } from 'vitest';
import type { FlowsExplanation } from '../../src/contract/answers.js';
import { EXPERIMENTAL } from '../sim/frames.js';
import { delay } from '../sim/hops/delay.js';
import { Lan } from '../sim/lan.js';
import type { SimNode } from '../sim/node.js';
import { withSeed } from '../sim/random.js';
import { Stream } from '../sim/stream.js';
import { MILLISECOND, SECOND, World } from '../sim/world.js';

function flowsOf(world: World, node: SimNode, peer: number): FlowsExplanation | null {
  node.command({ kind: 'explain-flows', id: 1, peer });
  world.run(MILLISECOND);
  const answer = node.events.findLast((event) => event.kind === 'answer');
  return answer?.kind === 'answer' ? (answer.result as FlowsExplanation | null) : null;
}

describe('explain peer … flow', () => {
  it('names a light flow, its rate and the link that it is pinned to; and forgets it', () =>
    withSeed((seed) => {
      const { world, nodes } = new Lan(new World(seed), { hosts: 2, links: 2, policy: 'adaptive' });
      const [a, b] = nodes;
      world.wire(a, b, 0).hops = [delay(20 * MILLISECOND)];
      world.wire(b, a, 0).hops = [delay(20 * MILLISECOND)];
      world.run(SECOND);
      const stream = new Stream(world, a, b, 10 * MILLISECOND, 86);
      world.run(SECOND);
      stream.stop();
      const { flows, lane } = flowsOf(world, a, b.id) as FlowsExplanation;
      expect(lane).toEqual([]);
      expect(flows).toMatchObject([{ etherType: EXPERIMENTAL, protocol: 0, sourcePort: 0, link: 1 }]);
      expect(flows[0].bytesPerSecond).toBeGreaterThan(5_000);
      expect(flows[0].bytesPerSecond).toBeLessThan(20_000);
      world.run(61 * SECOND);
      expect(flowsOf(world, a, b.id)?.flows).toEqual([]);
      expect(flowsOf(world, a, 7)).toBeNull();
    }));
});
