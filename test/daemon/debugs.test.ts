import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ControlEvent } from '../../src/api/index.js';
import { EventLog } from '../../src/daemon/base/event-log.js';
import type { FoundPeer } from '../../src/daemon/interfaces/finder.js';
import { Debugs } from '../../src/daemon/observe/debugs.js';
import { silentLog } from '../control/fixtures.js';

function network(...names: string[]) {
  const handshakes = new EventEmitter();
  const peers = names.map((name) => ({ config: { name } }));
  const runtime = { name: 'octo0', handshakes, peers: { atRow: (row: number) => peers[row] } };
  const events = new EventLog();
  const heard: string[] = [];
  events.listen((event: ControlEvent) => {
    if (event.kind === 'debug') heard.push(`${event.peer}: ${event.detail}`);
  });
  const found = peers.map((peer) => ({ runtime, peer }) as unknown as FoundPeer);
  return { handshakes, events, heard, found, debugs: new Debugs(events, silentLog) };
}

afterEach(() => {
  vi.useRealTimers();
});

describe('debug peer', () => {
  it('tells the steps of that peer alone, and keeps none as an event', () => {
    const { handshakes, debugs, found, heard, events } = network('osaka', 'kyoto');
    debugs.start(found[0], 5, 'ana');
    handshakes.emit('step', 0, 'sent');
    handshakes.emit('step', 1, 'sent');
    expect(heard).toEqual(['osaka: followed for 5 min by ana', 'osaka: sent']);
    expect(events.recent({})).toEqual([]);
    expect(debugs.list()).toEqual([
      expect.objectContaining({ interface: 'octo0', peer: 'osaka', by: 'ana' }),
    ]);
    debugs.stop({ peer: 'kyoto' });
    expect(debugs.list()).toHaveLength(1);
    debugs.stop({});
    handshakes.emit('step', 0, 'sent');
    expect(heard.at(-1)).toBe('osaka: no longer followed: stopped');
    expect(handshakes.listenerCount('step')).toBe(0);
  });

  it('ends by itself, and begins anew when it is asked for again', () => {
    vi.useFakeTimers();
    const { handshakes, debugs, found, heard } = network('osaka');
    debugs.start(found[0], 1, 'ana');
    vi.advanceTimersByTime(40_000);
    debugs.start(found[0], 1, 'ana');
    vi.advanceTimersByTime(40_000);
    expect(debugs.list()[0].secondsLeft).toBe(20);
    vi.advanceTimersByTime(20_000);
    expect(debugs.list()).toEqual([]);
    expect(heard.at(-1)).toBe('osaka: no longer followed: its time is over');
    expect(handshakes.listenerCount('step')).toBe(0);
  });

  it('is bounded in lines and in peers', () => {
    vi.useFakeTimers();
    const { handshakes, debugs, found, heard } = network(...Array.from({ length: 9 }, (_, row) => `p${row}`));
    for (const peer of found.slice(0, 8)) debugs.start(peer, 1, 'ana');
    expect(() => debugs.start(found[8], 1, 'ana')).toThrow('8 peers are followed already');
    const before = heard.length;
    for (let number = 0; number < 100; number++) handshakes.emit('step', 0, 'sent');
    expect(heard.length - before).toBe(20);
    vi.advanceTimersByTime(1000);
    handshakes.emit('step', 0, 'sent');
    expect(heard.length - before).toBe(21);
    debugs.stop({});
  });
});
