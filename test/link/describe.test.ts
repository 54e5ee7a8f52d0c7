import { describe, expect, it } from 'vitest';
import { describeChange } from '../../src/daemon/interfaces/describe-change.js';
import { FACTS } from './facts.js';

describe('a change of a link in words', () => {
  it.each([
    [
      describeChange('down', 'hold-time-expired', FACTS),
      'down: 3 heartbeats missed, last heard 31 ms ago (hold 30 ms), the peer heard us until then',
    ],
    [
      describeChange('down', 'hold-time-expired', {
        ...FACTS,
        heardUsAgo: 43_000,
        ownStallUs: 12_000,
        peerHearsUs: false,
      }),
      "down: 3 heartbeats missed, last heard 43 ms ago (hold 30 ms), the peer did not hear us either, 12 ms of that were our own thread's delay and do not count",
    ],
    [
      describeChange('down', 'carrier-lost', { ...FACTS, heardUsAgo: 4000 }),
      'down: the local interface lost its carrier, last heard 4.0 ms ago',
    ],
    [
      describeChange('down', 'send-error', FACTS, 'EPERM'),
      'down: the kernel refused to send (EPERM), last heard 31 ms ago',
    ],
    [
      describeChange('one-way', 'peer-does-not-hear-us', FACTS),
      'one-way: the peer does not hear us, it is heard by us',
    ],
    [
      describeChange('up', 'beats-heard', { ...FACTS, beatsHeard: 5, lossOutPermille: 12 }),
      'up: 5 heartbeats heard, RTT 2.1 ms, loss out 1.2 %, in 0 %',
    ],
    [
      describeChange('damped', 'flapping', { ...FACTS, dampedUs: 23_400_000, rttUs: null }),
      'damped for 24 s: it keeps going down',
    ],
    [
      describeChange('waiting', 'path-unknown', { ...FACTS, heardUsAgo: null }),
      'waiting: the remote end is not known yet',
    ],
  ])('%s', (told, expected) => {
    expect(told).toBe(expected);
  });
});
