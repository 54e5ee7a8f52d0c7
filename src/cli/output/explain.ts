/** The text form of `explain peer`. */
import type { LinkExplained, PeerExplained } from '../../api.js';
import { duration, milliseconds, percent } from './format.js';
import { type Column, table } from './table.js';

const COLUMNS: Column<LinkExplained>[] = [
  { title: 'Link', cell: ({ link, carries }) => `${link}${carries ? '*' : ''}`, align: 'right' },
  { title: 'State', cell: ({ state }) => state },
  { title: 'Stands', cell: ({ standing }) => standing },
  { title: 'Priority', cell: ({ priority }) => String(priority), align: 'right' },
  { title: 'RTT ms', cell: ({ rttUs }) => milliseconds(rttUs), align: 'right' },
  { title: 'Jitter', cell: ({ jitterUs }) => milliseconds(jitterUs), align: 'right' },
  {
    title: 'Loss out %',
    cell: ({ lossOutPermille }) => (lossOutPermille === null ? '-' : percent(lossOutPermille)),
    align: 'right',
  },
  { title: 'Cost ms', cell: ({ costUs }) => milliseconds(costUs), align: 'right' },
];

export function explainText(found: PeerExplained): string[] {
  const since = found.sinceSeconds === null ? '' : `, for ${duration(found.sinceSeconds)}`;
  const taken = found.link === null ? 'no link' : `link ${found.link}`;
  return [
    `Peer ${found.peer} (policy ${found.policy}): ${taken}${since}`,
    `  ${found.because}`,
    '',
    ...table(COLUMNS, found.links, 'No links.'),
    '',
    ...found.links.map(({ link, because }) => `Link ${link}: ${because}`),
  ];
}
