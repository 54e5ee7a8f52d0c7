/** `npm run neighbours`: real programs over a tunnel whose links are cut, and what became of them as docs/neighbours.md. */
import { runScript } from './set-up/script.mjs';

await runScript({ module: 'dist/scripts/neighbours/main.js', lab: ['nft', 'tc', 'ethtool'] });
