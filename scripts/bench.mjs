/** `npm run bench`: sets everything up, then measures Octolink beside other VPNs. */
import { runScript } from './set-up/script.mjs';
import { BENCH_PROGRAMS } from './setup.mjs';

await runScript({ module: 'dist/bench/main.js', lab: BENCH_PROGRAMS });
