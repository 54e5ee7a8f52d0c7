/** The walls of the house: who may import whom, what the pure core may touch, how long a file may grow. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LONGEST_FILE = 500;

interface Rule {
  name: string;
  /** Why the rule stands; shown with every breach. */
  reason: string;
  /** Paths from the root that the rule covers, and exceptions to them. */
  covers: RegExp;
  except?: RegExp;
  /** Import specifiers, resolved to a path from the root when relative, that are refused. */
  imports?: RegExp;
  /** Source text that is refused, comments aside. */
  text?: RegExp;
}

const OUTSIDE_WORLD =
  /^(node:)?(fs|fs\/promises|net|dgram|dns|http|https|tls|crypto|os|perf_hooks|timers|timers\/promises|child_process|worker_threads|cluster|process|readline)$/;
/** Where the pure folders meet the world, on purpose and by name. */
const SHELLS = /^src\/(worker\/worker|crypto\/(keys|key-file|primitives|sodium))\.ts$/;
const CLOCKS_AND_DICE =
  /\b(Date\.now|new Date\(\)|performance\.now|Math\.random|setTimeout|setInterval|setImmediate|process\.hrtime|crypto\.getRandomValues)\b/;

const RULES: Rule[] = [
  {
    name: 'the pure core stands apart from the world',
    reason:
      'time, randomness and input are handed in, so that the same code runs in the simulator and for real',
    covers: /^src\/(base|contract|wire|state|switch|link|datapath|handshake|grammar|config|crypto)\//,
    except: SHELLS,
    imports: new RegExp(`${OUTSIDE_WORLD.source}|^src/native/binding\\.js$`),
    text: CLOCKS_AND_DICE,
  },
  {
    name: 'the CLI does not import the daemon',
    reason: 'they are two programs that share the control protocol in src/api/ and the grammar only',
    covers: /^src\/cli\//,
    imports: /^src\/(daemon|datapath|worker|native|link|switch|handshake)\//,
  },
  {
    name: 'the daemon does not import the CLI',
    reason: 'the daemon must start without a terminal, and a fault in the CLI must not reach it',
    covers: /^src\/(?!cli\/)/,
    imports: /^src\/cli\//,
  },
  {
    name: 'the client library stands alone',
    reason: 'programs of others load it: it brings the definitions of the control API and nothing else',
    covers: /^src\/client\//,
    imports: /^src\/(?!client\/|api\/)|^(?!node:|src\/)/,
  },
  {
    name: 'the product does not import its own tests and tools',
    reason: 'what ships must not need what does not ship',
    covers: /^src\//,
    imports: /^(test|scripts|bench)\//,
  },
  {
    name: 'only the datapath, the daemon and their tests load the addon',
    reason: 'one border to the kernel: arguments are checked there before native code trusts them',
    covers: /^src\/(?!native\/|worker\/|daemon\/)/,
    imports: /^src\/native\/binding\.js$/,
  },
  {
    name: 'one file alone imports libsodium',
    reason: 'the primitives can be exchanged, and reviewed, in one place',
    covers: /^src\//,
    except: /^src\/crypto\/sodium\.ts$/,
    imports: /^sodium-native$/,
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

/** Specifiers of all imports, `import type` aside: a type is gone when the code runs. */
function importsOf(file: string, source: string): string[] {
  const statements = /\b(?:import|export)\s+(?!type\b)(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]/g;
  const calls = /\b(?:import|require)\(\s*['"]([^'"]+)['"]/g;
  const code = withoutComments(source);
  return [...code.matchAll(statements), ...code.matchAll(calls)].map(([, specifier]) =>
    specifier.startsWith('.') ? join(file, '..', specifier) : specifier,
  );
}

/** What in a file breaks a rule, in words. */
function breaches(rule: Rule, file: string, source: string): string[] {
  if (!rule.covers.test(file) || rule.except?.test(file)) return [];
  const imported = importsOf(file, source).filter((specifier) => rule.imports?.test(specifier));
  const used = rule.text ? [...withoutComments(source).matchAll(new RegExp(rule.text, 'g'))] : [];
  return [
    ...imported.map((specifier) => `${file} imports ${specifier}`),
    ...used.map(([words]) => `${file} uses ${words}`),
  ];
}

const files = ['src', 'test', 'bench', 'scripts'].flatMap((folder) => typescriptFiles(join(ROOT, folder)));

describe('architecture', () => {
  for (const rule of RULES) {
    it(`${rule.name}, because ${rule.reason}`, () => {
      const found = files.flatMap((file) => breaches(rule, file, readFileSync(join(ROOT, file), 'utf8')));
      expect(found).toEqual([]);
    });
  }

  it(`keeps every file within ${LONGEST_FILE} lines, because one file holds one idea`, () => {
    const long = files.filter(
      (file) => readFileSync(join(ROOT, file), 'utf8').split('\n').length > LONGEST_FILE + 1,
    );
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
    ["import type { NativeError } from '../native/binding.js';", 0],
    ['// never Date.now() here\n/* nor Math.random() */', 0],
    ["import { x } from './frame.js';", 0],
  ])('sees %j as %i breaches of the pure core', (source, count) => {
    expect(breaches(pure, 'src/link/sample.ts', source)).toHaveLength(count);
  });

  it('lets the shell of the datapath touch the world', () => {
    expect(breaches(pure, 'src/worker/worker.ts', "import 'node:worker_threads';")).toEqual([]);
  });

  it('resolves relative imports before judging them', () => {
    expect(breaches(cli, 'src/cli/main.ts', "import { start } from '../daemon/start.js';")).toEqual([
      'src/cli/main.ts imports src/daemon/start.js',
    ]);
  });
});
