/** `npm run drill`: sets everything up, then lets links die and reports what happened to the traffic. */
import { join } from 'node:path';
import { ROOT, runWithSetUp, setUpBuild, setUpLab } from './setup.mjs';

await runWithSetUp(async () => {
  if (!process.argv.includes('--help')) setUpLab(['tc']);
  setUpBuild();
  const { main } = await import(join(ROOT, 'dist/scripts/drill/main.js'));
  return main(process.argv.slice(2));
});
