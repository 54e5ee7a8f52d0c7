/** The walls of the house: who may import whom, what the pure core may touch, how long a file may grow. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LONGEST_FILE = 500;

/**
 * The floors, ground first (decision 0050). A file imports from its own floor and from those below it, types included.
 * A folder that is not named belongs to the floor of the folder around it.
 */
const FLOORS = [
  'base',
  'api',
  'contract',
  'native',
  'grammar',
  'config',
  'crypto',
  'member',
  'wire',
  'switch',
  'state',
  'link',
  'link/choice',
  'link/lane',
  'link/life',
  'datapath/offload',
  'datapath/send',
  'datapath/frames',
  'datapath',
  'worker',
  'handshake',
  'daemon/base',
  'daemon/registry',
  'daemon/interfaces',
  'daemon/joining',
  'daemon/observe',
  'daemon/answers',
  'daemon/commits',
  'daemon/methods',
  'daemon/control',
  'daemon/web',
  'daemon',
  'client',
  'cli/base',
  'cli/output',
  'cli/terminal',
  'cli/commands',
  'cli',
  'web',
].map((folder) => `src/${folder}/`);

interface Rule {
  name: string;
  /** Why the rule stands; shown with every breach. */
  reason: string;
  /** Paths from the root that the rule covers. */
  covers: RegExp;
  /** Files that are exempt, by name. */
  except?: readonly string[];
  /** Import specifiers, resolved to a path from the root when relative, that are refused. */
  imports?: RegExp;
  /** Source text that is refused, comments aside. */
  text?: RegExp;
}

const OUTSIDE_WORLD =
  /^(node:)?(fs|fs\/promises|net|dgram|dns|http|https|tls|crypto|os|perf_hooks|timers|timers\/promises|child_process|worker_threads|cluster|process|readline)$/;
const CLOCKS_AND_DICE =
  /\b(Date\.now|new Date\(\)|performance\.now|Math\.random|setTimeout|setInterval|setImmediate|process\.hrtime|crypto\.getRandomValues)\b/;

const RULES: Rule[] = [
  {
    name: 'the pure core stands apart from the world',
    reason:
      'time, randomness and input are handed in, so that the same code runs in the simulator and for real',
    covers:
      /^src\/(base|api|contract|grammar|config|crypto|member|wire|switch|state|link|datapath|handshake)\//,
    except: ['src/crypto/key-file.ts', 'src/crypto/sodium.ts'],
    imports: new RegExp(`${OUTSIDE_WORLD.source}|^src/native/binding\\.js$`),
    text: CLOCKS_AND_DICE,
  },
  {
    name: 'the CLI imports nothing of the engine',
    reason:
      'it is a program of its own, which shares the control protocol, grammar and configuration only; an authority signs where there is no daemon to ask',
    covers: /^src\/cli\//,
    except: ['src/cli/commands/certificates.ts'],
    imports: /^src\/(?!base\/|api\/|client\/|grammar\/|config\/|cli\/)/,
  },
  {
    name: 'the client library stands alone',
    reason: 'programs of others load it: it brings the definitions of the control API and nothing else',
    covers: /^src\/(client|api)\//,
    imports: /^src\/(?!client\/|api\/)|^(?!node:|src\/)/,
  },
  {
    name: 'the product does not import its own tests and tools',
    reason: 'what ships must not need what does not ship',
    covers: /^src\//,
    imports: /^(test|scripts|bench)\//,
  },
  {
    name: 'only the worker and the daemon load the addon',
    reason: 'one border to the kernel: arguments are checked there before native code trusts them',
    covers: /^src\/(?!native\/|worker\/|daemon\/)/,
    imports: /^src\/native\/binding\.js$/,
    // HKDF, beside libsodium: pure, and its lengths are checked.
    except: ['src/crypto/sodium.ts'],
  },
  {
    name: 'one file alone imports libsodium',
    reason: 'the primitives can be exchanged, and reviewed, in one place',
    covers: /^src\//,
    except: ['src/crypto/sodium.ts'],
    imports: /^sodium-native$/,
  },
  {
    name: 'members are private by `private`, not by #',
    reason: 'one style; what must not be printed hides itself (SecretBytes)',
    covers: /^(src|test|scripts|bench)\//,
    except: ['test/arch.test.ts'],
    text: /\.#\w+/,
  },
];

function typescriptFiles(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return typescriptFiles(path);
    return path.endsWith('.ts') ? [relative(ROOT, path)] : [];
  });
}

/** The text without its comments, so that prose may name what code may not. */
function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1');
}

