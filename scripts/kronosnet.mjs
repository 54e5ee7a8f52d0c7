/** `npm run kronosnet`: Octolink and libknet under the same drill, and docs/kronosnet-drill.md from it. */
import { runScript } from './set-up/script.mjs';

await runScript({ module: 'dist/scripts/kronosnet/main.js', lab: ['nft', 'tc', 'iperf3', 'gcc'] });
