/** `npm run package`: builds, then makes the Debian packages, the tarballs and the npm packages. */
import { runScript } from './set-up/script.mjs';

await runScript({ module: 'dist/scripts/package/main.js' });
