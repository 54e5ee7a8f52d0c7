/** The daemon's log, and aliases, as text. */
import type { Alias, DebugStatus, LoggingStatus, SyslogStatus } from '../../api/index.js';
import type { EventHandlerStatus } from '../../api/logging.js';
import { momentText } from './events.js';
import { duration, plural } from './format.js';
import { foldLine, TEXT_WIDTH, twoColumns } from './table.js';

export function loggingText({ level, syslog, eventHandler, lines }: LoggingStatus): string[] {
  return [
    `Level ${level}, ${plural(lines.length, 'line')} shown`,
    ...syslog.flatMap(serverText),
    ...(eventHandler === null ? [] : handlerText(eventHandler)),
    '',
    ...lines.flatMap((line) => foldLine(`${momentText(line.timeMs)} ${line.level} ${line.text}`, TEXT_WIDTH)),
  ];
}

function serverText({ host, port, address, sent, dropped, fault }: SyslogStatus): string[] {
  const place = address === null || address === host ? '' : ` at ${address}`;
  const why = fault === null ? '' : ` (${fault})`;
  return foldLine(`Syslog ${host}${place} port ${port}: ${sent} sent, ${dropped} dropped${why}`, TEXT_WIDTH);
}

function handlerText({ file, run, failed, dropped, fault }: EventHandlerStatus): string[] {
  const why = fault === null ? '' : ` (${fault})`;
  const line = `Event handler ${file}: ${run} run, ${failed} failed, ${dropped} dropped${why}`;
  return foldLine(line, TEXT_WIDTH);
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
