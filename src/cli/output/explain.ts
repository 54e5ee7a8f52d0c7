/** The text form of `explain peer`. */
import type { FlowExplained, FlowsExplained, LinkExplained, PeerExplained } from '../../api/index.js';
import { bytes, duration, milliseconds, percent } from './format.js';
import { type Column, foldLine, TEXT_WIDTH, table } from './table.js';

const COLUMNS: Column<LinkExplained>[] = [
  { title: 'Link', cell: ({ link, carries }) => `${link}${carries ? '*' : ''}`, align: 'right' },
  { title: 'State', cell: ({ state }) => state },
  {
    title: 'Share',
    cell: ({ sharePercent }) => (sharePercent === null ? '-' : `${sharePercent} %`),
    align: 'right',
  },
  { title: 'Quality', cell: ({ standing }) => (standing === 'clean' ? 'good' : standing) },
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
  const since = found.sinceSeconds === null ? '' : ` for ${duration(found.sinceSeconds)}`;
  const carriers = found.links.filter(({ carries }) => carries).map(({ link }) => link);
  const taken =
    carriers.length > 1
      ? `carried by links ${carriers.join(', ')}`
      : `carried by ${found.link === null ? 'no link' : `link ${found.link}`}${since}`;
  return [
    `Peer ${found.peer} (policy ${found.policy}): ${taken}`,
    ...foldLine(`  ${found.because}`, TEXT_WIDTH),
    ...(found.advice === null ? [] : foldLine(`  ${found.advice}`, TEXT_WIDTH)),
    '',
    ...table(COLUMNS, found.links, 'No links.'),
    '',
    ...found.links.flatMap(({ link, because }) => foldLine(`Link ${link}: ${because}`, TEXT_WIDTH)),
  ];
}

const FLOW_COLUMNS: Column<FlowExplained>[] = [
  { title: 'Source', cell: ({ source, sourcePort }) => endpoint(source, sourcePort), shrinkTo: 15 },
  {
    title: 'Destination',
    cell: ({ destination, destinationPort }) => endpoint(destination, destinationPort),
    shrinkTo: 15,
  },
  { title: 'Protocol', cell: ({ protocol }) => protocol },
  { title: 'Path', cell: ({ link }) => (link === null ? 'lane' : `link ${link}`) },
  { title: 'Rate', cell: ({ bytesPerSecond }) => `${bytes(bytesPerSecond)}/s`, align: 'right' },
  { title: 'Seen', cell: ({ secondsAgo }) => `${duration(secondsAgo)} ago`, align: 'right' },
];

function endpoint(address: string, port: number | null): string {
  return port === null ? address : address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

export function flowsText(found: FlowsExplained): string[] {
  if (found.policy !== 'adaptive') {
    return [
      `Peer ${found.peer} (policy ${found.policy}): all flows take the same links, see "explain peer".`,
    ];
  }
  const lane =
    found.laneLinks.length === 0
      ? 'no bulk flows at the moment'
      : `bulk flows go by the lane over ${found.laneLinks.map((id) => `link ${id}`).join(', ')}`;
  return [
    `Peer ${found.peer} (policy adaptive): ${lane}`,
    '  A light flow is pinned to the link that promises the earliest arrival.',
    '',
    ...table(FLOW_COLUMNS, found.flows, 'No flows in the last minute.'),
  ];
}
