/**
 * What pages show as typed into Octolink, beside the blocks that are run as written (`sh PLACE`): every command is one, and every
 * configuration can be read.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SCENES } from '../../scripts/how-to/scenes.js';
import { PAGES_OVER_THE_TUNNEL } from '../../scripts/neighbours/rows/how-to.js';
import { matchExec } from '../../src/cli/interpreter/exec-lines.js';
import { readKeyLine } from '../../src/config/authorized-keys.js';
import { DEFAULTS } from '../../src/config/defaults.js';
import { editConfig, emptyConfig } from '../../src/config/edit.js';
import { modesKnowing } from '../../src/config/resolve.js';
import { splitLine } from '../../src/grammar/words.js';
import { ROOT, refusalOf, SCRIPTS } from './usage.js';

const FOLDERS = ['docs', 'examples', 'findings', 'packaging', 'scripts'];
/** Written by scripts; and decisions, which say what was so when they were made. */
const MADE = /^docs\/(?:cli|control-api)\.md$|^CHANGELOG|^docs\/(?:tasks|decisions)\//;
const FENCE = /^```(.*)$/;
/** Run as written at these places. */
const RUN = /^sh (?:check )?\w+(?: \w+)*$/;
const TUTORIAL = 'docs/tutorial.md';
/** Typed at a prompt of exec mode, or given to the program by a shell. */
const TYPED = /^(?:[a-z0-9-]+# |octolink -c ')([^'\n]+)/;
/** A line that a page leaves out, or of which it leaves out the value. */
const ELLIPSIS = /…$/;
/** Where a configuration that is shown in part may belong. */
const CONTEXTS = [
  [],
  ['interface octo0'],
  ['interface octo0', 'peer osaka'],
  ['interface octo0', 'peer osaka', 'link 0'],
];

const { version: VERSION, scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  version: string;
  scripts: Record<string, string>;
};
/** A script of the project. */
const SCRIPT = /^(?:npm (?:run )?|node scripts\/)([a-z-]+)(?:\.mjs)?(?: (?:-- )?(.*))?$/;
/** Languages of other blocks: output; code, which `npm run how-to` has the compiler check; and files, checked here. */
const SHOWN = ['text', 'js', 'ts', 'keys', 'bash', 'ini', 'yaml'];

interface Block {
  page: string;
  /** The number of its first line. */
  at: number;
  /** What its fence says; nothing: typed into Octolink, a configuration, or scripts of the project. */
  language: string;
  lines: string[];
}

const pages = readdirSync(ROOT, { withFileTypes: true })
  .filter((entry) => entry.isFile() || FOLDERS.includes(entry.name))
  .flatMap((entry) => (entry.isFile() ? [entry.name] : namesUnder(entry.name)))
  .filter((path) => path.endsWith('.md') && !MADE.test(path));

function namesUnder(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
    join(folder, name),
  );
}

function blocksOf(page: string): Block[] {
  const blocks: Block[] = [];
  let open: Block | null = null;
  for (const [index, line] of readFileSync(join(ROOT, page), 'utf8').split('\n').entries()) {
    const language = FENCE.exec(line)?.[1];
    if (language === undefined) open?.lines.push(line);
    else if (open === null) open = { page, at: index + 2, language, lines: [] };
    else {
      blocks.push(open);
      open = null;
    }
  }
  return blocks;
}

const blocks = pages.flatMap(blocksOf);
const isTyped = ({ lines }: Block) => lines.some((line) => TYPED.test(line));
const isConfiguration = ({ lines }: Block) => modesKnowing(splitLine(lines[0] ?? '')).length > 0;
/** Scripts of the project with their arguments, if a block is nothing else. */
function scriptsOf({ lines }: Block): { name: string; args: string[] }[] | null {
  const calls = lines.map((line) => SCRIPT.exec(line.replace(/\s+#.*$/, '')));
  if (calls.includes(null)) return null;
  return calls.map((call) => ({ name: call![1], args: call![2]?.split(' ') ?? [] }));
}

const plain = blocks.filter(({ language }) => language === '');
const commands = plain.flatMap(({ page, at, lines }) =>
  lines.flatMap((line, index) => {
    const typed = TYPED.exec(line)?.[1];
    return typed === undefined ? [] : [{ place: `${page}:${at + index}`, typed }];
  }),
);
const configurations = plain
  .filter((block) => !isTyped(block) && isConfiguration(block))
  .map(({ page, at, lines }) => ({
    place: `${page}:${at}`,
    lines: lines.filter((line) => !ELLIPSIS.test(line)),
  }));
const linesIn = (language: string) =>
  blocks.filter((block) => block.language === language).flatMap(({ lines }) => lines);
const calls = plain.flatMap((block) =>
  (scriptsOf(block) ?? []).map((call) => ({ place: `${block.page}:${block.at}`, ...call })),
);

describe('pages', () => {
  it('show some of each', () => {
    expect(commands.length).toBeGreaterThan(30);
    expect(configurations.length).toBeGreaterThan(15);
    expect(calls.length).toBeGreaterThan(15);
  });

  it('have no block that nothing checks', () => {
    const unknown = plain.filter(
      (block) => !isTyped(block) && !isConfiguration(block) && scriptsOf(block) === null,
    );
    expect(
      unknown.map(
        ({ page, at }) => `${page}:${at}: neither typed, nor a configuration, nor scripts: say what`,
      ),
    ).toEqual([]);
    const languages = blocks.filter(({ language }) => language !== '' && !SHOWN.includes(language));
    expect(
      languages.filter(({ language }) => !RUN.test(language)).map(({ page, at }) => `${page}:${at}`),
    ).toEqual([]);
  });

  it('have their `sh` blocks run', () => {
    const run = new Set([TUTORIAL, ...SCENES.map(({ page }) => page), ...PAGES_OVER_THE_TUNNEL]);
    const written = new Set(blocks.filter(({ language }) => RUN.test(language)).map(({ page }) => page));
    expect([...written].filter((page) => !run.has(page))).toEqual([]);
    expect([...run].filter((page) => !written.has(page))).toEqual([]);
  });

  it('show output without commands', () => {
    const hidden = blocks.filter(
      ({ language, lines }) =>
        language === 'text' && lines.some((line) => TYPED.test(line) || SCRIPT.test(line)),
    );
    expect(hidden.map(({ page, at }) => `${page}:${at}`)).toEqual([]);
  });

  it('show files of clients that can be read', () => {
    for (const line of linesIn('keys')) expect(readKeyLine(line)).not.toBeTypeOf('string');
  });

  it('install the package of this version, whose service has what a drop-in extends', () => {
    const [install, ...others] = linesIn('bash');
    expect(install).toBe(`sudo apt install ./octolink_${VERSION}_amd64.deb`);
    for (const line of others)
      expect(matchExec(line.replace(/^octolink /, ''), true).match).toMatchObject({ kind: 'command' });
    const service = readFileSync(join(ROOT, 'packaging/systemd/octolinkd.service'), 'utf8').split('\n');
    for (const line of linesIn('ini'))
      expect(service.some((known) => known.startsWith(line.replace(/=.*/, '')))).toBe(true);
  });

  it('have Prometheus read what the daemon serves, with the rules that there are', () => {
    const text = linesIn('yaml').join('\n');
    expect(text).toContain(`targets: ["127.0.0.1:${DEFAULTS.metricsPort}"]`);
    expect(text).toContain('rule_files: [/etc/prometheus/octolink-alerts.yml]');
  });

  it.each(calls)('$place: $name $args', async ({ name, args }) => {
    const script = /scripts\/([a-z-]+)\.mjs/.exec(scripts[name] ?? `scripts/${name}.mjs`)?.[1];
    if (script !== undefined && SCRIPTS.includes(script)) expect(await refusalOf(script, args)).toBeNull();
    else expect(Object.keys(scripts)).toContain(name);
  });

  it.each(commands)('$place: $typed', ({ typed }) => {
    expect(matchExec(typed, true).match).toMatchObject({ kind: 'command' });
  });

  it.each(configurations)('$place is a configuration', ({ lines }) => {
    const read = CONTEXTS.map((context) => editConfig(emptyConfig(), [], [...context, ...lines]).syntax);
    expect(read.some((problems) => problems.length === 0) ? [] : read[0]).toEqual([]);
  });
});
