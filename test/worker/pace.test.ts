import { describe, expect, it } from 'vitest';
import { INTERFACE } from '../../src/contract/stats.js';
import { Pace } from '../../src/worker/pace.js';

describe('the pace of the worker', () => {
  const counters = () => new Float64Array(Object.keys(INTERFACE).length);

  it.each(['tapRxFrames', 'tapTxFrames', 'forwardedFrames'] as const)(
    'polls for 40 µs after what %s counts',
    (name) => {
      const [pace, counted] = [new Pace(), counters()];
      expect(pace.pollUs(counted, 1000)).toBe(0);
      counted[INTERFACE[name]]++;
      expect(pace.pollUs(counted, 2000)).toBe(40);
      expect(pace.pollUs(counted, 2030)).toBe(10);
      expect(pace.pollUs(counted, 3000)).toBe(0);
    },
  );

  it('does not poll for messages about links, nor longer because of them', () => {
    const [pace, counted] = [new Pace(), counters()];
    counted[INTERFACE.rxMessages]++;
    expect(pace.pollUs(counted, 1000)).toBe(0);
    counted[INTERFACE.forwardedFrames]++;
    expect(pace.pollUs(counted, 2000)).toBe(40);
    counted[INTERFACE.rxMessages] += 10;
    expect(pace.pollUs(counted, 2025)).toBe(15);
  });
});
