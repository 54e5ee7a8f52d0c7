/**
 * Builds another revision of Octolink in a git worktree under `build/against`, where it is kept for later runs. An
 * unfinished one is removed when the build is interrupted or fails, or else by the next run.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../scripts/lab/mesh.js';
import { capture, run } from '../../scripts/lab/run.js';

const FOLDER = join(ROOT, 'build/against');
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** A built tree whose `bin/octolinkd` and `bin/octolink` can be run. */
export interface Build {
  /** Its name in the report. */
  title: string;
  /** Full id of its commit. */
  commit: string;
  tree: string;
}

function git(...args: string[]): Promise<string> {
  return run('git', ['-C', ROOT, ...args]);
}

/** The build that contains this bench. */
export async function buildHere(): Promise<Build> {
  const commit = (await git('rev-parse', 'HEAD')).trim();
  const changed = (await git('status', '--porcelain')).trim() !== '';
  return { title: `here (${commit.slice(0, 7)}${changed ? ', changed' : ''})`, commit, tree: ROOT };
}

/**
 * Builds a revision, unless it is built already.
 * @param name Anything that git takes for a commit.
 * @throws Error with a sentence for the user when there is no such commit, or when it does not build.
 */
export async function buildRevision(name: string, say: (text: string) => void): Promise<Build> {
  const found = await capture('git', [
    '-C',
    ROOT,
    'rev-parse',
    '--verify',
    '--end-of-options',
    `${name}^{commit}`,
  ]);
  if (found.code !== 0) throw new Error(`no revision is called '${name}'`);
  const commit = found.stdout.trim();
  const short = commit.slice(0, 7);
  const build = { title: short, commit, tree: join(FOLDER, short) };
  const marker = `${build.tree}.complete`;
  if (existsSync(marker) && readFileSync(marker, 'utf8') === commit && existsSync(build.tree)) return build;

  say(`building ${short} in ${build.tree}`);
  const link: Step[] = (await hasPackagesOfHere(commit))
    ? [{ command: 'cp', args: ['-al', join(ROOT, 'node_modules'), build.tree], cwd: ROOT }]
    : [];
  removeTree(build.tree);
  await makeTree(build.tree, [
    { command: 'git', args: ['worktree', 'add', '--quiet', '--detach', build.tree, commit], cwd: ROOT },
    ...link,
    { command: 'npm', args: ['run', '--silent', 'build'], cwd: build.tree },
  ]);
  writeFileSync(marker, commit);
  return build;
}

interface Step {
  command: string;
  args: string[];
  cwd: string;
}

/** Runs the steps in order. When one fails or a signal arrives, the running step is killed and the tree removed. */
async function makeTree(tree: string, steps: Step[]): Promise<void> {
  let running: ChildProcess | undefined;
  const giveUp = (signal: keyof typeof SIGNALS) => {
    killGroup(running);
    removeTree(tree);
    process.exit(128 + SIGNALS[signal]);
  };
  const signals = Object.keys(SIGNALS) as (keyof typeof SIGNALS)[];
  for (const signal of signals) process.on(signal, giveUp);
  try {
    for (const { command, args, cwd } of steps) {
      running = spawn(command, args, { cwd, detached: true, stdio: ['ignore', 2, 2] });
      await finish(running, [command, ...args].join(' '));
    }
  } catch (error) {
    removeTree(tree);
    throw error;
  } finally {
    for (const signal of signals) process.off(signal, giveUp);
  }
}

/** Resolves when a program has succeeded. */
function finish(child: ChildProcess, commandLine: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`\`${commandLine}\` failed`));
    });
  });
}

/** Kills a step and everything it has started. */
function killGroup(step: ChildProcess | undefined): void {
  if (step?.pid === undefined || step.exitCode !== null || step.signalCode !== null) return;
  process.kill(-step.pid, 'SIGKILL');
}

/** True when a commit has the same lockfile as this tree, so that packages can be linked instead of fetched. */
async function hasPackagesOfHere(commit: string): Promise<boolean> {
  const there = await capture('git', ['-C', ROOT, 'show', `${commit}:package-lock.json`]);
  return there.stdout === readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
}

/** Removes a worktree with its marker. Synchronous, because it also runs while the process exits. */
function removeTree(tree: string): void {
  rmSync(`${tree}.complete`, { force: true });
  rmSync(tree, { recursive: true, force: true, maxRetries: 3 });
  // Forced twice, because git locks a worktree while it is being created.
  spawnSync('git', ['-C', ROOT, 'worktree', 'remove', '--force', '--force', tree]);
}
