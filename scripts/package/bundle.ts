/**
 * The program as few files: one each for the daemon, its worker and the CLI, and what they share. Node then resolves and
 * reads some ten modules at a start, and not four hundred.
 */
import { join, relative } from 'node:path';
import { type Plugin, rolldown } from 'rolldown';
import { placeAll, put } from './tree.js';

/** File of each part, from the folder of compiled modules. */
const ENTRIES = { octolinkd: 'daemon/octolinkd.js', worker: 'worker/worker.js', octolink: 'cli/main.js' };
/** Loaded by its path when the program runs: it is native. */
const NATIVE = 'sodium-native';
/** Folders of modules that are read one by one: by a browser, for the web page, and by users of `octolink/client`. */
const SINGLY = /^(api|base|cli\/base|cli\/output|client|contract|grammar|web)\/.*\.js$/;

export interface Bundle {
  folder: string;
  /** Names of the npm packages that went into it: they need no folder of their own. */
  packages: ReadonlySet<string>;
}

/** Makes the bundle of `dist/src` in a folder. */
export async function makeBundle(root: string, folder: string): Promise<Bundle> {
  const modules = join(root, 'dist/src');
  const input = Object.fromEntries(
    Object.entries(ENTRIES).map(([name, file]) => [name, join(modules, file)]),
  );
  const build = await rolldown({
    input,
    platform: 'node',
    external: [NATIVE],
    plugins: [samePlaces(modules)],
  });
  try {
    const { output } = await build.write({ dir: folder, format: 'esm', cleanDir: true });
    const sources = output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
    return { folder, packages: new Set(sources.map(packageOf).filter((name) => name !== null)) };
  } finally {
    await build.close();
  }
}

/** Places a bundle below `folder`, with the modules that are read one by one. */
export function placeBundle(root: string, bundle: Bundle, folder: string): void {
  placeAll(bundle.folder, join(folder, 'dist/bundle'), () => true);
  const modules = join(root, 'dist/src');
  placeAll(modules, join(folder, 'dist/src'), (path) => SINGLY.test(path));
  // Where the daemon looks for it.
  put(join(folder, 'dist/src', ENTRIES.worker), "import '../../bundle/worker.js';\n");
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

/** `zod` of `/…/node_modules/zod/v4/core/core.js`; null of a module of ours. */
function packageOf(file: string): string | null {
  return /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? null;
}
