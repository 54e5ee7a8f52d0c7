/** `npm run tasks`: types forty tasks of an engineer into the CLI and writes what the screen shows to the page of tasks. */
import { join } from 'node:path';
import { ROOT, runWithSetUp, setUpBuild, setUpLab } from './setup.mjs';

await runWithSetUp(async () => {
  setUpLab(['nft', 'tmux']);
  setUpBuild();
  const { main } = await import(join(ROOT, 'dist/scripts/tasks/main.js'));
  return main(process.argv.slice(2));
});
