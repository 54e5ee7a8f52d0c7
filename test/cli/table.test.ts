/** What must hold for every entry of the command tables, those of the future too. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { apiMethods } from '../../scripts/docs/api-methods.js';
import { pages, readPage } from '../../scripts/docs/main.js';
import { execCommands, execTree } from '../../src/cli/commands/index.js';
import { PIPE_STAGES, splitPipes } from '../../src/cli/interpreter/pipes.js';
import { CONFIG_COMMANDS } from '../../src/config/commands.js';
import { editConfig, emptyConfig } from '../../src/config/edit.js';
import { CONFIG_MODES, type ConfigCommand, type ConfigMode } from '../../src/config/language.js';
import { renderConfig } from '../../src/config/render.js';
import { configTree } from '../../src/config/resolve.js';
import { type CommandSpec, syntaxOf } from '../../src/grammar/command.js';
import { matchLine } from '../../src/grammar/match.js';
import { splitLine } from '../../src/grammar/words.js';
import { sampleOf } from '../grammar/samples.js';
import { plainTokens } from '../grammar/tokens.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

const CONFIG_ENTRIES = CONFIG_MODES.flatMap((mode) =>
  CONFIG_COMMANDS[mode].map((command): [string, ConfigMode, ConfigCommand] => [
    `${mode}: ${syntaxOf(command.tokens)}`,
    mode,
    command,
  ]),
);
const EXEC_ENTRIES = execCommands(true).map((command) => [syntaxOf(command.tokens), command] as const);
const ALL: [string, CommandSpec][] = [
  ...EXEC_ENTRIES.map(([title, command]): [string, CommandSpec] => [title, command]),
  ...PIPE_STAGES.map((stage): [string, CommandSpec] => [`| ${syntaxOf(stage.tokens)}`, stage]),
  ...CONFIG_ENTRIES.map(([title, , command]): [string, CommandSpec] => [title, command]),
];

describe('every entry', () => {
  it.each(ALL)('%s has help for every word', (_title, { tokens }) => {
    for (const token of plainTokens(tokens)) expect(token.help, JSON.stringify(token)).toMatch(/^\S.{2,}\S$/);
  });

  it.each(EXEC_ENTRIES)('%s says what its JSON is', (_title, { json }) => {
    const methods = new Set(apiMethods().map(({ name }) => name));
    if (json !== null && 'resultOf' in json) expect(methods).toContain(json.resultOf);
    else if (json !== null) expect(json.form.length).toBeGreaterThan(5);
  });

  it.each(CONFIG_ENTRIES)('%s can be taken back by "no", or says why not', (_title, _mode, command) => {
    if (command.kind === 'leave') return;
    if (command.noNeeds === undefined) expect(command.withoutNo).toMatch(/^\S.{10,}$/);
    else expect(command.noNeeds).toBeGreaterThan(0);
  });
});

describe('every command', () => {
  /** They show in the prompt, or on the terminal itself. */
  const SEEN =
    /^(enable|disable|configure|terminal|exit|end|quit|logout|octolink|interface|top|watch|monitor|[a-z]+$)/;

  it.each(EXEC_ENTRIES.filter(([title]) => !SEEN.test(title)))('%s says what it did', (_title, { json }) => {
    expect(json).not.toBeNull();
  });

  it('has words for it', () => {
    const folder = join(ROOT, 'src/cli/commands');
    const mute = readdirSync(folder).filter((file) =>
      /text: \(\w*\) => \[\]/.test(readFileSync(join(folder, file), 'utf8')),
    );
    expect(mute).toEqual([]);
  });
});

