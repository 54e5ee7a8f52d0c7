/** `terminal …`: settings of this terminal, until the program ends. */
import { keyword, type Token, value } from '../../grammar/command.js';
import { range } from '../../grammar/values.js';
import type { TerminalSettings } from '../base/settings.js';
import { command, type ExecCommand, SHOW } from './command.js';

const TERMINAL = keyword('terminal', 'Settings of this terminal');
const NO = keyword('no', 'Turn something off');
const HISTORY = [
  keyword('history', 'Command history'),
  keyword('size', 'Number of lines to remember'),
] as const;

function setting(tokens: Token[], change: Partial<TerminalSettings>): ExecCommand {
  return command({
    privilege: 'read',
    tokens: [TERMINAL, ...tokens],
    json: null,
    async run({ settings }) {
      Object.assign(settings, change);
      return null;
    },
  });
}

export const terminalCommands: ExecCommand[] = [
  command({
    privilege: 'read',
    tokens: [
      TERMINAL,
      keyword('length', 'Lines per screen'),
      value('length', range(0, 512, 'lines'), 'Number; 0: no paging'),
    ],
    json: null,
    async run({ settings }, { length }) {
      settings.length = length;
      return null;
    },
  }),
  setting([NO, keyword('length', 'As many lines as the terminal has')], { length: null }),
  command({
    privilege: 'read',
    tokens: [
      TERMINAL,
      keyword('width', 'Columns per line'),
      value('width', range(0, 512, 'columns'), 'Number; 0: as many as the terminal has'),
    ],
    json: null,
    async run({ settings }, { width }) {
      settings.width = width === 0 ? null : width;
      return null;
    },
  }),
  setting([keyword('monitor', 'Show events as they happen')], { monitor: true }),
  setting([NO, keyword('monitor', 'Stop showing events')], { monitor: false }),
  setting([keyword('color', 'Colour states')], { colour: true }),
  setting([NO, keyword('color', 'No colours')], { colour: false }),
  setting([keyword('paginate', 'Stop after each screen')], { length: null }),
  setting([NO, keyword('paginate', 'Print without stopping')], { length: 0 }),
  command({
    privilege: 'read',
    tokens: [TERMINAL, ...HISTORY, value('size', range(0, 1000, 'lines'), 'Number')],
    json: null,
    async run({ settings }, { size }) {
      settings.historySize = size;
      return null;
    },
  }),
  command({
    privilege: 'read',
    tokens: [SHOW, keyword('terminal', 'Settings of this terminal')],
    json: { form: 'the settings, an object' },
    async run({ settings }) {
      const { length, width, monitor, colour, historySize } = settings;
      const onOff = (on: boolean) => (on ? 'on' : 'off');
      const text = [
        `Length: ${length === null ? 'that of the terminal' : length === 0 ? 'no paging' : `${length} lines`}`,
        `Width: ${width === null ? 'that of the terminal' : `${width} columns`}`,
        `Monitor: ${onOff(monitor)}`,
        `Color: ${onOff(colour)}`,
        `History: ${historySize} lines`,
      ];
      return { data: { length, width, monitor, colour, historySize }, text };
    },
  }),
];
