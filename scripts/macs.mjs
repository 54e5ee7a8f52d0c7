/** `npm run macs`: what the MAC table by itself costs a frame. */
import { runScript } from './set-up/script.mjs';

await runScript({ module: 'dist/bench/macs.js' });
