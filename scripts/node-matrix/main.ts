/** `npm run node-matrix`: fetches each release of Node, runs tests under it, and writes what they said to docs/node.md. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { release as kernel } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { run } from '../lab/run.js';
import { fetchRuntime } from '../package/runtime.js';
import { ARCHITECTURES, type NodeRelease, targetOf } from '../package/targets.js';
import { type Outcome, page, readReport } from './outcome.js';
import { lineOf, RELEASES } from './releases.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** What touches Node most: addon, threads, OpenSSL, sockets; and daemons from start to end. */
const TESTS = ['native', 'crypto', 'control', 'netns/traffic', 'netns/lifecycle', 'netns/service'];
export const HELP = `npm run node-matrix -- [options]

Fetches the releases of Node that Octolink is tested with from npm (${RELEASES.map(({ version }) => version).join(', ')}),
each checked by its hash, and runs under each of them the tests of ${TESTS.join(', ')}. Writes docs/node.md.

  --node LIST   only these lines: 22,26 (the page keeps what was said of the others)
  --help
`;

/** Returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { node: { type: 'string' } },
  });
  const lines = values.node?.split(',') ?? RELEASES.map(lineOf);
  const unknown = lines.find((line) => !RELEASES.some((release) => lineOf(release) === line));
  if (unknown !== undefined) {
    process.stderr.write(`--node takes ${RELEASES.map(lineOf).join(', ')}, not '${unknown}'\n`);
    return 64;
  }
  const outcomes: Outcome[] = [];
  for (const release of RELEASES) {
    const file = join(ROOT, 'build/node-matrix', `${release.version}.json`);
    if (lines.includes(lineOf(release))) await tryRelease(release, file);
    if (existsSync(file)) outcomes.push(JSON.parse(readFileSync(file, 'utf8')) as Outcome);
  }
  writeFileSync(join(ROOT, 'docs/node.md'), page(outcomes, TESTS, kernel().split('.', 2).join('.')));
  for (const { node, passed, failed, failures } of outcomes) {
    process.stdout.write(`Node ${node}: ${passed} passed, ${failed} failed\n`);
    for (const title of failures) process.stdout.write(`  ${title}\n`);
  }
  return outcomes.some(({ failed }) => failed > 0) ? 1 : 0;
}

async function tryRelease(release: NodeRelease, file: string): Promise<void> {
  const target = ARCHITECTURES.map(targetOf).find(({ node }) => node === process.arch);
  if (target === undefined || release.integrity[target.node] === undefined) {
    throw new Error(`no Node ${release.version} is known for ${process.arch}`);
  }
  const { program } = await fetchRuntime(target, join(ROOT, 'build/cache'), release);
  const { node, openssl } = JSON.parse(await run(program, ['-p', 'JSON.stringify(process.versions)'])) as {
    node: string;
    openssl: string;
  };
  process.stdout.write(`Node ${node} with OpenSSL ${openssl}\n`);
  const report = `${file}.report`;
  mkdirSync(dirname(file), { recursive: true });
  const vitest = [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', ...TESTS];
  const reporters = ['--silent', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const env = { ...process.env, PATH: `${dirname(program)}${delimiter}${process.env['PATH'] ?? ''}` };
  const child = spawn(program, [...vitest, ...reporters], { cwd: ROOT, env, stdio: 'inherit' });
  await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  writeFileSync(file, JSON.stringify(readReport(readFileSync(report, 'utf8'), { node, openssl })));
}
