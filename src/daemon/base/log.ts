/** The part of a pino logger that the daemon uses. */
export interface Log {
  /** Steps of what `debug` follows, and nothing else. */
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
