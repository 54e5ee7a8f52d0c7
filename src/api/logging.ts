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

export interface LoggingStatus {
  level: LogLevel;
  syslog: SyslogStatus[];
  /** Those that are kept, oldest first. */
  lines: LogRecord[];
}

export interface LoggingMethods {
  /** `last`: at most so many lines, the latest. */
  'show.logging': { params: { last?: number }; result: LoggingStatus };
  'show.aliases': { params: Record<string, never>; result: Alias[] };
}
