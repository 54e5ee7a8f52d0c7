import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

// The set-up runs before there is a compiler, so it is plain JavaScript and outside of `dist`.
const load = (name: string) => import(new URL(`../../../scripts/set-up/${name}.mjs`, import.meta.url).href);
const machine = await load('machine');
const stamps = await load('stamps');
const nodeModules = await load('node-modules');
const { TestSummary } = await load('test-summary');

describe('Node version', () => {
  it.each([
    ['20.19.0', true],
    ['20.20.2', true],
    ['22.0.0', true],
    ['24.9.0', true],
    ['20.18.9', false],
    ['18.20.0', false],
  ])('%s is new enough: %s', (version, enough) => {
    expect(machine.nodeProblem(version) === undefined).toBe(enough);
  });

  it('names the version that is there and the one that is needed', () => {
    expect(machine.nodeProblem('18.20.0')).toMatch(/20\.19.*18\.20\.0/);
  });
});

describe('Debian packages', () => {
  it('names each package once', () => {
    expect(machine.packagesFor(['ip', 'ss', 'ping'])).toEqual(['iproute2', 'iputils-ping']);
  });
});

describe('stamps', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'octolink-stamps-'));
    writeFileSync(join(folder, 'a.ts'), 'one');
    writeFileSync(join(folder, 'b.md'), 'two');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const hash = () => stamps.contentHash([folder], (file: string) => file.endsWith('.ts'));

  it('changes with content, with a new file and with a new name, and with nothing else', () => {
    const first = hash();
    writeFileSync(join(folder, 'a.ts'), 'one');
    writeFileSync(join(folder, 'b.md'), 'changed');
    expect(hash()).toBe(first);
    writeFileSync(join(folder, 'a.ts'), 'ONE');
    const second = hash();
    writeFileSync(join(folder, 'c.ts'), '');
    expect(new Set([first, second, hash()]).size).toBe(3);
  });

  it('does not take content moved between files for the same', () => {
    writeFileSync(join(folder, 'a.ts'), 'xy');
    writeFileSync(join(folder, 'c.ts'), '');
    const first = hash();
    writeFileSync(join(folder, 'a.ts'), 'x');
    writeFileSync(join(folder, 'c.ts'), 'y');
    expect(hash()).not.toBe(first);
  });

  it('is remembered in a file whose folder may be missing', () => {
    const stamp = join(folder, 'deep/er/stamp');
    expect(stamps.isStamped(stamp, 'h')).toBe(false);
    stamps.writeStamp(stamp, 'h');
    expect([stamps.isStamped(stamp, 'h'), stamps.isStamped(stamp, 'g')]).toEqual([true, false]);
  });

  it('finds no files where there is no folder', () => {
    expect(stamps.filesUnder(join(folder, 'absent'))).toEqual([]);
    mkdirSync(join(folder, 'empty'));
    expect(stamps.filesUnder(join(folder, 'empty'))).toEqual([]);
  });
});

describe('packages of the lockfile', () => {
  const lock = {
    packages: {
      '': { name: 'octolink' },
      'node_modules/zod': { version: '4.0.0' },
      'node_modules/pino': { version: '10.0.0' },
      'node_modules/other-system': { version: '1.0.0', optional: true },
    },
  };

  it('are all missing without node_modules', () => {
    expect(nodeModules.missingPackages(lock, undefined)).toEqual(['node_modules/zod', 'node_modules/pino']);
  });

  it('are missing one by one when absent or in another version', () => {
    const installed = { packages: { 'node_modules/zod': { version: '3.9.9' } } };
    expect(nodeModules.missingPackages(lock, installed)).toEqual(['node_modules/zod', 'node_modules/pino']);
    const both = {
      packages: { 'node_modules/zod': { version: '4.0.0' }, 'node_modules/pino': { version: '10.0.0' } },
    };
    expect(nodeModules.missingPackages(lock, both)).toEqual([]);
  });
});

describe('score of a test run', () => {
  const test = (state: string, note?: string) => ({
    fullName: `a ${state} test`,
    module: { relativeModuleId: 'some.test.js' },
    result: () => ({ state, note, errors: [new Error('expected 1\n+ received 2')] }),
  });
  const file = (tests: unknown[], errors: unknown[] = []) => ({
    moduleId: 'broken.test.js',
    errors: () => errors,
    children: { allTests: () => tests },
  });

  it('counts every outcome, names what failed, and gives each reason for skipping once', () => {
    const summary = new TestSummary();
    summary.onTestRunEnd(
      [
        file([test('passed'), test('failed'), test('skipped', 'no root')]),
        file([test('skipped', 'no root')]),
      ],
      [],
    );
    expect(summary.lines()).toEqual([
      'failed: some.test.js > a failed test: expected 1',
      'skipped: no root (a skipped test and 1 more)',
      '1 passed, 1 failed, 2 skipped',
    ]);
  });

  it('counts a file that cannot be loaded and a stray error as failures', () => {
    const summary = new TestSummary();
    summary.onTestRunEnd([file([test('passed')]), file([], [new Error('syntax')])], [new Error('stray')]);
    expect(summary.lines()).toEqual([
      'failed: broken.test.js: syntax',
      'failed: outside of any test: stray',
      '1 passed, 2 failed, 0 skipped',
    ]);
  });
});
