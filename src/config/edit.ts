/** Applies configuration lines to a configuration, all of them or none. */

import type { Config } from '../api/config.js';
import type { Problem } from '../api/index.js';
import { explainInWords } from '../grammar/explain.js';
import { type SplitLine, splitLine } from '../grammar/words.js';
import { CONFIG_COMMANDS } from './commands.js';
import { type Block, CONFIG_MODES, type ConfigCommand } from './language.js';
import { type Resolution, resolveConfigLine } from './resolve.js';
import { type ConfigIssue, validateConfig } from './validate.js';

export interface EditResult {
  /** The edited copy; meaningless when there are errors. */
  config: Config;
  /** Headers of the blocks that are open after the last line. */
  context: string[];
  /** Lines that the grammar refuses, each with its position. */
  syntax: Problem[];
  /** Contradictions; looked for only when the syntax is right. */
  contradictions: Problem[];
  warnings: Problem[];
}

/** More errors than this are noise: the first ones explain the rest. */
const MAX_PROBLEMS = 100;

const BLOCK_KEYWORDS = ['interface', 'peer-template', 'peer', 'link'];

export function emptyConfig(): Config {
  return { interfaces: [] };
}

/** Reads a whole configuration text. */
export function parseConfig(text: string): EditResult {
  return editConfig(emptyConfig(), [], text.split(/\r?\n/));
}

/**
 * Applies `lines`, as they would be typed inside the blocks of `context`, to a copy of `base`. Never throws on any
 * text; positions in problems are 1-based and count `lines` only.
 */
export function editConfig(base: Config, context: readonly string[], lines: readonly string[]): EditResult {
  const editor = new Editor(structuredClone(base));
  for (const header of context) editor.reopen(header);
  for (let index = 0; index < lines.length && editor.readable; index++) editor.apply(lines[index], index + 1);
  return editor.finish();
}

class Editor {
  readonly syntax: Problem[] = [];
  /** False once the header of a block was wrong: the lines that follow may or may not belong to that block. */
  readable = true;
  private readonly config: Config;
  /** Open blocks, outermost first; the first is the configuration itself. */
  private blocks: Block[];
  /** Where each setting and block was last written. */
  private readonly places = new Map<string, Problem>();

  constructor(config: Config) {
    this.config = config;
    this.blocks = [{ header: '', scope: { config, interface: null, peer: null, link: null } }];
  }

  apply(text: string, number: number): void {
    const line = splitLine(text);
    const resolution = resolveConfigLine(this.blocks.length - 1, line);
    if (resolution.kind === 'mismatch') {
      this.refuse(line, number, resolution.mismatch.at, explainInWords(resolution.mismatch));
      const opensBlock = BLOCK_KEYWORDS.some((word) => word === line.words[0]?.text);
      if (opensBlock || this.syntax.length >= MAX_PROBLEMS) this.readable = false;
    } else if (resolution.kind === 'command') {
      this.run(resolution, line, number);
    }
  }

  /** Enters an existing block; it may have been removed since the context was taken. */
  reopen(header: string): void {
    const { scope } = this.blocks[this.blocks.length - 1];
    const mode = CONFIG_MODES[this.blocks.length - 1];
    const candidates = CONFIG_COMMANDS[mode].flatMap((command) =>
      command.kind === 'block' ? command.blocks(scope) : [],
    );
    const block = candidates.find((candidate) => candidate.header === header);
    if (block === undefined) {
      this.syntax.push({ line: 0, column: 0, text: header, message: `there is no "${header}" any more` });
      this.readable = false;
    } else {
      this.blocks.push(block);
    }
  }

  finish(): EditResult {
    const issues = this.syntax.length > 0 ? [] : validateConfig(this.config).slice(0, MAX_PROBLEMS);
    const ofSeverity = (severity: ConfigIssue['severity']) =>
      issues.filter((issue) => issue.severity === severity).map((issue) => this.locate(issue));
    return {
      config: this.config,
      context: this.context(),
      syntax: this.syntax,
      contradictions: ofSeverity('error'),
      warnings: ofSeverity('warning'),
    };
  }

  private run(found: Extract<Resolution, { kind: 'command' }>, line: SplitLine, number: number): void {
    const { command, args, form, depth } = found;
    if (command.kind === 'leave') {
      this.leave(command, line, number);
      return;
    }
    this.blocks = this.blocks.slice(0, depth + 1);
    const { scope } = this.blocks[depth];
    if (command.kind === 'setting') {
      if (form === 'plain') command.set(scope, args);
      else if (form === 'default' && command.reset !== undefined) command.reset(scope, args);
      else command.unset(scope, args);
      const name = found.keywords[form === 'plain' ? 0 : 1];
      this.remember(command.aliasOf ?? name, line, number);
      for (const rendered of command.render(scope)) this.rememberOnce(rendered, line, number);
    } else if (form !== 'plain') {
      command.remove(scope, args);
    } else {
      this.blocks.push(command.enter(scope, args));
      this.remember('', line, number);
    }
  }

  private leave(command: Extract<ConfigCommand, { kind: 'leave' }>, line: SplitLine, number: number): void {
    if (command.to === 'top') this.blocks = this.blocks.slice(0, 1);
    else if (this.blocks.length > 1) this.blocks.pop();
    else this.refuse(line, number, line.words[0].start, 'there is no block to leave');
  }

  private refuse(line: SplitLine, number: number, at: number, message: string): void {
    this.syntax.push(problemAt(line, number, at, message));
  }

  private context(): string[] {
    return this.blocks.slice(1).map(({ header }) => header);
  }

  private remember(field: string, line: SplitLine, number: number): void {
    this.places.set(placeKey(this.context(), field), problemAt(line, number, line.words[0].start, ''));
  }

  /** Settings that may be given several times keep a position for each value. */
  private rememberOnce(field: string, line: SplitLine, number: number): void {
    if (!this.places.has(placeKey(this.context(), field))) this.remember(field, line, number);
  }

  private locate({ path, field, message }: ConfigIssue): Problem {
    const place =
      this.places.get(placeKey(path, field)) ??
      this.places.get(placeKey(path, field.split(' ')[0])) ??
      this.places.get(placeKey(path, ''));
    return place === undefined || place.line === 0
      ? { line: 0, column: 0, text: [...path, field].filter(Boolean).join(', '), message }
      : { ...place, message };
  }
}

function placeKey(path: readonly string[], field: string): string {
  return [...path, '', field].join('\n');
}

function problemAt(line: SplitLine, number: number, at: number, message: string): Problem {
  return { line: number, column: [...line.source.slice(0, at)].length + 1, text: line.source, message };
}
