/** `npm run node-matrix`: a telling part of the tests under each version of Node that is supported, and docs/node.md. */
import { runScript } from './set-up/script.mjs';

await runScript({ module: 'dist/scripts/node-matrix/main.js', lab: [] });
