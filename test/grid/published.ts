/**
 * Sixteen paths whose figures others have measured and published. They were drawn before the datapath met them; pairs of
 * them have been looked at since, when rules were chosen. Rates above 25 Mbit/s are a tenth of those published, so that the
 * grid is quick; delays, queues (in time) and losses are as they are.
 *
 * - `nepal-wifi` to `mexico-wired`: Yan et al., Pantheon (USENIX ATC 2018), its six emulators calibrated to real paths.
 * - `att-driving` to `umts-driving`: mean rates of the cellular traces of Winstein et al., Sprout (NSDI 2013), that come
 *   with Mahimahi (Netravali et al., USENIX ATC 2015); 20 ms each way as there, 100 packets of queue, the uneven rate as
 *   jitter.
 * - `starlink-down`, `starlink-up`, `satcom`: Michel et al., A First Look at Starlink Performance (IMC 2022).
 * - `5g-up`: Xu et al., Understanding Operational 5G (SIGCOMM 2020), 130 Mbit/s.
 * - `us-cable`, `us-dsl`: the size of what the FCC's Measuring Broadband America reports (2021 to 2024) tell of
 *   these accesses; queues as Sundaresan et al. (SIGCOMM 2011) met them.
 */
import type { LinkProfile } from '../sim/bulk.js';
import { burstsOf } from '../sim/hops/burst-loss.js';

export const PUBLISHED = {
  'nepal-wifi': { mbit: 0.57, delayMs: 28, queueMs: 295, jitterMs: 20, loss: 0.0477 },
  'mexico-cellular': { mbit: 2.64, delayMs: 88, queueMs: 590, jitterMs: 9 },
  'colombia-cellular': { mbit: 3.04, delayMs: 130, queueMs: 1680, jitterMs: 8 },
  'india-wired': { mbit: 10, delayMs: 27, queueMs: 21 },
  'china-wired': { mbit: 7.8, delayMs: 51, queueMs: 15, loss: 0.0006 },
  'mexico-wired': { mbit: 11.5, delayMs: 45, queueMs: 47 },
  'att-driving': { mbit: 5.2, delayMs: 20, queueMs: 230, jitterMs: 20 },
  'tmobile-driving': { mbit: 12.8, delayMs: 20, queueMs: 94, jitterMs: 20 },
  'tmobile-lte': { mbit: 16.7, delayMs: 20, queueMs: 72, jitterMs: 10 },
  'umts-driving': { mbit: 2, delayMs: 20, queueMs: 600, jitterMs: 30 },
  'starlink-down': { mbit: 17.8, delayMs: 25, queueMs: 80, jitterMs: 8, bursts: burstsOf(0.004, 8) },
  'starlink-up': { mbit: 17, delayMs: 25, queueMs: 150, jitterMs: 10, bursts: burstsOf(0.004, 8) },
  satcom: { mbit: 8.2, delayMs: 300, queueMs: 300, jitterMs: 10 },
  '5g-up': { mbit: 13, delayMs: 20, queueMs: 60, jitterMs: 5 },
  'us-cable': { mbit: 30, delayMs: 9, queueMs: 80, jitterMs: 2 },
  'us-dsl': { mbit: 18, delayMs: 17, queueMs: 200, jitterMs: 1 },
} as const satisfies Record<string, LinkProfile>;
