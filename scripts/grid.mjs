/** `npm run grid`: sets everything up, then computes docs/grid.md. */
import { runScript } from './set-up/script.mjs';

await runScript({ module: 'dist/test/grid/main.js', takesWords: true });
