/** `npm run listings`: measures listings, Tab and `show counters` of a daemon with a thousand peers. */
import { runScript } from './set-up/script.mjs';

await runScript({ module: 'dist/scripts/listings/main.js', lab: [] });
