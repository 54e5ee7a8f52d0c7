/** The program as few files: Node then resolves and reads a handful of modules at a start, and not four hundred. */
import { rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Plugin, rolldown } from 'rolldown';
import { placeAll } from './tree.js';

/**
 * File of each program, from the folder of compiled modules. Each is bundled by itself, so that it is read as two or three files:
 * what two of them share is there twice.
 */
const PROGRAMS = { octolinkd: 'daemon/octolinkd.js', worker: 'worker/worker.js', octolink: 'cli/main.js' };
/** Folder of libsodium's addons, by the names of platforms, below the program's. */
export const SODIUM_ADDONS = 'node_modules/sodium-native/prebuilds';
/** Folders of modules that are read one by one: by a browser, for the web page, and by users of `octolink/client`. */
const SINGLY = /^(api|base|cli\/base|cli\/output|client|contract|grammar|web)\/.*\.js$/;

/** Makes the bundle of `dist/src` in a folder. */
export async function makeBundle(root: string, folder: string): Promise<void> {
  const modules = join(root, 'dist/src');
  rmSync(folder, { recursive: true, force: true });
  for (const [name, file] of Object.entries(PROGRAMS)) {
    const build = await rolldown({
      // Names of files follow from the paths of modules, which are told from here.
      cwd: root,
      input: { [name]: join(modules, file) },
      platform: 'node',
      plugins: [sodiumByPath(), bundledWorker(), samePlaces(modules)],
    });
    try {
      await build.write({ dir: folder, format: 'esm', comments: false });
    } finally {
      await build.close();
    }
  }
}

/** Places a bundle below `folder`, with the modules that are read one by one. */
export function placeBundle(root: string, bundle: string, folder: string): void {
  placeAll(bundle, join(folder, 'dist/bundle'), () => true);
  const modules = join(root, 'dist/src');
  placeAll(modules, join(folder, 'dist/src'), (path) => SINGLY.test(path));
}

/**
 * libsodium's addon by its path in the package: `sodium-native` looks for it with twenty packages of its own, in each thread
 * anew, which takes a tenth of a start.
 */
function sodiumByPath(): Plugin {
  return {
    name: 'sodium by path',
    transform(code, id) {
      if (id.endsWith('/node_modules/sodium-native/binding.js')) {
        return {
          code: `module.exports = require(\`../../${SODIUM_ADDONS}/linux-\${process.arch}/sodium-native.node\`);`,
          map: null,
        };
      }
      if (!id.endsWith('/dist/src/crypto/sodium.js')) return null;
      return replaced(
        id,
        code,
        "createRequire(import.meta.url)('sodium-native')",
        "require('sodium-native')",
      );
    },
  };
}

/** The daemon's threads run the bundle as well. */
function bundledWorker(): Plugin {
  return {
    name: 'bundled worker',
    transform(code, id) {
      if (!id.endsWith('/dist/src/daemon/interfaces/worker-thread.js')) return null;
      return replaced(id, code, "'../../worker/worker.js'", "'../../../bundle/worker.js'");
    },
  };
}

/** A module with other words in one place, which has to be there. */
function replaced(id: string, code: string, words: string, others: string) {
  if (!code.includes(words)) throw new Error(`${id} has no ${words}, which the bundle replaces`);
  return { code: code.replace(words, others), map: null };
}

/** Modules go on to find files by the place that they were compiled to. */
function samePlaces(modules: string): Plugin {
  return {
    name: 'same places',
    transform(code, id) {
      const path = relative(modules, id);
      if (path.startsWith('..') || !code.includes('import.meta.url')) return null;
      const place = `new URL(${JSON.stringify(`../src/${path}`)}, import.meta.url).href`;
      return { code: code.replaceAll('import.meta.url', place), map: null };
    },
  };
}
