/** The daemon's log, and aliases, as text. */
import type { Alias, DebugStatus, LoggingStatus, SyslogStatus } from '../../api/index.js';
import type { EventHandlerStatus } from '../../api/logging.js';
import { momentText } from './events.js';
import { duration, plural } from './format.js';
import { TEXT_WIDTH, twoColumns } from './table.js';

export function loggingText({ level, syslog, eventHandler, lines }: LoggingStatus): string[] {
  return [
    `Level ${level}, ${plural(lines.length, 'line')} shown`,
    ...syslog.map(serverText),
    ...(eventHandler === null ? [] : [handlerText(eventHandler)]),
    '',
    ...lines.map((line) => `${momentText(line.timeMs)} ${line.level} ${line.text}`),
  ];
}

function serverText({ host, port, address, sent, dropped, fault }: SyslogStatus): string {
  const place = address === null || address === host ? '' : ` at ${address}`;
  const why = fault === null ? '' : ` (${fault})`;
  return `Syslog ${host}${place} port ${port}: ${sent} sent, ${dropped} dropped${why}`;
}

function handlerText({ file, run, failed, dropped, fault }: EventHandlerStatus): string {
  const why = fault === null ? '' : ` (${fault})`;
  return `Event handler ${file}: ${run} run, ${failed} failed, ${dropped} dropped${why}`;
}

export function aliasesText(aliases: readonly Alias[]): string[] {
  if (aliases.length === 0) return ['No aliases.'];
  return twoColumns(
    aliases.map(({ name, line }) => [name, line] as const),
    TEXT_WIDTH,
  );
}

export function debuggingText(followed: readonly DebugStatus[]): string[] {
  if (followed.length === 0) return ['Nothing is being debugged.'];
  return followed.map(
    ({ interface: within, peer, by, secondsLeft }) =>
      `${within} peer ${peer}, for another ${duration(secondsLeft)}, by ${by}`,
  );
}
