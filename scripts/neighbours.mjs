/** `npm run neighbours`: real programs over a tunnel whose links are cut, and what became of them as docs/neighbours.md. */
import { join } from 'node:path';
import { ROOT, runWithSetUp, setUpBuild, setUpLab } from './setup.mjs';

await runWithSetUp(async () => {
  setUpLab(['nft', 'tc', 'ethtool']);
  setUpBuild();
  const { main } = await import(join(ROOT, 'dist/scripts/neighbours/main.js'));
  return main(process.argv.slice(2));
});
