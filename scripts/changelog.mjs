/** `npm run changelog`: CHANGELOG.md, from version tags and the subjects of commits. */
import { runScript } from './set-up/script.mjs';

await runScript({ module: 'dist/scripts/package/changelog.js' });
