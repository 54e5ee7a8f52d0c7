/**
 * Traces: what lies on the way of a link. A probe is an MTU_PROBE of that link, by its own socket and to its own remote end, which
 * may take a few hops only: routers send it the way of the link's other datagrams, and the one where it ends says so by ICMP. One
 * that gets through is answered by the peer, as any MTU_PROBE. Like those it is left out of the counts by which loss is measured.
 */
import type { TraceAnswer } from '../../contract/events.js';
import { PATH, SOCKET_ERROR } from '../../native/ops.js';
import { type LinkTable, NEVER } from '../../state/links.js';
import { sameRemote } from '../../state/remote-ends.js';
import { KIND, SEALED_OVERHEAD } from '../../wire/header.js';
import { MTU_PROBE, TRACE_SIZE } from '../../wire/mtu-probe.js';
import type { LinkBase } from '../ports.js';
import { fateOf } from './icmp.js';

const ENOTCONN = -107;
const NO_PROBE = -1;

interface TraceProbe {
  readonly id: number;
  /** Bytes of the IP packet. */
  readonly size: number;
  /** 0: as many as any. */
  readonly hops: number;
}

export class Traces {
  private readonly links: LinkTable;
  /** The probe under way. */
  private link = NO_PROBE;
  private id = 0;
  private size = 0;
  private sentAt = NEVER;

  constructor(private readonly base: LinkBase) {
    this.links = base.tables.links;
  }

  /** Sends a probe by a link. */
  ask(link: number, { id, size, hops }: TraceProbe, now: number): void {
    const { links } = this;
    const { messages } = this.base.ports;
    this.link = link;
    this.id = id;
    this.size = size;
    this.sentAt = now;
    const slot = this.base.tables.peers.session[links.peer[link]];
    if (slot < 0 || !links.hasPath(link) || links.isRelayed(link)) return this.tell('refused', now, ENOTCONN);
    messages.flush();
    const room = size - links.outerOverhead(link) - SEALED_OVERHEAD;
    const body = messages.open(KIND.MTU_PROBE, Math.max(MTU_PROBE.BYTES, room));
    const { bytes, view } = this.base.arena;
    bytes[body + MTU_PROBE.LINK] = links.id[link];
    view.setUint16(body + MTU_PROBE.ID, id);
    view.setUint16(body + MTU_PROBE.SIZE, TRACE_SIZE);
    // Only this one datagram goes while the path has another hop limit.
    const limit = links.pathOf(link) + PATH.HOPS;
    links.paths[limit] = hops;
    const error = messages.sendProbe(slot, link, now);
    links.paths[limit] = 0;
    if (error !== 0) this.tell('refused', now, error);
  }

  /** The peer answers a probe. */
  answered(link: number, id: number, now: number): void {
    if (link === this.link && id === this.id) this.tell('peer', now);
  }

  /** Answers by ICMP to what was sent by a socket: rows of `SOCKET_ERROR`. Those to other datagrams say nothing. */
  heardOnTheWay(rows: Int32Array, count: number, socket: number, now: number): void {
    const { links } = this;
    for (let row = 0; row < count; row++) {
      const at = row * SOCKET_ERROR.WORDS;
      const { link } = this;
      if (link === NO_PROBE || links.socket[link] !== socket) return;
      if (sameRemote(links.paths, links.pathOf(link), rows, at + SOCKET_ERROR.TO)) this.heard(rows, at, now);
    }
  }

  private heard(rows: Int32Array, at: number, now: number): void {
    const what = fateOf(rows, at);
    if (what === null) return;
    const from = at + SOCKET_ERROR.FROM;
    const mtu = what === 'too-big' ? rows[at + SOCKET_ERROR.INFO] : 0;
    // A router that passes on as much speaks of a larger one: a search for the MTU of the path goes by the same socket.
    if (mtu >= this.size) return;
    this.tell(what, now, rows[at + SOCKET_ERROR.CODE], mtu, [...rows.subarray(from, from + PATH.LOCAL)]);
  }

  private tell(
    what: TraceAnswer['what'],
    now: number,
    code = 0,
    mtu = 0,
    from: TraceAnswer['from'] = null,
  ): void {
    this.link = NO_PROBE;
    this.base.ports.emit({ kind: 'trace', id: this.id, what, from, mtu, code, rttUs: now - this.sentAt });
  }
}
