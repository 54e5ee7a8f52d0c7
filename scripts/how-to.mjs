/** `npm run how-to`: the commands of README.md and of the pages in docs/how-to, run as they are written, on fresh hosts. */
import { join } from 'node:path';
import { ROOT, runWithSetUp, setUpBuild, setUpLab } from './setup.mjs';

await runWithSetUp(async () => {
  setUpLab(['nft', 'tc', 'ethtool']);
  setUpBuild();
  const { main } = await import(join(ROOT, 'dist/scripts/how-to/main.js'));
  return main(process.argv.slice(2));
});
