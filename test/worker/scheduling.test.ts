import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { leadsSession } from '../../src/worker/scheduling.js';

/** What a program says of itself once it has asked to be scheduled like a worker. */
const PROGRAM = `
  import { readFileSync } from 'node:fs';
  const at = (path) => import(new URL(path, ${JSON.stringify(import.meta.url)}));
  const { loadNative } = await at('../../src/native/binding.js');
  const { schedule } = await at('../../src/worker/scheduling.js');
  schedule(loadNative(), false);
  process.stdout.write(readFileSync('/proc/self/autogroup', 'utf8'));
`;

function autogroupOf(detached: boolean): Promise<string> {
  const args = ['--input-type=module', '--eval', PROGRAM];
  const child = spawn(process.execPath, args, { detached, stdio: ['ignore', 'pipe', 'inherit'] });
  return text(child.stdout!);
}

describe('whether a process leads its session', () => {
  it.each([
    ['77 (octolinkd) S 1 77 77 0 -1', true],
    ['77 (octolinkd) S 60 77 60 34816 77', false],
    ['77 (a) S 1 77 77) R 60 77 60 0 -1', false],
    ['77 (b ) ( ) S 1 77 77 0 -1', true],
  ])('is read from %j', (stat, leads) => expect(leadsSession(77, stat)).toBe(leads));
});

describe('a worker', () => {
  const canRaise = process.getuid?.() === 0 && existsSync('/proc/self/autogroup');

  it.runIf(canRaise)('goes before other sessions where it has one of its own', async () =>
    expect(await autogroupOf(true)).toMatch(/nice -10$/m),
  );

  it.runIf(canRaise)('leaves the session of somebody else alone', async () =>
    expect(await autogroupOf(false)).not.toMatch(/nice -10$/m),
  );
});
