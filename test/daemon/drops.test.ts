import { describe, expect, it } from 'vitest';
import { dropsText } from '../../src/cli/output/drops.js';
import { DROP } from '../../src/contract/drops.js';
import { SharedStats } from '../../src/contract/stats.js';
import { dropCounters } from '../../src/daemon/answers/drops.js';
import { MemberRefusals } from '../../src/daemon/interfaces/member-refusals.js';
import type { PeerEntry } from '../../src/daemon/interfaces/peer-entries.js';
import type { InterfaceRuntime } from '../../src/daemon/interfaces/runtime.js';
import { transmitDrops } from '../../src/daemon/interfaces/tap-queue.js';
import { pathWords } from '../../src/daemon/interfaces/udp-sockets.js';
import { dropsThatMatter } from '../../src/daemon/observe/counters.js';
import { Histories } from '../../src/daemon/observe/link-histories.js';
import { emptyCounters } from '../../src/handshake/reasons.js';
import { HandshakeRecord } from '../../src/handshake/record.js';

const ORIGIN = pathWords({ address: '10.91.0.2', port: 7700 }, { dscp: 0, fwmark: 0 });

function scene() {
  const stats = new SharedStats({ peers: 1, links: 1 });
  const kernel = { dropped: 0, unreceived: 0 };
  const counters = emptyCounters();
  const record = new HandshakeRecord();
  const refusals = new MemberRefusals(
    () => 0,
    () => {},
  );
  const osaka = { config: { name: 'osaka' } };
  const peers = { atRow: (row: number) => (row === 3 ? osaka : undefined), values: () => [] };
  const runtime = {
    name: 'octo0',
    peers,
    datapath: { stats },
    tapQueue: { drops: () => kernel.dropped },
    sockets: { queues: { drops: () => kernel.unreceived } },
    handshakes: { counters, record },
    bandwidth: { refused: {} },
    members: { refusals },
  } as unknown as InterfaceRuntime;
  const clock = { second: 100 };
  const histories = new Histories(
    () => clock.second * 1e6,
    () => [runtime],
    () => 0,
  );
  const second = (): void => {
    histories.sample();
    clock.second++;
  };
  const shown = (all = false) => dropCounters(runtime, histories, all);
  return { refusals, kernel, stats, counters, record, runtime, second, shown };
}

describe('drops', () => {
  it('include what the kernel dropped before it was read', () => {
    const { kernel, runtime, shown } = scene();
    kernel.dropped = 7;
    expect(shown()).toMatchObject([{ reason: 'tap-queue-full', count: 7, normal: false }]);
    expect(dropsThatMatter(runtime)).toBe(7);
    kernel.unreceived = 5;
    expect(shown()).toContainEqual(expect.objectContaining({ reason: 'rx-queue-full', count: 5 }));
    expect(dropsThatMatter(runtime)).toBe(12);
  });

  it('of the kernel are read from the line of the device', () => {
    const text = `Inter-|   Receive                            |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:  100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0
octo0: 5 4    0   3    0     0          0         0 9999 12 0 1234    0     0       0          0
octo01: 5 4    0   3    0     0          0         0 9999 12 0 77    0     0       0          0
`;
    expect(transmitDrops(text, 'octo0')).toBe(1234);
    expect(transmitDrops(text, 'octo01')).toBe(77);
    expect(transmitDrops(text, 'octo')).toBeNull();
  });

  it('name the peer whose introduction was refused', () => {
    const { refusals, shown } = scene();
    refusals.note('members-full', { config: { name: 'osaka', links: [] } } as unknown as PeerEntry);
    expect(shown()).toMatchObject([
      { reason: 'member/members-full', count: 1, normal: false, peer: 'osaka', from: null },
    ]);
    refusals.clearCounters();
    expect(shown()).toEqual([]);
  });

  it('say that a reason counted just now before anything has looked at it', () => {
    const { stats, second, shown } = scene();
    second();
    stats.drops[DROP['no-peer']] = 1;
    expect(shown()[0].lastSecondsAgo).toBe(0);
    second();
    second();
    expect(shown()[0].lastSecondsAgo).toBe(2);
  });

  it('leave out copies, which are no loss, and do not count what is normal', () => {
    const { stats, counters, shown, runtime } = scene();
    stats.drops[DROP['replayed-early']] = 1000;
    stats.drops[DROP['piece-duplicate']] = 7;
    counters['handshake-duplicate'] = 3;
    expect(shown()).toEqual([]);
    stats.drops[DROP['reserved-group']] = 5;
    stats.drops[DROP['no-peer']] = 2;
    expect(shown().map(({ reason, normal }) => ({ reason, normal }))).toEqual([
      { reason: 'reserved-group', normal: true },
      { reason: 'no-peer', normal: false },
    ]);
    expect(dropsThatMatter(runtime)).toBe(2);
    const all = shown(true);
    expect(all.find(({ reason }) => reason === 'handshake/handshake-duplicate')).toMatchObject({
      count: 3,
      normal: true,
    });
  });

  it('say when they were last seen and how fast they come', () => {
    const { stats, second, shown } = scene();
    second();
    for (let turn = 0; turn < 10; turn++) {
      stats.drops[DROP.forged] += 5;
      second();
    }
    expect(shown()).toMatchObject([{ reason: 'forged', perSecond: 5, lastSecondsAgo: 1 }]);
    for (let turn = 0; turn < 20; turn++) second();
    expect(shown()).toMatchObject([{ perSecond: 0, lastSecondsAgo: 21 }]);
    stats.drops[DROP.forged] = 0;
    second();
    stats.drops[DROP.forged] = 1;
    second();
    expect(shown()).toMatchObject([{ count: 1, perSecond: 0, lastSecondsAgo: 1 }]);
  });

  it('name who sent the last refused handshake: the peer, or an address', () => {
    const { counters, record, shown } = scene();
    counters['response-not-authentic'] = 1;
    record.refused('response-not-authentic', ORIGIN, { peer: 3, publicKey: null }, 5);
    counters['unknown-peer'] = 1;
    record.refused('unknown-peer', ORIGIN, { peer: null, publicKey: new Uint8Array(32) }, 5);
    expect(shown()).toMatchObject([
      { reason: 'handshake/unknown-peer', peer: null, from: '10.91.0.2:7700' },
      { reason: 'handshake/response-not-authentic', peer: 'osaka', from: '10.91.0.2:7700' },
    ]);
  });

  it('are shown with what matters first, within 80 columns', () => {
    const { stats, counters, shown } = scene();
    stats.drops[DROP['own-station']] = 1_234_567;
    counters['response-not-authentic'] = 12;
    const lines = dropsText(shown().map((drop) => ({ ...drop, example: null })));
    expect(lines[0]).toMatch(/^Reason .* Count .*\/s .*Last seen .*Matters .*Last from$/);
    expect(lines[1]).toMatch(/^handshake\/response-not-authentic .* 12 .* yes /);
    expect(lines[2]).toMatch(/^own-station .* 1234567 .* no /);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    expect(lines.join('\n')).toContain('handshake/response-not-authentic: response that does not decrypt');
    expect(dropsText([])).toEqual(['Nothing was dropped.']);
  });
});
