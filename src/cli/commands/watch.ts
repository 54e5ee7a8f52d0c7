/** `watch [SECONDS] show …`: the same question again and again. */
import { keyword, options, value } from '../../grammar/command.js';
import { LINE, range } from '../../grammar/values.js';
import { timeText } from '../output/events.js';
import { type Cli, command, type ExecCommand, type OutputPart, SHOW } from './command.js';

const DEFAULT_SECONDS = 2;

export const watchCommands: ExecCommand[] = [
  command({
    privilege: 'read',
    tokens: [
      keyword('watch', 'Repeat a command and show its latest output'),
      options([value('seconds', range(1, 3600, 's'), 'Time between runs', { default: DEFAULT_SECONDS })]),
      SHOW,
      value('what', LINE, 'What to show, with output modifiers'),
    ],
    takesPipes: true,
    json: { form: 'text lines; `| json` belongs to the command that is repeated' },
    async run(cli, { seconds = DEFAULT_SECONDS, what }) {
      const line = `show ${what}`;
      const terminal = await cli.terminal();
      if (terminal === null) return { json: 'rows', parts: rounds(cli, line, seconds) };
      const { showPicture } = await import('../terminal/full-screen.js');
      const { hello } = await cli.client();
      await showPicture(
        terminal,
        {
          intervalMs: () => seconds * 1000,
          key: (name) => name === ' ',
          draw: async ({ columns }) => {
            const lines = await cli.linesOf(line);
            const left = `Every ${seconds} s: ${line}`;
            const right = `${hello.hostname} ${timeText(Date.now()).slice(0, 8)}`;
            return [
              `${left}${' '.repeat(Math.max(2, columns - left.length - right.length))}${right}`,
              '',
              ...lines,
            ];
          },
          colour: cli.settings.colour,
        },
        cli.signal,
      );
      return null;
    },
  }),
];

/** Without a terminal: one answer after the other, until interrupted. */
async function* rounds(cli: Cli, line: string, seconds: number): AsyncGenerator<OutputPart> {
  const { signal } = cli;
  while (!signal.aborted) {
    const lines = await cli.linesOf(line);
    yield { data: lines, text: lines };
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, seconds * 1000);
      signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
