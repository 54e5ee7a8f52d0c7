/** `npm run kronosnet`: Octolink and libknet under the same drill, and docs/kronosnet-drill.md from it. */
import { join } from 'node:path';
import { ROOT, runWithSetUp, setUpBuild, setUpLab } from './setup.mjs';

await runWithSetUp(async () => {
  setUpLab(['nft', 'tc', 'iperf3', 'gcc']);
  setUpBuild();
  const { main } = await import(join(ROOT, 'dist/scripts/kronosnet/main.js'));
  return main(process.argv.slice(2));
});
