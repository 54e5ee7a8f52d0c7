/** `npm run how-to`: the commands of README.md and of the pages in docs, run as they are written, on fresh hosts. */
import { runScript } from './set-up/script.mjs';

await runScript({ module: 'dist/scripts/how-to/main.js', lab: ['nft', 'tc', 'ethtool'] });
