/** `npm run demo`: sets everything up, then runs the failover demonstration. */
import { join } from 'node:path';
import { ROOT, runWithSetUp, setUpBuild, setUpLab } from './setup.mjs';

await runWithSetUp(async () => {
  if (!process.argv.includes('--help')) setUpLab();
  setUpBuild();
  const { main } = await import(join(ROOT, 'dist/scripts/demo/main.js'));
  return main(process.argv.slice(2));
});
