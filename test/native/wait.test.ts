import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadNative } from '../../src/native/binding.js';

const native = loadNative();
const tokens = new Int32Array(4);
let epoll: number;
let events: number[];

beforeEach(() => {
  epoll = native.epollCreate();
  events = [native.eventCreate(), native.eventCreate()];
  native.epollAdd(epoll, events[0], 7);
  native.epollAdd(epoll, events[1], -8);
});

afterEach(() => {
  for (const fd of [epoll, ...events]) native.close(fd);
});

test('nothing readable: 0 after the timeout', () => {
  for (const [timeout, spin] of [
    [0, 0],
    [1500, 0],
    [300, 1000],
    [300, 100],
  ]) {
    expect(native.wait(epoll, timeout, spin, tokens)).toBe(0);
  }
});

test('a wait never ends before its timeout', () => {
  const start = native.now();
  native.wait(epoll, 2500, 100, tokens);
  expect(native.now() - start).toBeGreaterThanOrEqual(2500);
});

test('tokens come back, and again until the event is drained', () => {
  native.eventSignal(events[1]);
  native.eventSignal(events[1]);
  for (let i = 0; i < 3; i++) {
    expect(native.wait(epoll, -1, i * 10, tokens)).toBe(1);
    expect(tokens[0]).toBe(-8);
  }
  native.eventSignal(events[0]);
  expect(native.wait(epoll, -1, 0, tokens)).toBe(2);
  expect(tokens.slice(0, 2).sort()).toEqual(Int32Array.of(-8, 7));
  expect(native.wait(epoll, -1, 0, tokens.subarray(0, 1))).toBe(1);
  native.eventDrain(events[1]);
  native.eventDrain(events[1]);
  expect(native.wait(epoll, 0, 0, tokens)).toBe(1);
  expect(tokens[0]).toBe(7);
  native.epollRemove(epoll, events[0]);
  expect(native.wait(epoll, 0, 0, tokens)).toBe(0);
});

test('another thread wakes a waiter', async () => {
  const worker = new Worker(new URL('./wait_worker.js', import.meta.url), { workerData: { fd: events[0] } });
  expect(native.wait(epoll, 30_000_000, 0, tokens)).toBe(1);
  expect(tokens[0]).toBe(7);
  await worker.terminate();
});

test('wrong descriptors are errors', () => {
  const closed = 1_000_000; // above every limit of open files here, so never one of another thread's
  expect(() => native.close(closed)).toThrow('EBADF');
  expect(() => native.epollAdd(epoll, closed, 1)).toThrow('EBADF');
  expect(() => native.epollAdd(epoll, events[0], 1)).toThrow('EEXIST');
  expect(() => native.epollRemove(epoll, closed)).toThrow('EBADF');
  expect(() => native.eventSignal(closed)).toThrow('EBADF');
  expect(() => native.wait(closed, 0, 0, tokens)).toThrow('EBADF');
  expect(() => native.wait(epoll, 0, 0, new Int32Array(0))).toThrow(RangeError);
});
