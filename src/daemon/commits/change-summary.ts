/** What a commit changed, short enough for an event. */
import type { ConfigDiff } from '../../config/diff.js';

const MAX_CHANGES = 3;

export interface ChangeSummary {
  /** The first changes, each with the block that it stands in: `peer osaka: +policy active`. */
  changes: string[];
  /** How many lines were added or removed in all. */
  changedLines: number;
}

export function changeSummary({ lines, added, removed }: ConfigDiff): ChangeSummary {
  const changes: string[] = [];
  let block = '';
  for (const line of lines) {
    const text = line.slice(1).trim();
    if (line.startsWith(' ')) block = `${text}: `;
    else if (text !== 'exit') changes.push(`${block}${line[0]}${text}`);
    if (changes.length === MAX_CHANGES) break;
  }
  return { changes, changedLines: added + removed };
}
