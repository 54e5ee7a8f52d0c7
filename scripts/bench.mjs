/** `npm run bench`: sets everything up, then measures Octolink beside other VPNs. */
import { runScript } from './set-up/script.mjs';

await runScript({ module: 'dist/bench/main.js', lab: ['ss', 'ethtool', 'iperf3'] });
