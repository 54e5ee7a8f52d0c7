/** Bandwidth tests against peers that keep no rule: whatever they say in whatever order, little is done for them, and all of it ends. */
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { InterfaceConfig } from '../../src/api/config.js';
import type { DatapathCommand } from '../../src/contract/commands.js';
import { SharedStats } from '../../src/contract/stats.js';
import { BandwidthTests } from '../../src/daemon/interfaces/bandwidth-tests.js';
import type { Datapath } from '../../src/daemon/interfaces/datapath.js';
import { PeerEntries, type PeerEntry } from '../../src/daemon/interfaces/peer-entries.js';
import { pathWords } from '../../src/daemon/interfaces/udp-sockets.js';
import {
  type BandwidthMessage,
  readBandwidthMessage,
  writeBandwidthMessage,
} from '../../src/wire/bandwidth-test.js';

const CONFIG: InterfaceConfig = {
  name: 'octo0',
  addresses: [],
  disabledOffloads: [],
  peers: [],
  enabled: true,
  bandwidthTest: { sendMbps: 8 },
};

class Host {
  readonly peers = new PeerEntries();
  readonly sent: { peer: number; message: BandwidthMessage }[] = [];
  /** Bytes of test data, looks at what came. */
  data = 0;
  looks = 0;
  readonly tests: BandwidthTests;

  constructor(count: number) {
    const datapath = {
      stats: new SharedStats({ peers: 8, links: 8 }),
      send: (command: DatapathCommand) => {
        if (command.kind !== 'bandwidth-message') return;
        this.sent.push({ peer: command.peer, message: readBandwidthMessage(command.bytes)! });
      },
      bandwidthData: async ({ count: datagrams }: { count: number }) => {
        this.data += datagrams * 1000;
        return { datagrams, bytes: datagrams * 1000 };
      },
      bandwidthReception: async () => {
        this.looks++;
        return { received: 1, highest: 1, reordered: 0, jitterUs: 0, elapsedUs: 1, bytes: 1000 };
      },
    };
    for (let peer = 0; peer < count; peer++) this.add(`p${peer}`);
    this.tests = new BandwidthTests({
      datapath: datapath as unknown as Datapath,
      peers: this.peers,
      config: CONFIG,
    });
  }

  add(name: string): PeerEntry {
    const entry = this.peers.add({ name, links: [] });
    const path = pathWords({ address: '192.0.2.1', port: 7700 }, { dscp: 0, fwmark: 0 });
    this.peers.addLink(entry, { id: 0, remote: { kind: 'dynamic' } }, path).state = 'up';
    entry.up = true;
    return entry;
  }

  hears(peer: number, message: BandwidthMessage): void {
    this.tests.heard({ kind: 'bandwidth-message', peer, bytes: writeBandwidthMessage(message) });
  }

  /** Codes of the answers to questions, in turn. */
  answers(): number[] {
    return this.sent.flatMap(({ message }) => (message.what === 'answer' ? [message.code] : []));
  }
}

const ASK = {
  what: 'ask',
  id: 1,
  forward: true,
  reverse: false,
  seconds: 60,
  link: null,
  kbps: 1_000_000,
} as const;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it('answers four tests at a time, and each question that comes again alike', () => {
  const host = new Host(6);
  for (let peer = 0; peer < 6; peer++) for (let times = 0; times < 2; times++) host.hears(peer, ASK);
  expect(host.answers()).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2]);
  expect(host.tests.refused.busy).toBe(4);
});

it('sends for all peers together no more than is configured', async () => {
  const host = new Host(4);
  for (let peer = 0; peer < 4; peer++)
    host.hears(peer, { ...ASK, forward: false, reverse: true, kbps: 6000 });
  const kbps = host.sent.map(({ message }) => (message.what === 'answer' ? message.kbps : -1));
  expect(kbps).toEqual([6000, 2000, 0, 0]);
  for (let step = 0; step < 100; step++) {
    for (const peer of [0, 1]) host.hears(peer, { what: 'result', id: 1, isFinal: false, ...NOTHING });
    await vi.advanceTimersByTimeAsync(20);
  }
  // Two seconds of 8 Mbit/s.
  expect(host.data).toBeGreaterThan(1_000_000);
  expect(host.data).toBeLessThanOrEqual(2_100_000);
});

