/** `show mtu` as text. */
import type { LinkMtu, PeerMtu } from '../../api/index.js';
import { orDash, plural } from './format.js';
import { type BlockLayout, type Column, table } from './table.js';

const COLUMNS: readonly Column<LinkMtu>[] = [
  { title: 'Link', cell: ({ link }) => String(link), align: 'right' },
  { title: 'State', cell: ({ state }) => state },
  { title: 'Search', cell: ({ search }) => search },
  { title: 'MTU', cell: ({ mtuBytes }) => String(mtuBytes), align: 'right' },
  { title: 'Probing', cell: ({ probedBytes }) => orDash(probedBytes), align: 'right' },
  { title: 'Route says', cell: ({ routeBytes }) => orDash(routeBytes), align: 'right' },
  { title: 'Configured', cell: ({ configuredBytes }) => String(configuredBytes ?? 'auto'), align: 'right' },
  { title: 'Whole frame', cell: ({ frameBytes }) => String(frameBytes), align: 'right' },
  { title: '', cell: ({ short }) => (short ? 'short' : '') },
];

export const MTUS: BlockLayout<PeerMtu> = { block: mtuText, whenEmpty: 'No peers are configured.' };

function mtuText(peer: PeerMtu): string[] {
  return [
    `${peer.interface} peer ${peer.peer} (bytes)`,
    ...table(COLUMNS, peer.links, '  No links are configured.'),
    ...costText(peer),
  ];
}

function costText(peer: PeerMtu): string[] {
  const { frameBytes, segmentBytes, largestSegmentBytes, extraDatagramsPercent, pieces } = peer;
  if (frameBytes === null) return ['No link is up.'];
  const short = peer.links.filter((link) => link.short).map(({ link }) => link);
  const which = `${short.length === 1 ? 'Link' : 'Links'} ${short.join(', ')}`;
  return [
    ...(short.length > 0
      ? [
          `${which} ${short.length === 1 ? 'is' : 'are'} short: TCP segments of ${segmentBytes} instead of ` +
            `${largestSegmentBytes} bytes, ${extraDatagramsPercent} % more datagrams.`,
        ]
      : []),
    ...(pieces !== null && pieces > 1
      ? [
          `Frames above ${frameBytes} bytes travel in pieces, a full one of ${peer.tapFrameBytes} in ${plural(pieces, 'piece')}.`,
          peer.mssClamp ? 'TCP is kept below that by its MSS.' : 'So does TCP: "no mss-clamp" is set.',
        ]
      : ['Every frame goes in one datagram.']),
  ];
}
