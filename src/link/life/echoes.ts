/** Echoes: `ping` of a peer or one of its links. */
import { DROP } from '../../contract/drops.js';
import { PATH } from '../../native/ops.js';
import type { Datagram } from '../../state/datagram.js';
import { ECHO, ECHO_REPLY } from '../../wire/echo.js';
import { KIND } from '../../wire/header.js';
import type { LinkBase } from '../ports.js';
import type { EventLimit } from './event-limit.js';

/** Echo payloads larger than this are refused; the bytes are zero. */
export const MAX_ECHO_BYTES = 65_000;

const U32 = 0x1_0000_0000;

/** An echo that is asked for. */
export interface EchoRequest {
  readonly id: number;
  readonly sequence: number;
  /** Bytes of payload. */
  readonly size: number;
}

const VERSION_NUMBERS = 3;
const ADDRESS_BYTES = 16;

export class Echoes {
  /** Version of this program: three numbers. */
  version: readonly number[] = [];

  constructor(
    private readonly base: LinkBase,
    private readonly limit: EventLimit,
  ) {}

  /** Asks for an echo by a link (-1: the one that data would take). Nothing happens when there is none. */
  ask(peer: number, link: number, request: EchoRequest, now: number): void {
    const { peers, links } = this.base.tables;
    const by = link >= 0 ? link : peers.activeLink[peer];
    const slot = peers.session[peer];
    if (by < 0 || slot < 0 || !links.hasRemote(by)) return;
    const { messages } = this.base.ports;
    const room = links.maxPlain[by] - ECHO.BYTES;
    const padding = Math.max(0, Math.min(request.size, room, MAX_ECHO_BYTES));
    const body = messages.open(KIND.ECHO, ECHO.BYTES + padding);
    const { view } = this.base.arena;
    view.setUint16(body + ECHO.ID, request.id);
    view.setUint32(body + ECHO.SEQUENCE, request.sequence);
    view.setUint32(body + ECHO.SENT_AT, now % U32);
    messages.send(slot, by, now);
    messages.flush();
  }

  heard(datagram: Datagram): void {
    if (this.base.arena.bytes[datagram.body + ECHO.REPLY] === 0) this.answer(datagram);
    else this.answered(datagram);
  }

  private answer(datagram: Datagram): void {
    const { peer, link, body, end, now } = datagram;
    const { peers, links } = this.base.tables;
    const { messages } = this.base.ports;
    const slot = peers.session[peer];
    const by = link >= 0 ? link : peers.activeLink[peer];
    if (slot < 0 || by < 0) return this.base.drops.message(DROP['no-usable-link'], datagram);
    if (end - body > links.maxPlain[by]) return this.base.drops.message(DROP['tx-too-big'], datagram);
    const reply = messages.open(KIND.ECHO, end - body);
    this.base.arena.bytes.copyWithin(reply, body, end);
    this.base.arena.bytes[reply + ECHO.REPLY] = 1;
    if (end - body >= ECHO_REPLY.BYTES) this.tell(reply, datagram);
    messages.send(slot, by, now);
  }

  /** Tells the peer where its request came from, and who we are. */
  private tell(reply: number, { paths, path }: Datagram): void {
    const { bytes, view } = this.base.arena;
    bytes.fill(0, reply + ECHO_REPLY.SEEN_FAMILY, reply + ECHO_REPLY.BYTES);
    for (const [index, number] of this.version.entries())
      view.setUint16(reply + ECHO_REPLY.VERSION + 2 * index, number);
    const family = paths[path + PATH.FAMILY];
    if (family !== 4 && family !== 6) return;
    bytes[reply + ECHO_REPLY.SEEN_FAMILY] = family;
    view.setUint16(reply + ECHO_REPLY.SEEN_PORT, paths[path + PATH.PORT]);
    const words = paths.slice(path + PATH.ADDR, path + PATH.LOCAL);
    bytes.set(new Uint8Array(words.buffer), reply + ECHO_REPLY.SEEN_ADDRESS);
  }

  private answered(datagram: Datagram): void {
    const { peer, link, body, end, now } = datagram;
    if (!this.limit.mayEmit(now)) return this.base.drops.message(DROP['event-limit'], datagram);
    const { view } = this.base.arena;
    this.base.ports.emit({
      kind: 'echo',
      peer,
      link: link < 0 ? -1 : this.base.tables.links.id[link],
      id: view.getUint16(body + ECHO.ID),
      sequence: view.getUint32(body + ECHO.SEQUENCE),
      rttUs: ((now % U32) - view.getUint32(body + ECHO.SENT_AT) + U32) % U32,
      ...(end - body >= ECHO_REPLY.BYTES ? this.told(body) : { seen: null, version: null }),
    });
  }

  /** What a reply tells; a peer that does not know of it sends zeros. */
  private told(body: number): { seen: number[] | null; version: number[] | null } {
    const { bytes, view } = this.base.arena;
    const family = bytes[body + ECHO_REPLY.SEEN_FAMILY];
    const at = body + ECHO_REPLY.SEEN_ADDRESS;
    const words = new Int32Array(bytes.slice(at, at + ADDRESS_BYTES).buffer);
    const numbers = Array.from({ length: VERSION_NUMBERS }, (_, index) =>
      view.getUint16(body + ECHO_REPLY.VERSION + 2 * index),
    );
    return {
      seen:
        family === 4 || family === 6 ? [family, view.getUint16(body + ECHO_REPLY.SEEN_PORT), ...words] : null,
      version: numbers.some((number) => number > 0) ? numbers : null,
    };
  }
}
