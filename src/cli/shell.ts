/** The interactive shell. */
import { createInterface, type Interface } from 'node:readline';
import type { ConfigMode } from '../config/language.js';
import { displayWidth } from '../grammar/explain.js';
import { candidates, helpLines } from './complete.js';
import { CliFailure, EXIT } from './failure.js';
import { HISTORY_LINES, History, isSecret } from './history.js';
import { Interpreter, type InterpreterOptions } from './interpreter.js';
import { Pager } from './pager.js';
import { type KeyActions, TerminalInput } from './terminal-input.js';

const MODE_NAMES: Record<ConfigMode, string> = {
  config: '(config)',
  interface: '(config-if)',
  peer: '(config-peer)',
  link: '(config-link)',
};
const DEFAULT_ROWS = 24;
const DEFAULT_COLUMNS = 80;

/** Runs until the user leaves; returns the exit code. */
export async function runShell(options: InterpreterOptions): Promise<number> {
  const shell = new Shell(options);
  return shell.run();
}

class Shell implements KeyActions {
  readonly #interpreter: Interpreter;
  readonly #input = new TerminalInput(process.stdin);
  readonly #readline: Interface;
  readonly #history = new History(process.env);
  readonly #pager = new Pager((text) => process.stdout.write(text));
  #hostname = 'octolink';
  #cancelled = false;
  #finish: () => void = () => undefined;

  constructor(options: InterpreterOptions) {
    const print = (lines: string[], stop: boolean) =>
      this.#pager.print(lines, stop ? this.#interpreter.terminalLength : 0);
    this.#interpreter = new Interpreter({
      ...options,
      interactive: true,
      print,
      remark: (lines) => void print(lines, false),
    });
    this.#readline = createInterface({
      input: this.#input,
      output: process.stdout,
      terminal: true,
      historySize: HISTORY_LINES,
      history: this.#history.load(),
      completer: (line: string, callback: (error: null, result: [string[], string]) => void) => {
        void this.#complete(line).then((result) => callback(null, result));
      },
    });
  }

  async run(): Promise<number> {
    try {
      const { hello } = await this.#interpreter.client();
      this.#hostname = hello.hostname;
      this.#interpreter.enabled = hello.privilege === 'admin';
    } catch (error) {
      this.#readline.close();
      throw error;
    }
    this.#interpreter.terminalLength = process.stdout.rows ?? DEFAULT_ROWS;
    const finished = new Promise<void>((resolve) => {
      this.#finish = resolve;
    });
    this.#readline.on('history', (lines: string[]) => {
      if (lines.length > 0 && isSecret(lines[0])) lines.shift();
    });
    this.#readline.on('line', (line) => void this.#line(line));
    this.#readline.on('SIGINT', () => this.#dropLine());
    this.#readline.on('close', () => this.#finish());
    this.#input.begin(this);
    this.#prompt();
    await finished;
    this.#readline.close();
    await this.#interpreter.disconnect();
    process.stdin.unref();
    return EXIT.OK;
  }

  textBeforeCursor(): string {
    return this.#readline.line.slice(0, this.#readline.cursor);
  }

  lineIsEmpty(): boolean {
    return this.#readline.line === '';
  }

  async help(): Promise<void> {
    const width = process.stdout.columns ?? DEFAULT_COLUMNS;
    const lines = await helpLines(this.#interpreter, this.textBeforeCursor(), width);
    process.stdout.write('?\n');
    await this.#pager.print(lines, this.#interpreter.terminalLength);
    this.#readline.prompt(true);
  }

  async end(): Promise<void> {
    process.stdout.write('^Z\n');
    this.#clearLine();
    await this.#attempt(() => this.#interpreter.end());
    this.#prompt();
  }

  async up(): Promise<void> {
    process.stdout.write('\n');
    await this.#attempt(() => this.#interpreter.up());
    this.#next();
  }

  cancel(): void {
    this.#cancelled = true;
    void this.#interpreter.disconnect();
  }

  atPause(key: string): boolean {
    return this.#pager.key(key);
  }

  async #line(line: string): Promise<void> {
    this.#history.add(line);
    this.#cancelled = false;
    const promptWidth = displayWidth(this.#promptText());
    await this.#attempt(() => this.#interpreter.run(line, null, promptWidth));
    await this.#refreshHostname();
    this.#next();
    this.#input.ready();
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof CliFailure)) throw error;
      process.stdout.write(this.#cancelled ? '^C\n' : `${error.lines.join('\n')}\n`);
    }
  }

  #next(): void {
    if (this.#interpreter.left) this.#finish();
    else this.#prompt();
  }

  /** A configuration line may have changed it. */
  async #refreshHostname(): Promise<void> {
    if (this.#interpreter.configMode === null || this.#interpreter.left) return;
    const client = await this.#interpreter.client().catch(() => null);
    const version = await client?.request('show.version', {}).catch(() => null);
    if (version) this.#hostname = version.hostname;
  }

  async #complete(line: string): Promise<[string[], string]> {
    const { words, partial } = await candidates(this.#interpreter, line);
    return [words.map((word) => `${word} `), partial];
  }

  #dropLine(): void {
    process.stdout.write('^C\n');
    this.#clearLine();
    this.#prompt();
  }

  #clearLine(): void {
    this.#readline.write(null, { ctrl: true, name: 'e' });
    this.#readline.write(null, { ctrl: true, name: 'u' });
  }

  #prompt(): void {
    this.#readline.setPrompt(this.#promptText());
    this.#readline.prompt();
  }

  #promptText(): string {
    const mode = this.#interpreter.configMode;
    const name = mode === null ? '' : MODE_NAMES[mode];
    return `${this.#hostname}${name}${this.#interpreter.enabled ? '#' : '>'} `;
  }
}
