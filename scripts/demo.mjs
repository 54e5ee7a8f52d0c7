/** `npm run demo`: sets everything up, then runs the failover demonstration. */
import { runScript } from './set-up/script.mjs';

await runScript({ module: 'dist/scripts/demo/main.js', lab: [] });
