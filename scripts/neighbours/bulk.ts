/** A TCP connection that sends all the time, across the cuts. */
import { pause } from '../lab/run.js';
import type { Bed } from './bed.js';
import type { Outcome } from './row.js';

/** Half seconds before the first cut. */
const CALM_INTERVALS = 3;
/** What must pass in the last of them, of 100 that are sent. */
const LEAST_MBIT = 90;

/** Runs iperf3 (a package of the row) from h1 to h2 after `prepare`, and adds to the outcome what `judge` says of it. */
export async function bulk(
  bed: Bed,
  prepare: (bed: Bed) => Promise<void>,
  judge: (bed: Bed) => Promise<string>,
): Promise<Outcome> {
  await prepare(bed);
  bed.host(2).start('server', 'iperf3 -s -1');
  await bed.host(2).holds('iperf3 to listen', 'ss -tln | grep -q :5201');
  bed.host(1).start('client', `iperf3 -c ${bed.address(2)} -t 12 -b 100M -i 0.5 -J`);
  await pause(2_000);
  await bed.cutAll(2_000);
  await bed.host(1).holds('the client to end', '! pidof iperf3', 30_000);
  const report = JSON.parse(bed.host(1).log('client'));
  if (report.error) throw new Error(report.error);
  const { retransmits } = report.end.sum_sent;
  const rates: number[] = report.intervals.map(
    ({ sum }: { sum: { bits_per_second: number } }) => sum.bits_per_second / 1e6,
  );
  const calm = rates[CALM_INTERVALS - 1];
  if (calm < LEAST_MBIT) throw new Error(`${calm.toFixed(0)} Mbit/s before any cut`);
  const slowest = Math.min(...rates.slice(0, -1));
  return {
    without: `${calm.toFixed(0)} Mbit/s`,
    cut: `slowest half second ${slowest.toFixed(0)} Mbit/s, ${retransmits} segments sent again; ${await judge(bed)}`,
  };
}
