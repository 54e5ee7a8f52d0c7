/** Messages about members: between clients and their server, and between members of a registry. What they say is the control thread's business. */

import { ROLE } from '../../contract/directs.js';
import { DROP } from '../../contract/drops.js';
import type { Datagram } from '../../state/datagram.js';
import type { Directs } from '../../switch/directs.js';
import { KIND } from '../../wire/header.js';
import { MAX_MEMBER_BYTES } from '../../wire/member.js';
import type { LinkBase } from '../ports.js';
import type { EventLimit } from './event-limit.js';

const HAS_SOMETHING_TO_SAY = ROLE.SERVER | ROLE.CLIENT | ROLE.MEMBER;

export class Members {
  constructor(
    private readonly base: LinkBase,
    private readonly directs: Directs,
    private readonly limit: EventLimit,
  ) {}

  /** Sends a message by the link that frames take; nothing happens when there is none. */
  send(peer: number, message: Uint8Array, now: number): void {
    const { peers, links } = this.base.tables;
    if (!peers.has(peer)) return;
    const by = peers.activeLink[peer];
    const slot = peers.session[peer];
    if (by < 0 || slot < 0 || message.length + 1 > links.maxPlain[by]) return;
    const { messages } = this.base.ports;
    const body = messages.open(KIND.MEMBER, message.length + 1);
    this.base.arena.bytes.set(message, body + 1);
    messages.send(slot, by, now);
  }

  heard(datagram: Datagram): void {
    const { peer, body, end, now } = datagram;
    const { drops, arena, ports } = this.base;
    if ((this.directs.rolesOf(peer) & HAS_SOMETHING_TO_SAY) === 0) {
      return drops.message(DROP['member-unasked'], datagram);
    }
    if (end - body > MAX_MEMBER_BYTES) return drops.message(DROP.malformed, datagram);
    if (!this.limit.mayEmit(now)) return drops.message(DROP['event-limit'], datagram);
    ports.emit({ kind: 'member', peer, bytes: arena.bytes.slice(body + 1, end) });
  }
}
