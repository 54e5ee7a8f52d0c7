/** The code that pages show: the compiler reads it, against the library and the lab as they are. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../lab/mesh.js';
import { capture } from '../lab/run.js';

const FOLDER = join(ROOT, 'build/how-to');
const PATIENCE_MS = 120_000;
const CODE = /^```(?:js|ts)\n([\s\S]*?)^```$/gm;
const OPTIONS = {
  noEmit: true,
  incremental: false,
  rootDir: ROOT,
  typeRoots: [join(ROOT, 'node_modules/@types')],
  noUnusedLocals: false,
  paths: { 'octolink/client': [join(ROOT, 'src/client/index.ts')] },
};

/** Pages with code, by their paths from the root. */
export function pagesWithCode(): string[] {
  const pages = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' });
  return pages
    .map((name) => join('docs', name))
    .filter((page) => page.endsWith('.md') && codeOf(page) !== '')
    .sort();
}

/** Has the compiler read the blocks of code of a page, one after the other, as one program. @throws with what it says */
export async function checkCode(page: string): Promise<void> {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const code = codeOf(page).replaceAll("'./scripts/", `'${join(ROOT, 'scripts')}/`);
  writeFileSync(join(FOLDER, 'page.mts'), code);
  const project = { extends: join(ROOT, 'tsconfig.json'), compilerOptions: OPTIONS, include: ['page.mts'] };
  writeFileSync(join(FOLDER, 'tsconfig.json'), JSON.stringify(project));
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  const told = await capture(process.execPath, [compiler, '-p', FOLDER], { timeoutMs: PATIENCE_MS });
  if (told.code !== 0) throw new Error(told.stdout);
}

function codeOf(page: string): string {
  return [...readFileSync(join(ROOT, page), 'utf8').matchAll(CODE)].map(([, code]) => code).join('\n');
}
