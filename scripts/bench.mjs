/** `npm run bench`: sets everything up, then measures Octolink beside other VPNs. */
import { join } from 'node:path';
import { BENCH_PROGRAMS, ROOT, runWithSetUp, setUpBuild, setUpLab } from './setup.mjs';

await runWithSetUp(async () => {
  if (!process.argv.includes('--help')) setUpLab(BENCH_PROGRAMS);
  setUpBuild();
  const { main } = await import(join(ROOT, 'dist/bench/main.js'));
  return main(process.argv.slice(2));
});
