/** `terminal …`: properties of this terminal, for this session. */
import { keyword, type Token, value } from '../../grammar/command.js';
import { range } from '../../grammar/values.js';
import type { TerminalSettings } from '../base/settings.js';
import { command, type ExecCommand } from './command.js';

const TERMINAL = keyword('terminal', 'Properties of this terminal');
const NO = keyword('no', 'Turn something off');
const HISTORY = [
  keyword('history', 'History of commands'),
  keyword('size', 'How much is remembered'),
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
      keyword('length', 'Lines of a screen'),
      value('length', range(0, 512, 'lines'), 'Number; 0 never stops'),
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
      keyword('width', 'Columns of a line'),
      value('width', range(0, 512, 'columns'), 'Number; 0 is as many as the terminal has'),
    ],
    json: null,
    async run({ settings }, { width }) {
      settings.width = width === 0 ? null : width;
      return null;
    },
  }),
  setting([keyword('monitor', 'Show events as they happen')], { monitor: true }),
  setting([NO, keyword('monitor', 'Show no events')], { monitor: false }),
  setting([keyword('color', 'Colour states')], { colour: true }),
  setting([NO, keyword('color', 'No colours')], { colour: false }),
  setting([keyword('paginate', 'Stop at full screens')], { length: null }),
  setting([NO, keyword('paginate', 'Never stop at full screens')], { length: 0 }),
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
    tokens: [keyword('show', 'Show what runs'), keyword('terminal', 'Settings of this terminal')],
    json: { form: 'the settings, an object' },
    async run({ settings }) {
      const { length, width, monitor, colour, historySize } = settings;
      const onOff = (on: boolean) => (on ? 'on' : 'off');
      const text = [
        `Length: ${length === null ? 'as the terminal' : length === 0 ? 'endless' : `${length} lines`}`,
        `Width: ${width === null ? 'as the terminal' : `${width} columns`}`,
        `Monitor: ${onOff(monitor)}`,
        `Color: ${onOff(colour)}`,
        `History: ${historySize} lines`,
      ];
      return { data: { length, width, monitor, colour, historySize }, text };
    },
  }),
];
