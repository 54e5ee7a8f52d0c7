import { describe, expect, it } from 'vitest';
import { Lan } from '../sim/lan.js';
import { withSeed } from '../sim/random.js';
import { MILLISECOND, World } from '../sim/world.js';

describe('a link that goes', () => {
  it('says whether it was removed or shut down', () =>
    withSeed((seed) => {
      const { world, nodes } = new Lan(new World(seed), { hosts: 2, links: 2 });
      const [a, b] = nodes;
      world.run(200 * MILLISECOND);
      const lastCause = (): string | undefined => {
        const event = a.events.findLast(({ kind }) => kind === 'link');
        return event?.kind === 'link' ? event.cause : undefined;
      };
      a.command({ kind: 'link-remove', peer: b.id, id: 1 });
      world.run(10 * MILLISECOND);
      expect(lastCause()).toBe('removed');
      a.command({ kind: 'peer-remove', row: b.id });
      world.run(10 * MILLISECOND);
      expect(lastCause()).toBe('removed');
    }));
});
