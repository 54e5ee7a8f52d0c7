/** What saving the configuration came to, in words. */
import type { ConfigWriteResult } from '../../api/index.js';

export function writtenText(result: ConfigWriteResult): string[] {
  return [`Wrote ${result.bytes} bytes to ${result.file}`, ...othersText(result)];
}

/** Whoever had edited the file meanwhile finds the edit again. */
export function othersText({ file, othersKeptAs }: ConfigWriteResult): string[] {
  if (othersKeptAs === null) return [];
  return [
    `% Warning: somebody had changed ${file} since octolinkd read it; what it said is in ${othersKeptAs}`,
  ];
}
