/** The pages that a newcomer follows: their commands are run as they are written. */
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { followPage } from '../../scripts/how-to/main.js';
import { README_SCENE } from '../../scripts/how-to/scenes.js';
import { ROOT } from '../../scripts/lab/mesh.js';
import { pageBlocks } from '../../scripts/lab/page-blocks.js';
import { capture } from '../../scripts/lab/run.js';
import { needsLab } from './support.js';

beforeEach(needsLab);

/** Longer than the page itself waits: its commands have limits of their own, of some seconds each. */
const PATIENCE_MS = 150_000;

/** Network namespaces that the page names are seen by nobody else, and all that it starts ends with its shell. */
const ALONE = ['-m', '-n', '-p', '-f', '--kill-child', '--mount-proc', 'bash', '-euc'];
const PRIVATE_NAMES = 'mkdir -p /run/netns; mount -t tmpfs tmpfs /run/netns';

it('docs/tutorial.md: every command works as written', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'octolink-tutorial-'));
  try {
    const blocks = pageBlocks(readFileSync(join(ROOT, 'docs/tutorial.md'), 'utf8'));
    expect(blocks.filter(({ isCheck }) => isCheck)).not.toEqual([]);
    const script = [PRIVATE_NAMES, 'set -o pipefail', ...blocks.map((block) => block.script)].join('\n');
    const { code, stdout, stderr } = await capture('unshare', [...ALONE, script], {
      cwd: folder,
      env: { ...process.env, PATH: `${join(ROOT, 'bin')}:${process.env['PATH']}` },
      timeoutMs: PATIENCE_MS,
    });
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('% ')]);
    expect(stdout).toContain('300 packets transmitted, 300 received');
    expect(await readdir(folder)).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

it('README.md: a network in three commands', async () => {
  await followPage(README_SCENE);
});
