/** `npm run registry-drill`: sets everything up, then has many members find each other by etcd. */
import { join } from 'node:path';
import { ROOT, runWithSetUp, setUpBuild, setUpLab } from './setup.mjs';

await runWithSetUp(async () => {
  if (!process.argv.includes('--help')) setUpLab(['tc']);
  setUpBuild();
  const { main } = await import(join(ROOT, 'dist/scripts/registry-drill/main.js'));
  return main(process.argv.slice(2));
});
