import { ipUdpOverhead } from '../../../src/datapath/wire.js';
import type { Hop } from '../hop.js';

/** A bottleneck of `bytesPerSecond` with a queue of `queueBytes`; what does not fit is dropped. */
export function rate(bytesPerSecond: number, queueBytes: number): Hop {
  let busyUntil = 0;
  return {
    pass(datagram, now, forward) {
      const backlogUs = Math.max(0, busyUntil - now);
      if ((backlogUs * bytesPerSecond) / 1e6 > queueBytes) return;
      const size = datagram.bytes.length + ipUdpOverhead(datagram.from.family);
      busyUntil = now + backlogUs + (size * 1e6) / bytesPerSecond;
      forward(datagram, busyUntil - now);
    },
  };
}
