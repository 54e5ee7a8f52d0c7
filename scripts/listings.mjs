/** `npm run listings`: measures listings, Tab and `show counters` of a daemon with a thousand peers. */
import { join } from 'node:path';
import { ROOT, runWithSetUp, setUpBuild, setUpLab } from './setup.mjs';

await runWithSetUp(async () => {
  setUpLab();
  setUpBuild();
  const { main } = await import(join(ROOT, 'dist/scripts/listings/main.js'));
  return main();
});
