/** `npm run swarm`: sets everything up, then measures a server with many clients. */
import { join } from 'node:path';
import { ROOT, runWithSetUp, setUpBuild, setUpLab } from './setup.mjs';

await runWithSetUp(async () => {
  if (!process.argv.includes('--help')) setUpLab();
  setUpBuild();
  const { main } = await import(join(ROOT, 'dist/bench/swarm/main.js'));
  return main(process.argv.slice(2));
});
