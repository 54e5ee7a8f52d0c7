/** `npm run drill`: sets everything up, then lets links die and reports what happened to the traffic. */
import { runScript } from './set-up/script.mjs';

await runScript({ module: 'dist/scripts/drill/main.js', lab: ['tc'] });
