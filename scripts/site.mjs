/** `npm run site`: the documentation as a static site in build/site; `-- --check` checks its links only. */
import { join } from 'node:path';
import { ROOT, runWithSetUp, setUpBuild } from './setup.mjs';

await runWithSetUp(async () => {
  setUpBuild();
  const { main } = await import(join(ROOT, 'dist/scripts/site/main.js'));
  return main(process.argv.slice(2));
});
