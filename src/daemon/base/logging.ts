/** The daemon's log: to standard error, into memory for `show logging`, and to syslog servers. */
import type { Config, LogLevel } from '../../api/config.js';
import type { LoggingStatus, LogRecord } from '../../api/logging.js';
import type { Log } from './log.js';
import { type LookUp, lookUpName } from './name-lookup.js';
import { SyslogSender, syslogMessage } from './syslog.js';

/** Older lines are forgotten. */
const KEPT_LINES = 1000;
/** Characters of a line; longer ones are cut. */
const MAX_TEXT = 1000;
const RANKS: Readonly<Record<LogLevel, number>> = { error: 0, warn: 1, info: 2, debug: 3 };
const DEFAULT_LEVEL: LogLevel = 'info';

/** Standard error: a logger with a level that may change. */
interface Stderr extends Log {
  level: string;
}

/** A line as it was logged. Its text is made when somebody asks for it: under a storm of events most lines are forgotten before. */
interface Kept {
  readonly timeMs: number;
  readonly level: LogLevel;
  readonly fields: object;
  readonly message: string;
}

export class Logging implements Log {
  private level: LogLevel = DEFAULT_LEVEL;
  private readonly ownLevel: string;
  private readonly kept: Kept[] = [];
  private next = 0;
  private senders: SyslogSender[] = [];
  private hostname = '-';

  /** The level of `stderr` holds until the configuration names one. */
  constructor(
    private readonly stderr: Stderr,
    private readonly lookUp: LookUp = lookUpName,
  ) {
    this.ownLevel = stderr.level;
  }

  /** Does as a configuration says. */
  follow({ logLevel, syslog = [] }: Config, hostname: string): void {
    this.level = logLevel ?? DEFAULT_LEVEL;
    this.stderr.level = logLevel ?? this.ownLevel;
    this.hostname = hostname;
    const before = this.senders;
    this.senders = syslog.map(
      ({ host, port }) =>
        before.find((one) => one.host === host && one.port === port) ??
        new SyslogSender(host, port, this.lookUp),
    );
    for (const sender of before) if (!this.senders.includes(sender)) sender.close();
  }

  error(fields: object, message: string): void {
    this.stderr.error(fields, message);
    this.note('error', fields, message);
  }

  warn(fields: object, message: string): void {
    this.stderr.warn(fields, message);
    this.note('warn', fields, message);
  }

  info(fields: object, message: string): void {
    this.stderr.info(fields, message);
    this.note('info', fields, message);
  }

  debug(fields: object, message: string): void {
    this.stderr.debug(fields, message);
    this.note('debug', fields, message);
  }

  /** The latest lines, oldest first. */
  status(last = KEPT_LINES): Omit<LoggingStatus, 'eventHandler'> {
    const inOrder = [...this.kept.slice(this.next), ...this.kept.slice(0, this.next)];
    return {
      level: this.level,
      syslog: this.senders.map((sender) => sender.status()),
      lines: inOrder.slice(Math.max(0, inOrder.length - last)).map(recordOf),
    };
  }

  close(): void {
    for (const sender of this.senders.splice(0)) sender.close();
  }

  private note(level: LogLevel, fields: object, message: string): void {
    const isWanted = RANKS[level] <= RANKS[this.level];
    // What somebody asked to be debugged is kept for them, whatever the level.
    if (!isWanted && level !== 'debug') return;
    const kept = { timeMs: Date.now(), level, fields, message };
    this.kept[this.next] = kept;
    this.next = (this.next + 1) % KEPT_LINES;
    if (this.senders.length === 0 || !isWanted) return;
    const record = recordOf(kept);
    const datagram = syslogMessage(record, this.hostname, process.pid);
    for (const sender of this.senders) sender.send(datagram, record.timeMs);
  }
}

function recordOf({ timeMs, level, fields, message }: Kept): LogRecord {
  return { timeMs, level, text: textOf(fields, message) };
}

/** `peer up: interface=octo0 peer=osaka`, without line ends; names as everywhere in text, with `_` between their words. */
export function textOf(fields: object, message: string): string {
  const words = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined || value === null
      ? []
      : [`${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}=${valueText(value)}`],
  );
  const text = words.length === 0 ? message : `${message}: ${words.join(' ')}`;
  const line = text.replace(/[\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069]+/gu, ' ');
  return line.length > MAX_TEXT ? `${line.slice(0, MAX_TEXT - 1)}…` : line;
}

function valueText(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.message);
  if (typeof value === 'string') return /^[\w.:/@-]+$/.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value);
}
