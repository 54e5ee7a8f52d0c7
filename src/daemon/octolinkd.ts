/** The program `octolinkd`: the thread of the first datapath worker loads its modules while this one loads all others. */
import { openFilesLimit, openFilesProblem } from './base/open-files.js';
import { prepareWorker } from './interfaces/worker-thread.js';

/** With these it ends without a worker. */
const ENDS_SOON = ['--check', '--help', '--version'];

const problem = openFilesProblem(openFilesLimit());
if (problem !== null) {
  process.stderr.write(`octolinkd: ${problem}\n`);
  process.exit(1);
}
if (!process.argv.some((word) => ENDS_SOON.includes(word))) prepareWorker();
await import('./main.js');
