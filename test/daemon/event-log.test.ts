import { describe, expect, it } from 'vitest';
import type { ControlEvent } from '../../src/api/index.js';
import { EventLog } from '../../src/daemon/base/event-log.js';
import { FACTS } from '../link/facts.js';

const link = (peer: string, id: number) =>
  ({
    kind: 'link',
    interface: 'octo0',
    peer,
    link: id,
    state: 'down',
    cause: 'carrier lost',
    detail: 'down: the local interface lost its carrier',
    ...FACTS,
  }) as const;

describe('the event log', () => {
  it('tells what has happened, in order, and narrowed down', () => {
    const log = new EventLog();
    log.publish(link('osaka', 0), 1);
    log.publish({ kind: 'config', by: 'ana', what: 'changed' }, 2);
    log.publish(link('osaka', 1), 3);
    log.publish(link('kyoto', 0), 4);
    const times = (filter: Parameters<EventLog['recent']>[0]) =>
      log.recent(filter).map(({ timeMs }) => timeMs);
    expect(times({})).toEqual([1, 2, 3, 4]);
    expect(times({ last: 2 })).toEqual([3, 4]);
    expect(times({ peer: 'osaka' })).toEqual([1, 3]);
    expect(times({ peer: 'osaka', link: 1 })).toEqual([3]);
    expect(times({ interface: 'octo1' })).toEqual([]);
    expect(log.recent({ last: 1 })[0]).toMatchObject({ cause: 'carrier lost' });
  });

  it('forgets the oldest rather than growing', () => {
    const log = new EventLog();
    for (let time = 0; time < 10_000; time++) log.publish({ kind: 'lost', count: 1 }, time);
    const kept = log.recent({});
    expect(kept).toHaveLength(4096);
    expect([kept[0].timeMs, kept[4095].timeMs]).toEqual([10_000 - 4096, 9_999]);
  });

  it('tells whoever listens, until they have had enough', () => {
    const log = new EventLog();
    const heard: ControlEvent[] = [];
    const unlisten = log.listen((event) => heard.push(event));
    log.publish(link('osaka', 0), 1);
    unlisten();
    log.publish(link('osaka', 1), 2);
    expect(heard.map(({ timeMs }) => timeMs)).toEqual([1]);
  });
});
