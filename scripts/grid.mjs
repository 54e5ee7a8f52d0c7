/** `npm run grid`: sets everything up, then computes docs/grid.md. */
import { join } from 'node:path';
import { ROOT, runWithSetUp, setUpBuild } from './setup.mjs';

await runWithSetUp(async () => {
  setUpBuild();
  const { main } = await import(join(ROOT, 'dist/test/grid/main.js'));
  return main();
});
