/** `npm run package-test`: makes the packages twice, compares them, and tries them on clean systems. */
import { join } from 'node:path';
import { ensurePrograms } from './set-up/machine.mjs';
import { ROOT, runWithSetUp, setUpBuild, setUpLab } from './setup.mjs';

await runWithSetUp(async () => {
  if (!process.argv.includes('--help')) {
    setUpLab();
    ensurePrograms(['debootstrap', 'dpkg-deb', 'lintian']);
  }
  setUpBuild();
  const { main } = await import(join(ROOT, 'dist/scripts/package/trial.js'));
  return main(process.argv.slice(2));
});
