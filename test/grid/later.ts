/**
 * Eight more paths that others have measured, of other publications than those of `published.ts`, and drawn after the
 * rules of the lane had been chosen: none was simulated before they were written down. Rates above 25 Mbit/s are a
 * tenth of those published. What a publication does not say follows one rule for all: 20 ms each way; 100 packets of
 * 1,500 bytes of queue at the published rate, 50 ms at least; 20 ms of jitter for uneven traces, 10 ms for other radio;
 * no loss. Losses that are published without their pattern come by chance.
 *
 * - `starlink-road`: Laniewski et al., Starlink on the Road (2024), the data set, while driving: medians of the download,
 *   263 Mbit/s, of the least and the mean round trip of a run, 45 and 59 ms, and of the lost pings.
 * - `ireland-5g`: Raca et al., Beyond Throughput, the Next Generation (MMSys 2020), the data set, downloads standing still:
 *   66.9 Mbit/s on average, a median of 66 ms for the least and 69 ms for the mean round trip, 0.37 % of the pings lost.
 * - `oslo-bus`: Riiser et al., Commute Path Bandwidth Traces from 3G Networks (MMSys 2013), mean of the buses.
 * - `new-york-subway`: Mei et al., NYU-METS (PAM 2019), mean of the first trace of the 7 train.
 * - `cable-up-aqm`: Flickinger et al., Improving Latency with AQM During COVID-19 (2021): 15 to 30 ms under load. The
 *   rate and the delay are not in it: 10 Mbit/s and 10 ms are ours, and so is a queue that ends instead of its AQM.
 * - `lte-2012`: Huang et al., Performance and Power Characteristics of 4G LTE (MobiSys 2012), medians: 13 Mbit/s, 70 ms.
 * - `roofnet`: Bicket et al., Unplanned 802.11b Mesh Network (MobiCom 2005), means: 627 kbit/s, 39 ms.
 * - `geo-550`: Perdices et al., When Satellite is All You Have (IMC 2022): 550 ms. The rate, 10 Mbit/s, is ours.
 */
import type { LinkProfile } from '../sim/bulk.js';

export const LATER = {
  'starlink-road': { mbit: 26.3, delayMs: 22, queueMs: 50, jitterMs: 7, loss: 0.008 },
  'ireland-5g': { mbit: 6.7, delayMs: 33, queueMs: 50, jitterMs: 2, loss: 0.0037 },
  'oslo-bus': { mbit: 2.4, delayMs: 20, queueMs: 500, jitterMs: 20 },
  'new-york-subway': { mbit: 6.8, delayMs: 20, queueMs: 176, jitterMs: 20 },
  'cable-up-aqm': { mbit: 10, delayMs: 10, queueMs: 20 },
  'lte-2012': { mbit: 13, delayMs: 35, queueMs: 92, jitterMs: 10 },
  roofnet: { mbit: 0.627, delayMs: 20, queueMs: 1914, jitterMs: 10 },
  'geo-550': { mbit: 10, delayMs: 275, queueMs: 120, jitterMs: 10 },
} as const satisfies Record<string, LinkProfile>;
