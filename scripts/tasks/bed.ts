/** Three hosts with daemons: the engineer sits at tokyo, whose peer is osaka; kyoto waits to be added. */
import { join } from 'node:path';
import type { Lab } from '../lab/lab.js';
import { Mesh, OCTOLINK } from '../lab/mesh.js';
import { until } from '../lab/run.js';
import { TmuxTerminal } from '../lab/tmux.js';
import type { Step, Task } from './task.js';

const NAMES = ['tokyo', 'osaka', 'kyoto'] as const;
const PATIENCE_MS = 10_000;
const PROMPT = /^tokyo(\([\w-]+\))?[#>]$/;

/** A size of the screen. */
export interface Size {
  columns: number;
  rows: number;
}

export class TaskBed {
  private constructor(
    private readonly lab: Lab,
    private readonly mesh: Mesh,
    /** The configuration that each task finds. */
    private readonly usual: string,
    /** Public key of kyoto. */
    private readonly newKey: string,
  ) {}

  static async start(lab: Lab): Promise<TaskBed> {
    let newKey = '';
    const edit = (host: number, config: string): string => {
      if (host === 1) newKey = /peer h3\n {2}public-key (\S+)/.exec(config)?.[1] ?? '';
      return named(withoutPeer(config, host === 1 ? 'h3' : host === 2 ? 'h3' : 'h2'));
    };
    const mesh = await Mesh.start(lab, { timers: { interval: 50, hold: 250 }, edit });
    const connection = await mesh.control(1);
    const { text } = await connection.call('show.runningConfig', {});
    await connection.call('wait', { peer: 'osaka', link: 0, state: 'up', timeoutS: 20 });
    await connection.call('wait', { peer: 'osaka', link: 1, state: 'up', timeoutS: 20 });
    await connection.call('config.write', {});
    lab.start(1, 'ping', ['-q', '-i', '0.02', '-s', '1000', mesh.hosts[1].lanAddress]);
    const measures = async () => (await connection.call('show.interfaces', {}))[0].rates.length > 0;
    await until('rates of the interface', measures, PATIENCE_MS);
    connection.close();
    return new TaskBed(lab, mesh, text, newKey);
  }

  /** Types a task at a screen of a size, and gives what that shows at the end. Throws `Error` if that is not what it must. */
  async perform(task: Task, size: Size): Promise<string[]> {
    await this.reset(task.given ?? []);
    const words = [OCTOLINK, '-s', this.mesh.hosts[0].socket];
    const environment = { OCTOLINK_HISTFILE: join(this.lab.folder, 'history') };
    const terminal = await TmuxTerminal.start(
      [process.execPath, ...words],
      environment,
      size.columns,
      size.rows,
    );
    try {
      await terminal.shows(atPrompt);
      for (const step of task.steps) await this.take(terminal, step);
      return await terminal.shows((rows) => task.says.test(rows.join('\n')));
    } finally {
      await terminal.end();
    }
  }

  private async take(terminal: TmuxTerminal, step: Step): Promise<void> {
    if (typeof step === 'string') {
      await terminal.enter(this.filled(step));
      await terminal.shows(atPrompt);
    } else if ('line' in step) {
      await terminal.enter(this.filled(step.line));
      await terminal.shows(step.shows);
    } else if ('press' in step) {
      await terminal.press(...step.press);
      await terminal.shows(step.shows);
    } else if ('type' in step) {
      await terminal.type(step.type);
      await terminal.shows(step.shows);
    } else {
      await terminal.paste(this.filled(step.paste));
      await terminal.shows(step.shows ?? atPrompt);
    }
  }

  private filled(text: string): string {
    return text.replaceAll('KEY-OF-KYOTO', this.newKey).replaceAll('FOLDER', this.lab.folder);
  }

  /** The usual configuration, and lines on top of it. */
  private async reset(given: readonly string[]): Promise<void> {
    const connection = await this.mesh.control(1);
    const apply = (lines: readonly string[], mode: 'merge' | 'replace') =>
      connection.call('config.apply', { context: [], lines: [...lines], mode, checkOnly: false });
    await apply(this.usual.split('\n'), 'replace');
    if (given.length > 0) await apply(given, 'merge');
    for (const link of given.length > 0 ? [] : [0, 1])
      await connection.call('wait', { peer: 'osaka', link, state: 'up', timeoutS: 20 });
    connection.close();
  }
}

/** The last row is a prompt without anything behind it. */
function atPrompt(rows: string[]): boolean {
  return PROMPT.test(rows[rows.length - 1]);
}

function withoutPeer(config: string, name: string): string {
  return config.replace(new RegExp(`^ peer ${name}\\n(?: {2}.*\\n)* exit\\n`, 'm'), '');
}

function named(config: string): string {
  return NAMES.reduce(
    (text, name, index) => text.replace(new RegExp(`(hostname|peer) h${index + 1}\\b`, 'g'), `$1 ${name}`),
    config,
  );
}
