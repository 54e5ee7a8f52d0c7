/** `npm run node-matrix`: a telling part of the tests under each version of Node that is supported, and docs/node.md. */
import { join } from 'node:path';
import { ROOT, runWithSetUp, setUpBuild, setUpLab } from './setup.mjs';

await runWithSetUp(async () => {
  if (!process.argv.includes('--help')) setUpLab();
  setUpBuild();
  const { main } = await import(join(ROOT, 'dist/scripts/node-matrix/main.js'));
  return main(process.argv.slice(2));
});
