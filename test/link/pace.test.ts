/** The pace of heartbeats: a client sets it, and a server that has too many asks for a slower one. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LinkSettings } from '../../src/contract/settings.js';
import { INTERFACE, SharedStats } from '../../src/contract/stats.js';
import { Pace } from '../../src/link/life/pace.js';
import { LinkTable } from '../../src/state/links.js';
import { ASKS_SLOWER, FOLLOWS } from '../../src/wire/heartbeat.js';

const MS = 1000;
const settings = (intervalUs: number, paceByPeer: boolean): LinkSettings => ({
  sockets: [0, 0],
  local: { kind: 'any' },
  path: [4, 5000, 1],
  zone: null,
  named: null,
  priority: 0,
  intervalUs,
  holdUs: 3 * intervalUs,
  mtu: 1500,
  routeMtu: 0,
  shutdown: false,
  parity: 0,
  upAfter: 5,
  paceByPeer,
  damping: null,
  drain: false,
  quality: null,
});

/** One end of some links. */
class End {
  readonly links = new LinkTable();
  readonly stats = new SharedStats({ peers: 64, links: 64 });
  readonly pace = new Pace(this.links, this.stats);

  constructor(budget: number) {
    this.pace.setBudget(budget);
  }

  add(link: number, intervalUs: number, paceByPeer: boolean): void {
    const chosen = settings(intervalUs, paceByPeer);
    this.links.configure(link, link, 0, chosen);
    this.pace.configure(link, chosen);
  }

  interval(link: number): number {
    return this.links.intervalUs[link];
  }

  /** A heartbeat of a link here comes by a link there. */
  beat(link: number, to: End, at: number, knows = ~0): void {
    to.pace.heard(at, this.pace.flagsOf(link) & knows, this.interval(link), this.links.holdUs[link]);
  }
}

/** A server, and clients with these intervals, after enough heartbeats. */
function settled(budget: number, wishes: readonly number[], floor = 0) {
  const server = new End(budget);
  const clients = wishes.map((wish) => {
    const client = new End(10_000);
    client.add(0, wish, false);
    return client;
  });
  const exchange = () => {
    for (const [link, client] of clients.entries()) {
      client.beat(0, server, link);
      server.beat(link, client, 0);
    }
  };
  wishes.forEach((_, link) => {
    server.add(link, floor, true);
  });
  for (let round = 0; round < 3; round++) exchange();
  return { server, clients, exchange };
}

describe('the pace of a link', () => {
  it('is that of the client, at both ends, with its hold time', () => {
    const { server, clients } = settled(10_000, [20 * MS, 700 * MS]);
    expect([0, 1].map((link) => server.interval(link))).toEqual([20 * MS, 700 * MS]);
    expect(server.links.holdUs[1]).toBe(2100 * MS);
    expect(clients.map((client) => client.interval(0))).toEqual([20 * MS, 700 * MS]);
  });

  it('is no faster than the template says, and the client follows', () => {
    const { server, clients } = settled(10_000, [20 * MS, 700 * MS], 100 * MS);
    expect([0, 1].map((link) => server.interval(link))).toEqual([100 * MS, 700 * MS]);
    expect(clients.map((client) => client.interval(0))).toEqual([100 * MS, 700 * MS]);
  });

  it('is slower while there are too many clients, and theirs again when some have gone', () => {
    const { server, clients, exchange } = settled(100, Array<number>(50).fill(100 * MS));
    expect(clients.map((client) => client.interval(0))).toEqual(Array<number>(50).fill(512 * MS));
    expect(clients[0].pace.flagsOf(0)).toBe(FOLLOWS);
    expect(server.pace.flagsOf(0)).toBe(ASKS_SLOWER);
    expect(server.stats.interface[INTERFACE.pacedIntervalUs]).toBe(512 * MS);
    for (let link = 9; link < 50; link++) server.pace.linkRemoved(link);
    exchange();
    exchange();
    expect(clients.slice(0, 9).map((client) => client.interval(0))).toEqual(Array<number>(9).fill(100 * MS));
    expect(clients[0].pace.flagsOf(0)).toBe(0);
  });

  it('of a client that knows nothing of it stays its own, while the server is slower', () => {
    const server = new End(10);
    server.add(0, 0, true);
    server.add(1, 0, true);
    const client = new End(10_000);
    client.add(0, 50 * MS, false);
    for (let round = 0; round < 3; round++) {
      client.beat(0, server, 0, 0);
      server.beat(0, client, 0, 0);
    }
    expect([client.interval(0), server.interval(0)]).toEqual([50 * MS, 208 * MS]);
  });

  it('takes no more than the budget in all, and is never faster than a client wishes', () => {
    const wishes = fc.array(fc.integer({ min: 10, max: 20_000 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 5000 }), wishes, (budget, wishesMs) => {
        const { server, clients } = settled(
          budget,
          wishesMs.map((wish) => wish * MS),
        );
        const perSecond = clients.reduce((sum, client) => sum + 1e6 / client.interval(0), 0);
        const bound = wishesMs.length > budget / 100 ? budget : Number.POSITIVE_INFINITY;
        expect(perSecond).toBeLessThanOrEqual(bound * (1 + 1e-9));
        clients.forEach((client, link) => {
          expect(client.interval(0)).toBeGreaterThanOrEqual(wishesMs[link] * MS);
          expect(server.interval(link)).toBe(client.interval(0));
        });
      }),
    );
  });

  it('is not slowed beyond what keeps the binding of a NAT, whatever a server says', () => {
    const client = new End(10_000);
    client.add(0, 100 * MS, false);
    client.pace.heard(0, ASKS_SLOWER, 65_535 * MS, 65_535 * MS);
    expect(client.interval(0)).toBe(25_000 * MS);
    client.pace.heard(0, 0, 65_535 * MS, 65_535 * MS);
    expect(client.interval(0)).toBe(100 * MS);
  });
});
