/** `node scripts/stream.mjs send|receive`: sets everything up, then runs one end of a numbered stream. */
import { join } from 'node:path';
import { ROOT, runWithSetUp, setUpBuild } from './setup.mjs';

await runWithSetUp(async () => {
  setUpBuild();
  const { main } = await import(join(ROOT, 'dist/scripts/stream/main.js'));
  return main(process.argv.slice(2));
});
