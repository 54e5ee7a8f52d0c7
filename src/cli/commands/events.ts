/** `show events` and `monitor events`: what has happened, and what happens. */
import type { ControlEvent } from '../../api/index.js';
import { flag, keyword, options, value } from '../../grammar/command.js';
import { range } from '../../grammar/values.js';
import { EXIT, failure } from '../base/failure.js';
import { eventsText, eventText } from '../output/events.js';
import {
  type Cli,
  command,
  type ExecCommand,
  fitted,
  OF_INTERFACE,
  OF_LINK,
  OF_PEER,
  type OutputPart,
} from './command.js';
import { narrowedCall } from './listings.js';
import { larger } from './narrowing.js';

export const eventCommands: ExecCommand[] = [
  narrowedCall<'show.events', ControlEvent>({
    tokens: [keyword('events', 'Recent events with their time and cause')],
    groups: [
      [keyword('last', 'Only the latest'), value('last', range(1, 10_000, 'events'), 'Number')],
      OF_PEER,
      OF_LINK,
      OF_INTERFACE,
    ],
    ways: {
      states: {
        words: { up: 'What came up', down: 'What went down' },
        of: (event) => ('state' in event ? event.state : null),
      },
      name: {
        help: 'Only peers whose name fits a pattern',
        of: (event) => ('peer' in event ? (event.peer ?? '') : ''),
      },
      sorts: { newest: { help: 'The latest first', order: (a, b) => larger(a.timeMs, b.timeMs) } },
    },
    method: 'show.events',
    narrow: (events, rows) => rows(events),
    text: eventsText,
    isRecords: true,
  }),
  command({
    privilege: 'read',
    tokens: [
      keyword('monitor', 'Follow what happens, live'),
      keyword('events', 'Events, until Ctrl-C is pressed'),
      options([flag('json', 'As JSON, one event per line')]),
    ],
    json: { form: 'an event a line, each as `show events` has it' },
    run: async (cli, { json }) => ({ json: 'rows', parts: live(cli, json === true) }),
  }),
];

async function* live(cli: Cli, json: boolean): AsyncGenerator<OutputPart> {
  const { signal } = cli;
  let waiting: ControlEvent[] = [];
  let wake = (): void => {};
  signal.addEventListener('abort', () => wake());
  let lost = false;
  await cli.events(
    (event) => {
      waiting.push(event);
      wake();
    },
    () => {
      lost = true;
      wake();
    },
  );
  while (!signal.aborted) {
    const data = waiting;
    waiting = [];
    if (data.length > 0) {
      const text = data.map((event) => (json ? JSON.stringify(event) : eventText(event)));
      yield { data, text: json ? text : await fitted(cli, text) };
    }
    if (waiting.length > 0 || signal.aborted) continue;
    if (lost) throw failure(EXIT.NO_DAEMON, 'the daemon closed the connection');
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
}
