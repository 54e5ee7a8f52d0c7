import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DROP } from '../../src/contract/drops.js';
import type { LinkSettings } from '../../src/contract/settings.js';
import { SharedStats } from '../../src/contract/stats.js';
import { ReplayWindows } from '../../src/crypto/replay.js';
import { ResendBudget } from '../../src/datapath/send/resend-budget.js';
import { ResendRing } from '../../src/datapath/send/resend-ring.js';
import { Drops } from '../../src/state/drops.js';
import { LinkTable } from '../../src/state/links.js';
import { Observer } from '../../src/state/observer.js';
import { PeerTable } from '../../src/state/peers.js';
import { SealedRun } from '../../src/state/run.js';
import { SessionTable } from '../../src/state/sessions.js';
import { SocketTable } from '../../src/state/sockets.js';
import { LANE_STREAM } from '../../src/wire/header.js';
import { Gaps } from '../../src/wire/nack.js';

const PEER = 0;
const SLOT = 3;
const OTHER_SLOT = 4;
const SEGMENT = 100;
const SHORT = 40;
const SIZE = 1 << 16;
const NOW = 1_000_000;
const MAX_AGE = 500_000;
const [FIRST, SECOND] = [0, 1];

/** A ring that holds runs of two links' lane, and what is sent again of it. */
class Sent {
  private readonly stats = new SharedStats({ peers: 4, links: 8 });
  private readonly links = new LinkTable();
  private readonly budget: ResendBudget;
  private readonly ring: ResendRing;
  /** Where each datagram of the lane is, by its counter. */
  readonly places = new Map<number, { offset: number; bytes: number; link: number }>();
  private next = 0;

  constructor() {
    const tables = {
      peers: new PeerTable(),
      links: this.links,
      sessions: new SessionTable(new ReplayWindows()),
      sockets: new SocketTable(),
    };
    const bytes = new Uint8Array(0);
    const observer = new Observer(bytes, tables, { now: NOW });
    this.budget = new ResendBudget(new Drops(this.stats, bytes, this.links, observer));
    this.budget.setWindow(MAX_AGE);
    this.ring = new ResendRing(0, SIZE, this.links, this.budget);
    const settings = { path: [], sockets: [], parity: 0 } as unknown as LinkSettings;
    for (const link of [FIRST, SECOND]) this.links.configure(link, PEER, link, settings);
  }

  /** So many datagrams of the lane go by a link; the last may be shorter. */
  send(link: number, datagrams: number, isLastShort: boolean, now = NOW): void {
    const bytes = datagrams * SEGMENT - (isLastShort ? SEGMENT - SHORT : 0);
    const run = this.run(SLOT, bytes);
    run.counter = this.next;
    for (let index = 0; index < datagrams; index++) {
      const isShort = isLastShort && index === datagrams - 1;
      const offset = run.offset + index * SEGMENT;
      this.places.set(this.next++, { offset, bytes: isShort ? SHORT : SEGMENT, link });
    }
    this.keep(link, run, now);
  }

  /** Something of another session with the same counters. */
  sendOther(): void {
    const run = this.run(OTHER_SLOT, SEGMENT);
    run.counter = this.next;
    this.keep(FIRST, run, NOW);
  }

  private run(slot: number, bytes: number): SealedRun {
    const run = new SealedRun().place(this.ring.offer(bytes), bytes, SEGMENT);
    this.ring.take(bytes);
    return Object.assign(run, { slot, stream: LANE_STREAM });
  }

  private keep(link: number, run: SealedRun, now: number): void {
    this.budget.sent(PEER, run.length, now);
    this.ring.remember(link, run, now);
  }

  /** What is sent again when `asked` is missing, by its place: bytes, and the link that carried it. */
  missing(
    asked: [first: number, datagrams: number][],
    by: number,
  ): Map<number, { bytes: number; link: number }> {
    const gaps = new Gaps();
    for (const [first, datagrams] of asked) gaps.add(first, datagrams);
    const again = new Map<number, { bytes: number; link: number }>();
    this.budget.open(PEER, 0);
    const missing = { peer: PEER, slot: SLOT, gaps, by, to: SECOND, now: NOW, found: () => {} };
    this.ring.findMissing(missing, MAX_AGE, (_, link, offset, length, segment) => {
      expect(segment).toBe(SEGMENT);
      for (let at = 0; at < length; at += segment) {
        again.set(offset + at, { bytes: Math.min(segment, length - at), link });
      }
    });
    return again;
  }

  get refused(): number {
    return this.stats.drops[DROP['resend-refused']];
  }
}

describe('datagrams of the lane that a NACK names', () => {
  it('are found one for one, however they were sent, by those links that are meant', () => {
    const runs = fc.array(
      fc.tuple(fc.constantFrom(FIRST, SECOND), fc.integer({ min: 1, max: 9 }), fc.boolean()),
      {
        minLength: 1,
        maxLength: 20,
      },
    );
    const steps = fc.array(fc.tuple(fc.nat(12), fc.integer({ min: 1, max: 20 })), { maxLength: 12 });
    fc.assert(
      fc.property(runs, steps, fc.integer({ min: 0, max: 3 }), (sends, asks, by) => {
        const sent = new Sent();
        for (const [link, datagrams, isLastShort] of sends) {
          sent.send(link, datagrams, isLastShort);
          sent.sendOther();
        }
        const asked: [number, number][] = [];
        let end = 0;
        for (const [after, datagrams] of asks) {
          asked.push([end + after, datagrams]);
          end += after + datagrams;
        }
        const isAsked = (counter: number) =>
          asked.some(([first, datagrams]) => counter >= first && counter < first + datagrams);
        const expected = [...sent.places]
          .filter(([counter, { link }]) => isAsked(counter) && (by & (1 << link)) !== 0)
          .map(([, { offset, bytes, link }]) => [offset, { bytes, link }] as const);
        expect(sent.missing(asked, by)).toEqual(new Map(expected));
      }),
    );
  });

  it('are not sent again once they are too old for anybody to wait for them', () => {
    const sent = new Sent();
    sent.send(FIRST, 4, false, NOW - MAX_AGE - 1);
    sent.send(FIRST, 4, false);
    expect(sent.missing([[2, 4]], 3).size).toBe(2);
  });

  it('cost a peer that asks again and again no more than was sent to it', () => {
    const sent = new Sent();
    // More than what is granted to a trickle.
    const RUNS = 64;
    for (let run = 0; run < RUNS; run++) sent.send(FIRST, 9, false);
    let datagrams = 0;
    for (let round = 0; round < 10; round++) {
      for (let run = 0; run < RUNS; run++) datagrams += sent.missing([[run * 9, 9]], 3).size;
    }
    expect(datagrams).toBeGreaterThanOrEqual(RUNS * 9);
    expect(datagrams * SEGMENT).toBeLessThanOrEqual(RUNS * 9 * SEGMENT + (256 << 10));
    expect(sent.refused).toBe(10 * RUNS * 9 - datagrams);
  });
});
