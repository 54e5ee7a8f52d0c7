/** `npm run web-check`: opens the web page of a real network in headless Chromium, checks it and takes its pictures. */
import { runScript } from './set-up/script.mjs';

await runScript({ module: 'dist/scripts/web-check/main.js', lab: ['chromium'] });
