/** `npm run swarm`: sets everything up, then measures a server with many clients. */
import { runScript } from './set-up/script.mjs';
import { BENCH_PROGRAMS } from './setup.mjs';

await runScript({ module: 'dist/bench/swarm/main.js', lab: BENCH_PROGRAMS });
