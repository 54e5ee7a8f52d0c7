/** Scripts that `npm run` names: each tells its usage, and does nothing where it is called wrongly. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { capture } from '../../scripts/lab/run.js';
import { ROOT, refusalOf, SCRIPTS, usageOf } from './usage.js';

/** Their options are those of Node and Biome. */
const OF_OTHERS = ['build', 'check', 'format'];

describe('scripts', () => {
  it('are behind every name in package.json', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    for (const [name, command] of Object.entries(scripts)) {
      if (!OF_OTHERS.includes(name))
        expect(SCRIPTS).toContain(/^node scripts\/(\S+)\.mjs\b/.exec(command)?.[1]);
    }
  });

  it.each(SCRIPTS)('%s tells its usage and refuses what it does not know', async (name) => {
    const { help } = await usageOf(name);
    expect(help.split('\n')[0]).toMatch(new RegExp(`npm (run )?${name}\\b|node scripts/${name}\\.mjs`));
    expect(await refusalOf(name, ['--no-such=1'])).toContain("'--no-such=1'");
    expect(await refusalOf(name, ['--help'])).toBeNull();
  });

  it('take words only where they know what to do with them', async () => {
    expect(await refusalOf('changelog', ['now'])).toContain("'now'");
    expect(await refusalOf('tasks', ['ping'])).toBeNull();
    expect(await refusalOf('how-to', ['--only', 'README'])).toBeNull();
  });

  it('answer as processes before they change anything', async () => {
    const changelog = () => readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8');
    const before = changelog();
    const script = join(ROOT, 'scripts/changelog.mjs');
    const told = await capture(process.execPath, [script, '--help']);
    expect(told).toMatchObject({ code: 0, stdout: expect.stringContaining('usage: npm run changelog') });
    const refused = await capture(process.execPath, [script, '--halp']);
    expect(refused).toMatchObject({ code: 64, stderr: expect.stringContaining("no option '--halp'") });
    expect(changelog()).toBe(before);
  });
});
