/**
 * `unshare -n node tapping.js WORKERS`: prints how many microseconds reading a batch of super-frames from a TAP takes, and
 * writing one, the medians of many, as JSON. Bridge and TAPs go with its namespace, however it ends.
 */
import { BATCHES, pause, urgently } from './batches.js';
import { median } from './report.js';
import { TapBench } from './tap-queues.js';

const workers = Number(process.argv[2]);
const bench = await TapBench.make(workers);
const batches = () =>
  Array.from({ length: BATCHES }, () => {
    pause();
    return bench.batch();
  });
const times = urgently(workers, batches);
const read = median(times.map((time) => time.read));
const write = median(times.map((time) => time.write));
process.stdout.write(JSON.stringify({ read, write }));
await bench.remove();
