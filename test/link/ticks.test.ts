import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearestTick, tickFrom } from '../../src/link/life/ticks.js';
import { SERVER, star } from '../sim/star.js';
import { MILLISECOND } from '../sim/world.js';

const CLIENTS = 32;

describe('ticks', () => {
  const at = fc.integer({ min: 0, max: 1e15 });
  const seldom = fc.integer({ min: 200_000, max: 25_000_000 });

  it('links that beat often have none', () => {
    fc.assert(
      fc.property(at, fc.integer({ min: 10_000, max: 199_999 }), (time, interval) => {
        expect([nearestTick(time, interval), tickFrom(time, interval)]).toEqual([time, time]);
      }),
    );
  });

  it('are near enough for the interval, and never early for what must not be', () => {
    fc.assert(
      fc.property(at, seldom, (time, interval) => {
        expect(Math.abs(nearestTick(time, interval) - time)).toBeLessThanOrEqual(interval / 500 + 1);
        expect(tickFrom(time, interval)).toBeGreaterThanOrEqual(time);
        expect(tickFrom(time, interval) - time).toBeLessThan(Math.min(4000, interval / 250) + 1);
      }),
    );
  });
});

describe('a server whose clients came one after another', () => {
  /** What it sends in ten intervals: calls of the addon, and heartbeats. */
  function tenIntervals(intervalMs: number) {
    const lan = star(1, { hosts: CLIENTS + 1, intervalMs, holdMs: 3 * intervalMs });
    const { world, nodes } = lan;
    const server = nodes[SERVER];
    for (let client = 1; client <= CLIENTS; client++) {
      // Configured anew it beats at once.
      lan.configureLink(server, client, 0, {});
      world.run(MILLISECOND / 8);
    }
    world.run(3 * intervalMs * MILLISECOND);
    for (let client = 1; client <= CLIENTS; client++) expect(server.activeLink(client)).toBe(0);
    const send = server.io.send.bind(server.io);
    const before = server.counter('heartbeatsSent');
    let calls = 0;
    server.io.send = (ops, count, paths) => {
      calls++;
      return send(ops, count, paths);
    };
    world.run(10 * intervalMs * MILLISECOND);
    return { calls, heartbeats: server.counter('heartbeatsSent') - before };
  }

  it('sends heartbeats that are seldom together, and as often as it should', () => {
    const { calls, heartbeats } = tenIntervals(1000);
    expect(Math.abs(heartbeats - 10 * CLIENTS)).toBeLessThanOrEqual(CLIENTS);
    expect(calls).toBeLessThanOrEqual(heartbeats / 8);
  });
});
