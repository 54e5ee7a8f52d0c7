/** A trace as text. */
import type { TraceHop, TraceResult } from '../../api/index.js';
import { milliseconds } from './format.js';
import { type Column, foldLine, TEXT_WIDTH, table } from './table.js';

const COLUMNS: Column<TraceHop>[] = [
  { title: 'Hop', cell: ({ hop }) => String(hop), align: 'right' },
  { title: 'Address', cell: ({ address }) => address ?? '*' },
  { title: 'ms', cell: ({ rttUs }) => milliseconds(rttUs), align: 'right' },
  { title: 'Remark', cell: remark, folds: true },
];

/** The way of one link. */
export function traceText(result: TraceResult): string[] {
  const { peer, link, remote, packetBytes, hops, problem } = result;
  const to = remote === null ? '' : ` (${remote})`;
  return [
    `Link ${link} of ${peer}${to}, packets of ${packetBytes} bytes:`,
    ...(hops.length === 0 ? [] : table(COLUMNS, hops, '')),
    ...foldLine(problem === null ? ending(result) : `% ${problem}`, TEXT_WIDTH),
  ];
}

function ending({ peer, link, hops, rttUs, mtu }: TraceResult): string {
  const last = hops.at(-1);
  if (last?.isPeer) return `${peer} answers after ${last.hop} hops; packets of ${mtu} bytes get there.`;
  if (last?.refusal != null) return `The way ends at ${last.address}: ${last.refusal}.`;
  if (rttUs !== null)
    return `${peer} answers by link ${link} in ${milliseconds(rttUs)} ms; what lies before it keeps silent.`;
  const heard = hops.findLast(({ address }) => address !== null);
  return heard === undefined
    ? `Nobody answers by link ${link}: look at the firewall of this host and at its first router.`
    : `Nobody answers behind ${heard.address}: the way ends there, or a firewall drops the rest.`;
}

function remark({ isPeer, refusal, mtu, mtuBy }: TraceHop): string {
  const narrow =
    mtuBy === 'silence'
      ? `packets above ${mtu} bytes vanish behind it without a word`
      : `no more than ${mtu} bytes get further`;
  const parts = [
    ...(isPeer ? ['the peer'] : []),
    ...(refusal === null ? [] : [refusal]),
    ...(mtu === null ? [] : [narrow]),
  ];
  return parts.join('; ');
}
