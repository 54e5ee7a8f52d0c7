/** `npm run grid`: sets everything up, then computes the grid of docs/grid.md anew. */
import { join } from 'node:path';
import { ROOT, runWithSetUp, setUpBuild } from './setup.mjs';

await runWithSetUp(async () => {
  setUpBuild();
  const { main } = await import(join(ROOT, 'dist/test/grid/main.js'));
  return main();
});
