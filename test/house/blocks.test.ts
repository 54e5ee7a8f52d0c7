/**
 * What pages show as typed into Octolink, beside the blocks that are run as written (`sh PLACE`): every command is one, and every
 * configuration can be read.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { matchExec } from '../../src/cli/interpreter/exec-lines.js';
import { editConfig, emptyConfig } from '../../src/config/edit.js';
import { modesKnowing } from '../../src/config/resolve.js';
import { splitLine } from '../../src/grammar/words.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** Made from the command tables. */
const MADE = new Set(['cli.md', 'control-api.md']);
const FENCE = /^```(.*)$/;
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

const pages = ['.', 'docs', 'docs/how-to'].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md') && !MADE.has(name))
    .map((name) => join(folder, name)),
);

/** The lines of each block whose fence names no language, with the number of its first line. */
function blocksOf(page: string): { at: number; lines: string[] }[] {
  const blocks: { at: number; lines: string[] }[] = [];
  let open: { at: number; lines: string[] } | null = null;
  for (const [index, line] of readFileSync(join(ROOT, page), 'utf8').split('\n').entries()) {
    const language = FENCE.exec(line)?.[1];
    if (language === undefined) open?.lines.push(line);
    else if (open === null) open = { at: language === '' ? index + 2 : 0, lines: [] };
    else {
      if (open.at > 0) blocks.push(open);
      open = null;
    }
  }
  return blocks;
}

const blocks = pages.flatMap((page) => blocksOf(page).map((block) => ({ page, ...block })));
const commands = blocks.flatMap(({ page, at, lines }) =>
  lines.flatMap((line, index) => {
    const typed = TYPED.exec(line)?.[1];
    return typed === undefined ? [] : [{ place: `${page}:${at + index}`, typed }];
  }),
);
const configurations = blocks
  .filter(({ lines }) => !lines.some((line) => TYPED.test(line)))
  .filter(({ lines }) => modesKnowing(splitLine(lines[0] ?? '')).length > 0)
  .map(({ page, at, lines }) => ({
    place: `${page}:${at}`,
    lines: lines.filter((line) => !ELLIPSIS.test(line)),
  }));

describe('pages', () => {
  it('show some of each', () => {
    expect(commands.length).toBeGreaterThan(30);
    expect(configurations.length).toBeGreaterThan(15);
  });

  it.each(commands)('$place: $typed', ({ typed }) => {
    expect(matchExec(typed, true).match).toMatchObject({ kind: 'command' });
  });

  it.each(configurations)('$place is a configuration', ({ lines }) => {
    const read = CONTEXTS.map((context) => editConfig(emptyConfig(), [], [...context, ...lines]).syntax);
    expect(read.some((problems) => problems.length === 0) ? [] : read[0]).toEqual([]);
  });
});
