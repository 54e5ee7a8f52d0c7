/** `bundle.mjs ROOT FOLDER` bundles the compiled programs: a process of its own, because the rest of the set-up waits for nothing. */
import { renameSync, rmSync } from 'node:fs';
import { makeBundle } from '../../dist/scripts/package/bundle.js';

const [root, folder] = process.argv.slice(2);
await makeBundle(root, `${folder}.new`);
rmSync(folder, { recursive: true, force: true });
renameSync(`${folder}.new`, folder);
