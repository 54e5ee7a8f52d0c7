/** Commands of `(config)` about this host as a whole: what it tells, to whom, and how it is called. */

import type { Config, LogLevel, SyslogServer } from '../api/config.js';
import { choice, keyword, oneOf, options, value } from '../grammar/command.js';
import { COMMAND_WORD, DNS_NAME, FILENAME, IPV4, IPV6, TEXT } from '../grammar/values.js';
import { renderLine, renderWord } from '../grammar/words.js';
import { DEFAULTS, MAX_ALIASES, MAX_SYSLOG_SERVERS } from './defaults.js';
import { type ConfigCommand, fieldsOf, PORT, setting } from './language.js';

const configField = fieldsOf('config', (scope) => scope.config);

const LOGGING = keyword('logging', 'What the daemon logs, and where to');
const LEVELS: Record<LogLevel, string> = {
  error: 'Failures only',
  warn: 'Failures, and what needs attention',
  info: 'Also what happens: links, peers, changes of the configuration (default)',
  debug: 'Also every step of what "debug" follows',
};

export const systemCommands: ConfigCommand[] = [
  configField('banner', {
    tokens: [
      keyword('banner', 'What people are told when they begin'),
      keyword('motd', 'Message of the day'),
      value('text', TEXT, 'Up to 255 characters'),
    ],
    noNeeds: 1,
    read: ({ text }) => text,
    write: (text) => `banner motd ${renderLine(text)}`,
  }),
  setting('config', {
    tokens: [
      keyword('alias', 'A name for a command'),
      keyword('exec', 'For a command of exec mode'),
      value('name', COMMAND_WORD, 'Name; commands of this name go before it'),
      value('line', TEXT, 'The command; words typed after the name are added to it'),
    ],
    noNeeds: 2,
    set({ config }, { name, line }) {
      const others = (config.aliases ?? []).filter((alias) => alias.name !== name);
      // One more than there may be is for the validation to refuse; the rest would only cost time.
      if (others.length <= MAX_ALIASES) config.aliases = [...others, { name, line }];
    },
    unset({ config }, { name: gone }) {
      keep(config, 'aliases', ({ name }) => gone !== undefined && name !== gone);
    },
    render: ({ config }) =>
      (config.aliases ?? []).map(({ name, line }) => `alias exec ${name} ${renderLine(line)}`),
  }),
  configField('logLevel', {
    tokens: [LOGGING, keyword('level', 'How much is logged'), oneOf('level', LEVELS)],
    read: ({ level }) => level,
    write: (level) => `logging level ${level}`,
    preset: () => null,
  }),
  configField('eventHandler', {
    tokens: [
      keyword('event-handler', 'Run a program for each event'),
      value('file', FILENAME, 'Absolute path; it finds the event as JSON on its standard input'),
    ],
    noNeeds: 1,
    read: ({ file }) => file,
    write: (file) => `event-handler ${renderWord(file)}`,
  }),
  setting('config', {
    tokens: [
      LOGGING,
      keyword('syslog', 'To a syslog server by UDP (RFC 5424); may be given several times'),
      choice(
        [value('host', IPV4, 'IPv4 address of the server')],
        [value('host', IPV6, 'IPv6 address of the server')],
        [value('host', DNS_NAME, 'Host name of the server, resolved again and again')],
      ),
      options([
        keyword('port', 'UDP port'),
        value('port', PORT, 'UDP port', { default: DEFAULTS.syslogPort }),
      ]),
    ],
    noNeeds: 2,
    set({ config }, { host, port = DEFAULTS.syslogPort }) {
      const others = (config.syslog ?? []).filter((one) => one.host !== host || one.port !== port);
      if (others.length <= MAX_SYSLOG_SERVERS) config.syslog = [...others, { host, port }];
    },
    unset({ config }, { host, port }) {
      const isMeant = (one: SyslogServer): boolean =>
        (host === undefined || one.host === host) && (port === undefined || one.port === port);
      keep(config, 'syslog', (one) => !isMeant(one));
    },
    render: ({ config }) =>
      (config.syslog ?? []).map(
        ({ host, port }) =>
          `logging syslog ${renderWord(host)}${port === DEFAULTS.syslogPort ? '' : ` port ${port}`}`,
      ),
  }),
];

/** Keeps those of a list that fit; an empty list is none. */
function keep<K extends 'aliases' | 'syslog'>(
  config: Config,
  key: K,
  fits: (one: NonNullable<Config[K]>[number]) => boolean,
): void {
  const kept = (config[key] ?? []).filter(fits as (one: unknown) => boolean) as NonNullable<Config[K]>;
  if (kept.length > 0) config[key] = kept;
  else delete config[key];
}
