/** `npm run monitoring-check`: promtool reads the alert rules and runs their tests. */
import { runScript } from './set-up/script.mjs';

await runScript({ module: 'dist/scripts/monitoring-check/main.js' });
