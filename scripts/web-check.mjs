/** `npm run web-check`: opens the web page of a real network in headless Chromium, checks it and takes its pictures. */
import { join } from 'node:path';
import { ROOT, runWithSetUp, setUpBuild, setUpLab } from './setup.mjs';

await runWithSetUp(async () => {
  setUpLab(['chromium']);
  setUpBuild();
  const { main } = await import(join(ROOT, 'dist/scripts/web-check/main.js'));
  return main();
});
