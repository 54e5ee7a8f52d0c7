/** A real terminal to type at: tmux runs a program and tells what is on its screen. */
import { spawnSync } from 'node:child_process';
import { capture, run, until } from './run.js';

/** Long enough for a machine that does much else; nothing waits for it to pass. */
const PATIENCE_MS = 50_000;
/** Each look is a program to start. */
const LOOK_EVERY_MS = 50;

/** Why there is no terminal here, or undefined. */
export const tmuxProblem: string | undefined =
  spawnSync('tmux', ['-V']).status === 0 ? undefined : 'tmux is not installed';

let made = 0;

export class TmuxTerminal {
  private readonly server = `octolink-${process.pid}-${made++}`;

  /** Starts a program on a screen of a size; `environment` is added to this process's. */
  static async start(
    words: string[],
    environment: Record<string, string> = {},
    columns = 80,
    rows = 24,
  ): Promise<TmuxTerminal> {
    const terminal = new TmuxTerminal();
    const size = ['-x', String(columns), '-y', String(rows)];
    const settings = Object.entries(environment).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
    // The shell stays to say how the program ended, and keeps the screen.
    const script = '"$@"; echo "ended with $?"; exec cat';
    await terminal.tmux(
      '-f',
      '/dev/null',
      'new-session',
      '-d',
      ...size,
      ...settings,
      'sh',
      '-c',
      script,
      'sh',
      ...words,
    );
    return terminal;
  }

  /** Types text literally; Tab and Enter are not included. */
  async type(text: string): Promise<void> {
    await this.tmux('send-keys', '-l', '--', text);
  }

  /** Presses keys by their tmux names: `Enter`, `Tab`, `C-r`, `Up`. */
  async press(...keys: string[]): Promise<void> {
    await this.tmux('send-keys', ...keys);
  }

  /** Types a line and presses Enter. */
  async enter(line: string): Promise<void> {
    await this.tmux('send-keys', '-l', '--', line, ';', 'send-keys', 'Enter');
  }

  /** Pastes text as a terminal does, marked as a paste where the program asked for marks. */
  async paste(text: string): Promise<void> {
    await run('tmux', ['-L', this.server, 'load-buffer', '-'], { input: text });
    await this.tmux('paste-buffer', '-p', '-d');
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** The rows of the screen, without blanks at their ends and empty rows at the end. */
  async screen(): Promise<string[]> {
    const text = await this.tmux('capture-pane', '-p');
    return text
      .trimEnd()
      .split('\n')
      .map((line) => line.trimEnd());
  }

  async cursor(): Promise<{ column: number; row: number }> {
    const [column, row] = (await this.tmux('display-message', '-p', '#{cursor_x} #{cursor_y}'))
      .trim()
      .split(' ')
      .map(Number);
    return { column, row };
  }

  /** Waits until the screen shows something; returns its rows. */
  async shows(what: RegExp | ((rows: string[]) => boolean)): Promise<string[]> {
    let rows: string[] = [];
    const matches = () => (typeof what === 'function' ? what(rows) : what.test(rows.join('\n')));
    try {
      await until(
        `the screen to show ${what}`,
        async () => {
          rows = await this.screen();
          return matches();
        },
        PATIENCE_MS,
        LOOK_EVERY_MS,
      );
    } catch (error) {
      throw new Error(`${(error as Error).message}; it shows:\n${rows.join('\n')}`);
    }
    return rows;
  }

  /** Waits until something that is not on the screen is true. */
  settles(what: string, check: () => Promise<boolean>): Promise<void> {
    return until(what, check, PATIENCE_MS, LOOK_EVERY_MS);
  }

  async end(): Promise<void> {
    await capture('tmux', ['-L', this.server, 'kill-server']);
  }

  private tmux(...args: string[]): Promise<string> {
    return run('tmux', ['-L', this.server, ...args]);
  }
}
