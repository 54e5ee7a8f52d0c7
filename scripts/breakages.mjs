/** `npm run breakages`: breaks two daemons in ten ways and writes what they say to the page of troubleshooting. */
import { join } from 'node:path';
import { ROOT, runWithSetUp, setUpBuild, setUpLab } from './setup.mjs';

await runWithSetUp(async () => {
  setUpLab(['nft']);
  setUpBuild();
  const { main } = await import(join(ROOT, 'dist/scripts/breakages/main.js'));
  return main(process.argv.slice(2));
});
