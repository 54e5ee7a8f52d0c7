/** Makes a row of history, second by second, from the counters and gauges of a link. */

import { SERIES, type SeriesName } from '../../api/history.js';
import { LINK, LINK_WIDTH } from '../../contract/stats.js';
import { emptySample, type Sample } from './link-history.js';

/** Counters whose growth per second is recorded. */
const COUNTED = [
  'transitions',
  'txBytes',
  'rxBytes',
  'rxCopyBytes',
  'rttSumUs',
  'rttSamples',
  'dueOut',
  'arrivedOut',
  'dueIn',
  'arrivedIn',
] as const satisfies readonly (keyof typeof LINK)[];
type Counted = (typeof COUNTED)[number];

const AT = Object.fromEntries(SERIES.map((name, index) => [name, index])) as Record<SeriesName, number>;

export class LinkSampler {
  private readonly sample = emptySample();
  private readonly totals = new Float64Array(COUNTED.length);
  private readonly grown = new Float64Array(COUNTED.length);
  private takenUs = Number.NaN;

  /**
   * What happened since the last call, from the statistics of the link in `row` at `nowUs`; null at the first call. The
   * sample is valid until the next call. A counter that went back was cleared, or counts another link now: it is taken to
   * have started from zero.
   */
  take(stats: Float64Array, row: number, isUp: boolean, nowUs: number): Sample | null {
    const base = row * LINK_WIDTH;
    COUNTED.forEach((name, index) => {
      const total = stats[base + LINK[name]];
      const grown = total - this.totals[index];
      this.grown[index] = grown < 0 ? total : grown;
      this.totals[index] = total;
    });
    const elapsed = (nowUs - this.takenUs) / 1e6;
    this.takenUs = nowUs;
    if (!(elapsed > 0)) return null;
    const gauge = (field: number): number => stats[base + field];
    const rate = (...names: Counted[]): number =>
      names.reduce((sum, name) => sum + this.growth(name), 0) / elapsed;
    const samples = this.growth('rttSamples');
    this.put('downPermille', isUp && this.growth('transitions') === 0 ? 0 : 1000, elapsed);
    this.put('rttUs', this.growth('rttSumUs') / samples, samples);
    this.put('jitterUs', samples === 0 ? Number.NaN : gauge(LINK.jitterUs), samples);
    this.putLoss('lossOutPermille', this.growth('dueOut'), this.growth('arrivedOut'));
    this.putLoss('lossInPermille', this.growth('dueIn'), this.growth('arrivedIn'));
    this.put('sentBytesPerSecond', rate('txBytes'), elapsed);
    this.put('deliveredBytesPerSecond', isUp ? gauge(LINK.deliveredOutBps) : 0, elapsed);
    this.put('receivedBytesPerSecond', rate('rxBytes', 'rxCopyBytes'), elapsed);
    const capacity = gauge(LINK.capacityOutBps);
    const isEstimated = isUp && capacity > 0;
    this.put('queueUs', isEstimated ? gauge(LINK.queueOutUs) : Number.NaN, elapsed);
    this.put('capacityBytesPerSecond', isEstimated ? capacity : Number.NaN, elapsed);
    return this.sample;
  }

  private growth(name: Counted): number {
    return this.grown[COUNTED.indexOf(name)];
  }

  private put(name: SeriesName, value: number, weight: number): void {
    this.sample.values[AT[name]] = value;
    this.sample.weights[AT[name]] = weight;
  }

  private putLoss(name: SeriesName, due: number, arrived: number): void {
    const share = Math.max(0, Math.min(1, 1 - arrived / due));
    this.put(name, due === 0 ? Number.NaN : share * 1000, due);
  }
}
