/** What scripts say of themselves. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

const { refusal } = (await import(join(ROOT, 'scripts/set-up/script.mjs'))) as {
  refusal: (help: string, args: readonly string[], takesWords?: boolean) => string | null;
};

/** Names of the scripts of the project, without `setup`, which only builds. */
export const SCRIPTS = readdirSync(join(ROOT, 'scripts'))
  .filter((name) => name.endsWith('.mjs') && name !== 'setup.mjs')
  .map((name) => name.slice(0, -'.mjs'.length));

/** Usage of a script, and whether it takes words beside its options. */
export async function usageOf(script: string): Promise<{ help: string; takesWords: boolean }> {
  const text = readFileSync(join(ROOT, 'scripts', `${script}.mjs`), 'utf8');
  const takesWords = text.includes('takesWords: true');
  const own = /^const HELP = `(.*?)`;$/ms.exec(text)?.[1];
  if (own !== undefined) return { help: own, takesWords };
  const module = /runScript\(\{\s*module: '([^']+)'/.exec(text)?.[1];
  const { HELP } = (await import(join(ROOT, module ?? 'none'))) as { HELP: string };
  return { help: HELP, takesWords };
}

/** Why a script refuses a command line, or null. */
export async function refusalOf(script: string, args: readonly string[]): Promise<string | null> {
  const { help, takesWords } = await usageOf(script);
  return refusal(help, args, takesWords);
}
