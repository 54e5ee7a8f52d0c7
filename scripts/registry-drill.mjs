/** `npm run registry-drill`: sets everything up, then has many members find each other by etcd. */
import { runScript } from './set-up/script.mjs';

await runScript({ module: 'dist/scripts/registry-drill/main.js', lab: ['tc'] });
