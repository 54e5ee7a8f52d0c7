/** `npm run docs`: builds, then writes the pages that are made from the tables. */
import { join } from 'node:path';
import { ROOT, runWithSetUp, setUpBuild } from './setup.mjs';

await runWithSetUp(async () => {
  setUpBuild();
  const { main } = await import(join(ROOT, 'dist/scripts/docs/main.js'));
  return main();
});
