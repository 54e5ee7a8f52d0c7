/** A daemon that may open few files says so in one line, whatever it was started for. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { OCTOLINKD } from '../../scripts/lab/mesh.js';
import { FILES_NEEDED, openFilesLimit, openFilesProblem } from '../../src/daemon/base/open-files.js';

/** Runs the daemon with `words` where a process may open so many files. */
function underLimit(files: number, ...words: string[]) {
  const [command, ...program] = [process.execPath, ...OCTOLINKD, ...words];
  return spawnSync('sh', ['-c', `ulimit -n ${files} && exec "$@"`, 'sh', command, ...program], {
    encoding: 'utf8',
  });
}

it.each([32, 64, FILES_NEEDED - 1])('with %i files it names the limit and what it needs', (files) => {
  for (const words of [[], ['--version']]) {
    const { status, stdout, stderr } = underLimit(files, ...words);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      new RegExp(`^octolinkd: this process may open ${files} files, and needs ${FILES_NEEDED}: raise.*\n$`),
    );
  }
});

it('with as many as it needs it starts, and it knows the limit of this process', () => {
  expect(underLimit(FILES_NEEDED, '--version').stdout).toMatch(/^octolinkd \d/);
  expect(openFilesLimit()).toBeGreaterThan(readdirSync('/proc/self/fd').length);
  expect(openFilesProblem(null)).toBeNull();
});
