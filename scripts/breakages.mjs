/** `npm run breakages`: breaks two daemons in ten ways and writes what they say to the page of troubleshooting. */
import { runScript } from './set-up/script.mjs';

await runScript({ module: 'dist/scripts/breakages/main.js', lab: ['nft'], takesWords: true });
