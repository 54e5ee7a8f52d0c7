import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeadlineHeap, type Scheduled } from '../../src/handshake/deadline-heap.js';
import { IndexTable } from '../../src/handshake/index-table.js';
import { RecentSet } from '../../src/handshake/recent-set.js';

function idle(): Scheduled {
  return { deadline: Number.POSITIVE_INFINITY, heapIndex: -1 };
}

describe('the deadline heap', () => {
  it('has the earliest deadline first, whatever is set, moved and removed', () => {
    const step = fc.record({ item: fc.nat(19), deadline: fc.option(fc.nat(1000)) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const heap = new DeadlineHeap();
        const items = Array.from({ length: 20 }, idle);
        for (const { item, deadline } of steps) {
          if (deadline === null) heap.remove(items[item]);
          else heap.schedule(items[item], deadline);
          const earliest = Math.min(...items.map((one) => one.deadline));
          expect(heap.first()?.deadline ?? Number.POSITIVE_INFINITY).toBe(earliest);
        }
      }),
    );
  });

  it('forgets an item whose deadline becomes infinite', () => {
    const heap = new DeadlineHeap();
    const item = idle();
    heap.schedule(item, 5);
    heap.schedule(item, Number.POSITIVE_INFINITY);
    expect(heap.first()).toBeUndefined();
    heap.remove(item);
    heap.schedule(item, 7);
    expect(heap.first()).toBe(item);
  });
});

describe('the index table', () => {
  it('gives unique indexes that are never 0, and knows exactly those', () => {
    const table = new IndexTable<string>(() => 0);
    const a = table.allocate('a');
    const b = table.allocate('b');
    expect(a).toBeGreaterThan(0);
    expect(b).toBeGreaterThan(0);
    expect(a).not.toBe(b);
    expect(table.find(a)).toBe('a');
    expect(table.find(0)).toBeUndefined();
    expect(table.find(b + 2 ** 18)).toBeUndefined();
    expect(table.find(0xffff_ffff)).toBeUndefined();
    table.replace(a, 'c');
    expect(table.find(a)).toBe('c');
    table.release(a);
    expect(table.find(a)).toBeUndefined();
    table.release(a);
    expect(table.size).toBe(1);
  });

  it('does not find a released index when its slot is used again', () => {
    let random = 0;
    const table = new IndexTable<string>(() => (random += 2 ** 18));
    const old = table.allocate('old');
    table.release(old);
    const next = table.allocate('next');
    expect(next % 2 ** 18).toBe(old % 2 ** 18);
    expect(table.find(old)).toBeUndefined();
    expect(table.find(next)).toBe('next');
  });

  it('gives 0 when it is full, and goes on once a slot is free', () => {
    const table = new IndexTable<number>(() => 0xffff_ffff);
    let last = 0;
    for (let i = 0; i < 2 ** 18; i++) last = table.allocate(i);
    expect(last).toBe(0xffff_ffff);
    expect(table.allocate(-1)).toBe(0);
    table.release(last);
    expect(table.allocate(-1)).toBe(last);
  });
});

describe('the set of recent strings', () => {
  it('knows the latest and forgets the oldest', () => {
    const recent = new RecentSet(3);
    for (let i = 0; i < 5; i++) recent.add(`a${i}`);
    expect([0, 1, 2, 3, 4].map((i) => recent.has(`a${i}`))).toEqual([false, false, true, true, true]);
  });
});
