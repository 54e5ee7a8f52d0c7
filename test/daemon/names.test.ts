/** Host names of remote ends: what hosts file and name servers say together, and when a name is looked up. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { addressesInHosts, type NameAnswer, together } from '../../src/daemon/base/name-lookup.js';
import { RemoteNames, type Resolution } from '../../src/daemon/interfaces/remote-names.js';

describe('a hosts file', () => {
  const text = [
    '127.0.0.1 localhost gw.example.org',
    '192.0.2.1\tGW.example  gw # gw2.example',
    '# 192.0.2.2 gw.example',
    'fe80::1 gw.example',
    '2001:db8::1 other gw.example',
    '0.0.0.0 blocked.example',
    'nonsense gw.example',
    '192.0.2.1 gw.example',
  ].join('\n');

  it.each([
    ['gw.example', ['2001:db8::1', '192.0.2.1']],
    ['gw', ['192.0.2.1']],
    ['gw2.example', []],
    ['blocked.example', []],
    ['example', []],
  ])('has for %s: %j', (name, addresses) => expect(addressesInHosts(text, name)).toEqual(addresses));
});

describe('answers for both families', () => {
  const a = (...addresses: string[]) => ({ addresses, ttlS: 60 });

  it.each<[string, Parameters<typeof together>[0], NameAnswer]>([
    [
      'go by turns, and hold as long as the shorter one',
      [{ addresses: ['2001:db8::1', '2001:db8::2'], ttlS: 5 }, a('192.0.2.1')],
      { kind: 'found', addresses: ['2001:db8::1', '192.0.2.1', '2001:db8::2'], ttlS: 5 },
    ],
    ['need not be two', ['ETIMEOUT', a('192.0.2.1')], { kind: 'found', addresses: ['192.0.2.1'], ttlS: 60 }],
    ['say that there is no such name', ['ENOTFOUND', 'ENOTFOUND'], { kind: 'none', reason: 'NXDOMAIN' }],
    ['say that it has no address', ['ENODATA', 'ENODATA'], { kind: 'none', reason: 'no A or AAAA record' }],
    ['say nothing', ['ENODATA', 'ETIMEOUT'], { kind: 'failed', reason: 'no name server answers' }],
    ['are of no use', [a(), 'ENODATA'], { kind: 'none', reason: 'no A or AAAA record' }],
  ])('%s', (_, answers, said) => expect(together(answers)).toEqual(said));

  it('are bounded', () => {
    const many = Array.from({ length: 100 }, (_, index) => `192.0.2.${index + 1}`);
    expect(together([a(...many)])).toMatchObject({ addresses: many.slice(0, 4) });
  });
});

describe('the names of an interface', () => {
  let asked: string[];
  let answer: NameAnswer;
  let inTrouble: boolean;
  let told: [string, Resolution][];
  let names: RemoteNames;

  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(Math, 'random').mockReturnValue(0);
    asked = [];
    told = [];
    inTrouble = false;
    answer = { kind: 'found', addresses: ['192.0.2.1'], ttlS: 60 };
    names = new RemoteNames(
      async (name) => {
        asked.push(name);
        return answer;
      },
      { isInTrouble: () => inTrouble, changed: (name) => told.push([name, names.of(name)]) },
    );
  });
  afterEach(() => {
    names.close();
    expect(vi.getTimerCount()).toBeLessThanOrEqual(1);
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it('are looked up once for all spellings, and again when the TTL has passed', async () => {
    names.want(['gw.example', 'GW.example.']);
    await vi.advanceTimersByTimeAsync(59_000);
    expect(asked).toEqual(['GW.example.']);
    await vi.advanceTimersByTimeAsync(2000);
    expect(asked).toHaveLength(2);
    expect(told).toEqual([['GW.example.', { addresses: ['192.0.2.1'], problem: null }]]);
    names.want([]);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(asked).toHaveLength(2);
  });

  it('are looked up soon, then ever more rarely, while a link is in trouble', async () => {
    inTrouble = true;
    names.want(['gw']);
    const counts: number[] = [];
    for (let minute = 0; minute < 3; minute++) {
      await vi.advanceTimersByTimeAsync(60_000);
      counts.push(asked.length);
    }
    expect(counts[0]).toBeGreaterThan(6);
    expect(counts[2] - counts[1]).toBe(4);
  });

  it('are looked up when a link goes down, and not more often for it', async () => {
    names.want(['gw']);
    await vi.advanceTimersByTimeAsync(30_000);
    inTrouble = true;
    for (let flap = 0; flap < 1000; flap++) {
      names.linkDown('gw');
      await vi.advanceTimersByTimeAsync(1);
    }
    expect(asked).toHaveLength(2);
  });

  it('are looked up for a link that goes down after the clock was set back, too', async () => {
    names.want(['gw']);
    await vi.advanceTimersByTimeAsync(5000);
    vi.setSystemTime(Date.now() - 86_400_000);
    names.linkDown('gw');
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked).toHaveLength(2);
  });

  it('keep what they had when nobody answers, and lose it when it is gone', async () => {
    names.want(['gw']);
    await vi.advanceTimersByTimeAsync(1000);
    answer = { kind: 'failed', reason: 'no name server answers' };
    await vi.advanceTimersByTimeAsync(61_000);
    expect(names.of('gw')).toEqual({
      addresses: ['192.0.2.1'],
      problem: 'no address (no name server answers)',
    });
    answer = { kind: 'none', reason: 'NXDOMAIN' };
    await vi.advanceTimersByTimeAsync(10_000);
    expect(names.of('gw')).toEqual({ addresses: [], problem: 'no address (NXDOMAIN)' });
    expect(told).toHaveLength(3);
  });

  it('are looked up at a bounded rate, and few at a time', async () => {
    let underWay = 0;
    let most = 0;
    const slow = new RemoteNames(
      async () => {
        most = Math.max(most, ++underWay);
        await new Promise((resolve) => setTimeout(resolve, 4000));
        underWay--;
        asked.push('');
        return { kind: 'failed', reason: 'ETIMEOUT' };
      },
      { isInTrouble: () => true, changed: () => {} },
    );
    slow.want(Array.from({ length: 1000 }, (_, index) => `h${index}`));
    await vi.advanceTimersByTimeAsync(60_000);
    slow.close();
    expect(most).toBe(16);
    expect(asked.length).toBeLessThanOrEqual((16 * 60) / 4);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(underWay).toBe(0);
  });
});