it('stops sending for one that says nothing, or has gone', async () => {
  const host = new Host(2);
  for (const peer of [0, 1]) host.hears(peer, { ...ASK, forward: false, reverse: true, kbps: 4000 });
  host.peers.remove(host.peers.get('p0')!);
  const other = host.add('other');
  expect(other.row).toBe(0);
  await vi.advanceTimersByTimeAsync(10);
  host.hears(other.row, ASK);
  expect(host.answers()).toEqual([0, 0, 0]);
  await vi.advanceTimersByTimeAsync(4000);
  const before = host.data;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(host.data).toBe(before);
});

it('looks at what came ten times a second at most, however often a peer says that it has sent all', async () => {
  const host = new Host(1);
  host.hears(0, ASK);
  for (let step = 0; step < 1000; step++) {
    host.hears(0, { what: 'end', id: 1, sent: 1000 });
    await vi.advanceTimersByTimeAsync(1);
  }
  expect(host.looks).toBeLessThanOrEqual(14);
});

it('tells the peer that all has come before it is over, also when the end follows soon upon a look', async () => {
  const host = new Host(1);
  const wish = { peer: 'p0', seconds: 1, rateKbps: 1000, direction: 'reverse' } as const;
  const started = host.tests.start(host.peers.get('p0')!, wish, new AbortController().signal);
  const { id } = host.sent[0].message;
  host.hears(0, { what: 'answer', id, code: 0, kbps: 1000 });
  const [test] = await started;
  // A look each quarter of a second.
  await vi.advanceTimersByTimeAsync(260);
  host.hears(0, { what: 'end', id, sent: 1 });
  await vi.advanceTimersByTimeAsync(300);
  expect(test.reports.at(-1)).toMatchObject({ isLast: true, cause: null });
  expect(host.sent.at(-1)?.message).toMatchObject({ what: 'result', id, isFinal: true });
});

it('does little for any sequence of messages, counts what it does not follow, and is done with all after 63 s', async () => {
  const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
  const id = fc.integer({ min: 0, max: 3 });
  const message: fc.Arbitrary<BandwidthMessage> = fc.oneof(
    fc.record({
      what: fc.constant('ask' as const),
      id,
      forward: fc.constant(true),
      reverse: fc.boolean(),
      seconds: fc.integer({ min: 1, max: 60 }),
      link: fc.option(fc.integer({ min: 0, max: 7 })),
      kbps: fc.integer({ min: 1, max: 1_000_000 }),
    }),
    fc.record({ what: fc.constant('answer' as const), id, code: fc.nat(255), kbps: u32 }),
    fc.record({
      what: fc.constant('result' as const),
      id,
      isFinal: fc.boolean(),
      received: u32,
      highest: u32,
      reordered: u32,
      jitterUs: u32,
      elapsedUs: u32,
      bytes: fc.integer({ min: 0, max: 2 ** 45 }),
    }),
    fc.record({ what: fc.constant('end' as const), id, sent: u32 }),
  );
  const step = fc.record({ peer: fc.nat(5), message, waitMs: fc.constantFrom(0, 0, 1, 7, 300, 2000) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const host = new Host(6);
      let asked = 0;
      let passedMs = 0;
      for (const { peer, message: said, waitMs } of steps) {
        if (said.what === 'ask') asked++;
        const before = host.sent.length;
        host.hears(peer, said);
        expect(host.sent.length - before).toBeLessThanOrEqual(1);
        await vi.advanceTimersByTimeAsync(waitMs);
        passedMs += waitMs;
      }
      expect(host.answers()).toHaveLength(asked);
      await vi.advanceTimersByTimeAsync(63_000);
      passedMs += 63_000;
      expect(vi.getTimerCount()).toBe(0);
      // What is configured, of the whole time, and the first datagrams.
      expect(host.data).toBeLessThanOrEqual(passedMs * 1000 + asked * 40_000);
      const [refused, after] = [host.tests.refused['unknown-test'], host.sent.length];
      host.hears(0, { what: 'end', id: 1, sent: 1 });
      expect(host.tests.refused['unknown-test']).toBe(refused + 1);
      expect(host.sent).toHaveLength(after);
    }),
    { numRuns: 20 },
  );
});

const NOTHING = { received: 0, highest: 0, reordered: 0, jitterUs: 0, elapsedUs: 0, bytes: 0 };
