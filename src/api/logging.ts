/** What `show logging` says. */
import type { Alias, LogLevel } from './config.js';

export interface LogRecord {
  /** Milliseconds since the epoch. */
  timeMs: number;
  level: LogLevel;
  text: string;
}

/** A syslog server, and what became of the lines for it since it was configured. */
export interface SyslogStatus {
  host: string;
  port: number;
  /** Where lines go now; null: the name is not resolved, or not yet. */
  address: string | null;
  sent: number;
  dropped: number;
  /** Why the last line could not be sent; null: it could. */
  fault: string | null;
}

/** The program that is run for each event, and what became of it since it was configured. */
export interface EventHandlerStatus {
  file: string;
  run: number;
  failed: number;
  /** Events for which there was no room. */
  dropped: number;
  /** Why it failed last; null: the last run was good, or there was none. */
  fault: string | null;
}

export interface LoggingStatus {
  level: LogLevel;
  syslog: SyslogStatus[];
  /** Null: there is none. */
  eventHandler: EventHandlerStatus | null;
  /** Those that are kept, oldest first. */
  lines: LogRecord[];
}

export interface LoggingMethods {
  /** `last`: at most so many lines, the latest. */
  'show.logging': { params: { last?: number }; result: LoggingStatus };
  'show.aliases': { params: Record<string, never>; result: Alias[] };
}
