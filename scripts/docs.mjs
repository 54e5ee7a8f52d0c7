/** `npm run docs`: builds, then writes the pages that are made from the tables. */
import { runScript } from './set-up/script.mjs';

await runScript({ module: 'dist/scripts/docs/main.js' });
