/** What `show` says about this program and its user. */
import { keyword } from '../../grammar/command.js';
import { command, type ExecCommand, SHOW } from './command.js';

/** The numbers that routers and their tools have for the two levels that there are. */
const LEVELS = { admin: 15, read: 1 } as const;

export const aboutCommands: ExecCommand[] = [
  command({
    privilege: 'read',
    tokens: [SHOW, keyword('history', 'Commands typed before')],
    json: { form: 'the lines, oldest first, an array of strings' },
    async run(cli) {
      const lines = [...cli.history()].reverse();
      return { data: lines, text: lines.map((line) => `  ${line}`) };
    },
  }),
  command({
    privilege: 'read',
    tokens: [SHOW, keyword('privilege', 'Your privilege level')],
    json: { form: 'an object: `level`, 15 for administrators and 1 for others' },
    async run(cli) {
      const { hello } = await cli.client();
      const level = LEVELS[cli.enabled ? hello.privilege : 'read'];
      return {
        data: { level },
        text: [`Role: ${level === 15 ? 'admin' : 'read'} (privilege level ${level})`],
      };
    },
  }),
  command({
    privilege: 'read',
    tokens: [SHOW, keyword('clock', 'Time and date of this host')],
    json: { form: 'an object: `timeMs`, milliseconds since the epoch, and `zone`' },
    async run() {
      const now = new Date();
      const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
      return { data: { timeMs: now.getTime(), zone: timeZone }, text: [clockText(now)] };
    },
  }),
];

/** `04:20:11.123 UTC Mon Nov 23 2026` */
function clockText(now: Date): string {
  const [weekday, month, day, year, time, zone] = [
    { weekday: 'short' },
    { month: 'short' },
    { day: 'numeric' },
    { year: 'numeric' },
    { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hourCycle: 'h23' },
  ]
    .map((part) => now.toLocaleString('en-US', part as Intl.DateTimeFormatOptions))
    .concat(zoneOf(now));
  return `${time} ${zone} ${weekday} ${month} ${day} ${year}`;
}

function zoneOf(now: Date): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(now);
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? 'UTC';
}