describe('every line of the configuration', () => {
  const context: Record<ConfigMode, string[]> = {
    config: [],
    interface: ['interface octo0'],
    peer: ['interface octo0', 'peer osaka'],
    link: ['interface octo0', 'peer osaka', 'link 0'],
  };
  const { config: base } = editConfig(emptyConfig(), [], context.link);

  it.each(CONFIG_ENTRIES.filter(([, , { kind }]) => kind !== 'leave'))(
    '%s is seen in the JSON of the configuration and in its text, and "no" undoes it',
    (_title, mode, command) => {
      const line = sampleOf(command.tokens, 'another');
      const apply = (lines: string[], from = base) => {
        const edit = editConfig(from, context[mode], lines);
        expect(edit.syntax).toEqual([]);
        return edit.config;
      };
      const forms = [apply([line])];
      if (command.noNeeds !== undefined) {
        forms.push(apply([`no ${line}`]));
        // `default` undoes both forms, whatever was there before.
        if (command.hasDefault) {
          for (const before of [line, `no ${line}`])
            expect(renderConfig(apply([before, `default ${line}`]))).toBe(
              renderConfig(apply([`default ${line}`])),
            );
          expect(renderConfig(apply([`default ${line}`]))).toBe(renderConfig(apply([])));
        }
        // Whatever was set before, nothing remains of the two forms.
        expect(renderConfig(apply([line, `no ${line}`]))).toBe(renderConfig(apply([`no ${line}`])));
      }
      const differs = forms.filter((config) => JSON.stringify(config) !== JSON.stringify(base));
      expect(differs.length, 'neither form changes the JSON').toBeGreaterThan(0);
      for (const config of differs) expect(renderConfig(config)).not.toBe(renderConfig(base));
    },
  );
});

describe('the tests', () => {
  /** All text in quotes in the source of the tests, a line each, and each once. */
  function linesInTests(): Set<string> {
    const files = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.ts') && !/^(grammar|fuzz)\/|table\.test\.ts$/.test(file),
    );
    const found = files.flatMap((file) => {
      const source = readFileSync(join(ROOT, 'test', file), 'utf8');
      const quoted = source.match(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g) ?? [];
      return quoted.flatMap((text) => text.slice(1, -1).split(/\\n|\n/)).map(withoutHoles);
    });
    return new Set(found);
  }

  /** A sample where a template inserts a value. */
  function withoutHoles(line: string): string {
    return line.replace(/\$\{[^}]*\}/g, '1').trim();
  }

  it('speak every command of exec mode and every modifier at least once', () => {
    const spoken = new Set<unknown>();
    for (const line of linesInTests()) {
      const { command, stages } = splitPipes(line);
      for (const candidate of [command, command.replace(/^do /, '')]) {
        const match = matchLine(execTree(true), splitLine(candidate));
        if (match.kind === 'command') spoken.add(match.command);
      }
      for (const { text } of stages) {
        const word = text.trim().split(' ')[0];
        for (const stage of PIPE_STAGES)
          if (word.length > 1 && stage.word.startsWith(word)) spoken.add(stage);
      }
    }
    const silent = [...execCommands(true), ...PIPE_STAGES].filter((command) => !spoken.has(command));
    expect(silent.map(({ tokens }) => syntaxOf(tokens))).toEqual([]);
  });

  it('speak every line of the configuration at least once', () => {
    const spoken = new Set<unknown>();
    for (const line of linesInTests()) {
      const words = splitLine(line);
      for (const mode of CONFIG_MODES) {
        const match = matchLine(configTree(mode), words);
        if (match.kind === 'command') spoken.add(match.command);
      }
    }
    const silent = CONFIG_ENTRIES.filter(([, , command]) => !spoken.has(command));
    expect(silent.map(([title]) => title)).toEqual([]);
  });
});

describe('what is made from the tables', () => {
  it.each([...pages()])('%s is what the tables say now: npm run docs', (path, text) => {
    expect(readPage(path) === text, `${path} is stale: npm run docs`).toBe(true);
  });

  const hasMan = spawnSync('man', ['--version']).status === 0;
  it.skipIf(!hasMan).each(['octolink.1', 'octolinkd.8', 'octolink.conf.5'])(
    '%s is a manual page without a fault',
    (name) => {
      const path = join(ROOT, 'docs/man', name);
      const { status, stdout, stderr } = spawnSync('man', ['--warnings', '-l', path], {
        encoding: 'utf8',
        env: { ...process.env, LC_ALL: 'C.UTF-8', MANWIDTH: '80', MANROFFOPT: '' },
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toContain('SEE ALSO');
    },
  );

  it.each(['bash', 'zsh', 'fish'])('the completion of %s is a script that it can read', (shell) => {
    const octolink = join(ROOT, 'bin/octolink');
    const { stdout: script } = spawnSync(octolink, ['completion', shell], { encoding: 'utf8' });
    expect(script).toContain('octolink');
    const folder = mkdtempSync(join(tmpdir(), 'octolink-completion-'));
    try {
      writeFileSync(join(folder, 'script'), script);
      const check = spawnSync(shell, ['-n', join(folder, 'script')], { encoding: 'utf8' });
      // A shell that is not installed cannot object.
      if (check.error === undefined) expect(check.stderr).toBe('');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
