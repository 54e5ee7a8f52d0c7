/** The network as a drawing: this host, its peers, and every link between them. */
import type { InterfaceStatus } from '../api/interfaces.js';
import type { LinkStatus, PeerStatus } from '../api/peers.js';
import { milliseconds, plural } from '../cli/output/format.js';
import { draw, make } from './dom.js';
import { stateClass, stateText } from './states.js';

/** In pixels as on the screen, so that text keeps its size on a phone. */
const WIDEST = 760;
const NARROWEST = 320;
const ROW = 84;
const HEIGHT = 44;
const MARGIN = 4;
/** Links of one peer are this far apart, and leave it within its box. */
const SPREAD = 34;
const LETTER = 7;

/** Where hosts stand: left edges of this host and of its peers, and the width of each. */
interface Places {
  left: number;
  right: number;
  width: number;
}

/** Places in a drawing of `total` pixels. */
function placesIn(total: number): Places {
  const width = Math.min(160, Math.round(total * 0.28));
  return { left: MARGIN, right: total - width - MARGIN, width };
}

/** One interface, drawn; the words of the caption say the same. */
export function drawing(
  status: InterfaceStatus,
  hostname: string,
  peers: readonly PeerStatus[],
): HTMLElement {
  const total = Math.max(NARROWEST, Math.min(WIDEST, document.body.clientWidth - 60));
  const places = placesIn(total);
  const height = Math.max(1, peers.length) * ROW + 8;
  const middle = height / 2;
  const caption = captionOf(status);
  const picture = draw('svg', { viewBox: `0 0 ${total} ${height}`, role: 'img', 'aria-label': caption });
  peers.forEach((peer, index) => {
    const y = index * ROW + ROW / 2 + 4;
    for (const [place, link] of peer.links.entries())
      picture.append(...linkBetween(places, [middle, y], link, place, peer));
  });
  picture.append(...host([places.left, middle], places.width, hostname, status.name));
  peers.forEach((peer, index) => {
    picture.append(
      ...host([places.right, index * ROW + ROW / 2 + 4], places.width, peer.name, peer.cause ?? peer.state),
    );
  });
  return make('figure', {}, make('figcaption', {}, caption), picture);
}

/** `octo0 is up: 2 of 2 peers and 4 of 4 links up` */
function captionOf({ name, state, cause, peers, peersUp, links, linksUp }: InterfaceStatus): string {
  if (state === 'down') return `${name} is down: ${cause ?? 'no cause known'}`;
  return `${name} is up: ${peersUp} of ${plural(peers, 'peer')} and ${linksUp} of ${plural(links, 'link')} up`;
}

function host([x, middle]: [number, number], width: number, name: string, below: string): SVGElement[] {
  const letters = Math.floor((width - 16) / LETTER);
  return [
    draw('rect', { class: 'host', x, y: middle - HEIGHT / 2, width, height: HEIGHT, rx: 8 }),
    draw('text', { x: x + 10, y: middle - 3 }, shortened(name, letters)),
    draw('text', { class: 'faint', x: x + 10, y: middle + 13 }, shortened(below, letters)),
  ];
}

/** Link number `place` of a peer, from the height of this host to that of the peer. */
function linkBetween(
  places: Places,
  [from, to]: [number, number],
  link: LinkStatus,
  place: number,
  peer: PeerStatus,
): SVGElement[] {
  const others = peer.links.length - 1;
  const offset = others === 0 ? 0 : (place * SPREAD) / others - SPREAD / 2;
  const [x1, x2] = [places.left + places.width, places.right];
  const bend = (x2 - x1) / 2;
  const [y1, y2] = [from + offset, to + offset];
  const kind = stateClass(link);
  const title = `link ${link.link} to ${peer.name}: ${stateText(link)}, ${milliseconds(link.rttSmoothedUs)} ms`;
  const path = draw(
    'path',
    {
      class: `link ${kind}${link.active ? ' carries' : ''}`,
      d: `M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`,
    },
    draw('title', {}, title),
  );
  return [path, draw('text', { class: 'faint', x: x2 - 16, y: y2 - 4 }, `${link.link}`)];
}

/** Shortened in the middle, so that two long names stay different. */
function shortened(name: string, length: number): string {
  if (name.length <= length) return name;
  const half = Math.floor((length - 1) / 2);
  return `${name.slice(0, half)}…${name.slice(-half)}`;
}
