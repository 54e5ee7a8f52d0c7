/** `npm run changelog`: CHANGELOG.md, from version tags and the subjects of commits. */
import { join } from 'node:path';
import { ROOT, runWithSetUp, setUpBuild } from './setup.mjs';

await runWithSetUp(async () => {
  setUpBuild();
  const { main } = await import(join(ROOT, 'dist/scripts/package/changelog.js'));
  return main();
});
