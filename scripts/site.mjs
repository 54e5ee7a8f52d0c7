/** `npm run site`: the documentation as a static site in build/site; `-- --check` checks its links only. */
import { runScript } from './set-up/script.mjs';

await runScript({ module: 'dist/scripts/site/main.js' });
