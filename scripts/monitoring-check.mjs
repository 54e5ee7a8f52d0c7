/** `npm run monitoring-check`: promtool reads the alert rules and runs their tests. */
import { join } from 'node:path';
import { ROOT, runWithSetUp, setUpBuild } from './setup.mjs';

await runWithSetUp(async () => {
  setUpBuild();
  const { main } = await import(join(ROOT, 'dist/scripts/monitoring-check/main.js'));
  return main();
});
