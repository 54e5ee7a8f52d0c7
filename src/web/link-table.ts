/** The links as a table: the same as the drawing, in words and figures. */
import type { LinkStatus, PeerStatus } from '../api/peers.js';
import { milliseconds, percent, rate } from '../cli/output/format.js';
import { make } from './dom.js';
import { stateClass, stateText } from './states.js';

const HEADINGS = [
  'Link',
  'State',
  'RTT ms',
  'Loss out %',
  'Loss in %',
  'Mbit/s out',
  'Mbit/s in',
  'Remote',
  'Cause',
];

/** The rows of a table; `choose` hears of a link whose history is wanted. */
export function linkRows(
  peers: readonly PeerStatus[],
  chosen: LinkStatus | null,
  choose: (link: LinkStatus) => void,
): HTMLElement[] {
  const head = make('tr', {}, ...HEADINGS.map((heading) => make('th', { scope: 'col' }, heading)));
  const rows = peers.flatMap((peer) => peer.links.map((link) => row(link, isSame(link, chosen), choose)));
  return [make('thead', {}, head), make('tbody', {}, ...rows)];
}

function row(link: LinkStatus, isChosen: boolean, choose: (link: LinkStatus) => void): HTMLElement {
  const button = make(
    'button',
    { type: 'button', 'aria-pressed': String(isChosen) },
    `${link.peer} ${link.link}`,
  );
  button.addEventListener('click', () => choose(link));
  const cells = [
    milliseconds(link.rttSmoothedUs),
    percent(link.lossOutPermille),
    percent(link.lossInPermille),
    rate(link.sentBytesPerSecond),
    rate(link.receivedBytesPerSecond),
    link.remote ?? '-',
  ];
  return make(
    'tr',
    {},
    make('th', { scope: 'row' }, button),
    make('td', { class: stateClass(link) }, stateText(link)),
    ...cells.map((cell) => make('td', {}, cell)),
    make('td', { class: 'wide' }, link.cause ?? ''),
  );
}

/** Whether two are the same link, perhaps at different times. */
export function isSame(link: LinkStatus, other: LinkStatus | null): boolean {
  return (
    other !== null &&
    link.interface === other.interface &&
    link.peer === other.peer &&
    link.link === other.link
  );
}
