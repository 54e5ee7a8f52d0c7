/** `npm run package`: builds, then makes the Debian packages, the tarballs and the npm packages. */
import { join } from 'node:path';
import { ROOT, runWithSetUp, setUpBuild } from './setup.mjs';

await runWithSetUp(async () => {
  setUpBuild();
  const { main } = await import(join(ROOT, 'dist/scripts/package/main.js'));
  return main(process.argv.slice(2));
});