/** Specifiers of all imports, those of types included. */
function importsOf(file: string, source: string): string[] {
  const statements = /\b(?:import|export)\s+(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]/g;
  const calls = /\b(?:import|require)\(\s*['"]([^'"]+)['"]/g;
  const code = withoutComments(source);
  return [...code.matchAll(statements), ...code.matchAll(calls)].map(([, specifier]) =>
    specifier.startsWith('.') ? join(file, '..', specifier) : specifier,
  );
}

/** What in a file breaks a rule, in words. */
function breaches(rule: Rule, file: string, source: string): string[] {
  if (!rule.covers.test(file) || rule.except?.includes(file)) return [];
  const imported = importsOf(file, source).filter((specifier) => rule.imports?.test(specifier));
  const used = rule.text ? [...withoutComments(source).matchAll(new RegExp(rule.text, 'g'))] : [];
  return [
    ...imported.map((specifier) => `${file} imports ${specifier}`),
    ...used.map(([words]) => `${file} uses ${words}`),
  ];
}

/** Number of the floor on which a file stands; -1 for none. */
function floorOf(file: string): number {
  const above = FLOORS.filter((folder) => file.startsWith(folder));
  return FLOORS.indexOf(above.sort((a, b) => b.length - a.length)[0]);
}

/** Imports of a file from floors above its own. */
function upward(file: string, source: string): string[] {
  const own = importsOf(file, source).filter((specifier) => specifier.startsWith('src/'));
  return own
    .filter((specifier) => floorOf(specifier) > floorOf(file))
    .map((specifier) => `${file} imports ${specifier}`);
}

/** Files that import each other in a circle, each circle from its first file on. */
function circles(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (file: string, trail: readonly string[]): void => {
    if (trail.includes(file)) found.push([...trail.slice(trail.indexOf(file)), file].join(' -> '));
    if (trail.includes(file) || done.has(file)) return;
    for (const next of imports.get(file) ?? []) visit(next, [...trail, file]);
    done.add(file);
  };
  for (const file of imports.keys()) visit(file, []);
  return found;
}

const files = ['src', 'test', 'bench', 'scripts'].flatMap((folder) => typescriptFiles(join(ROOT, folder)));

const product = files.filter((file) => file.startsWith('src/'));
const textOf = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

describe('architecture', () => {
  for (const rule of RULES) {
    it(`${rule.name}, because ${rule.reason}`, () => {
      const found = files.flatMap((file) => breaches(rule, file, textOf(file)));
      expect(found).toEqual([]);
    });
  }

  it('lets arrows only go down, because a floor must be readable without those above it', () => {
    expect(product.flatMap((file) => upward(file, textOf(file)))).toEqual([]);
  });

  it('gives every file a floor, and every floor a file', () => {
    expect(product.filter((file) => floorOf(file) < 0)).toEqual([]);
    expect(FLOORS.filter((folder) => !product.some((file) => file.startsWith(folder)))).toEqual([]);
  });

  it('has no circle between files, because files of a circle can only be understood all at once', () => {
    const imports = product.map((file) => {
      const own = importsOf(file, textOf(file)).map((specifier) => specifier.replace(/\.js$/, '.ts'));
      return [file, own.filter((specifier) => specifier.startsWith('src/'))] as const;
    });
    expect(circles(new Map(imports))).toEqual([]);
  });

  it('exempts nothing that does not exist', () => {
    const exempt = RULES.flatMap(({ except }) => except ?? []);
    expect(exempt.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });

  it(`keeps every file within ${LONGEST_FILE} lines, because one file holds one idea`, () => {
    const long = files.filter((file) => textOf(file).split('\n').length > LONGEST_FILE + 1);
    expect(long).toEqual([]);
  });
});

describe('the check itself', () => {
  const [pure, cli] = RULES;

  it.each([
    ["import { readFileSync } from 'node:fs';", 1],
    ["import os, {\n  cpus,\n} from 'os';", 1],
    ["import '../native/binding.js';", 1],
    ["export { x } from '../native/binding.js';", 1],
    ["const fs = await import('node:fs');", 1],
    ['const now = Date.now();', 1],
    ['setTimeout(f, Math.random());', 2],
    ["import type { NativeError } from '../native/binding.js';", 1],
    ['// never Date.now() here\n/* nor Math.random() */', 0],
    ["import { x } from './frame.js';", 0],
  ])('sees %j as %i breaches of the pure core', (source, count) => {
    expect(breaches(pure, 'src/link/sample.ts', source)).toHaveLength(count);
  });

  it('lets the worker touch the world', () => {
    expect(breaches(pure, 'src/worker/worker.ts', "import 'node:worker_threads';")).toEqual([]);
  });

  it('sees an arrow that goes up, a type included, and none in one that goes down', () => {
    const up = "import type { Engine } from '../datapath/engine.js';";
    expect(upward('src/state/links.ts', up)).toEqual(['src/state/links.ts imports src/datapath/engine.js']);
    expect(upward('src/worker/worker.ts', up)).toEqual([]);
  });

  it('sees a circle, and none where two ways lead to one file', () => {
    const ring = new Map([
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['b']],
    ]);
    expect(circles(ring)).toEqual(['b -> c -> b']);
    expect(
      circles(
        new Map([
          ['a', ['b', 'c']],
          ['b', ['d']],
          ['c', ['d']],
          ['d', []],
        ]),
      ),
    ).toEqual([]);
  });

  it('resolves relative imports before judging them', () => {
    expect(breaches(cli, 'src/cli/main.ts', "import { start } from '../daemon/start.js';")).toEqual([
      'src/cli/main.ts imports src/daemon/start.js',
    ]);
  });
});
