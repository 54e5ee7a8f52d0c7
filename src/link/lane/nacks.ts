/**
 * NACKs: what is lost of a lane by chance is sent again, so that TCP does not take it for a full queue (as link layers
 * do it: RFC 3366). Only where that is quicker than TCP's own timers, and only what a link has lost that loses datagrams
 * without being full: what a full queue drops, TCP must hear of.
 */
import { readU64, writeU64 } from '../../base/bytes.js';
import { DROP } from '../../contract/drops.js';
import type { Datagram } from '../../state/datagram.js';
import { NO_LINK, POLICY } from '../../state/peers.js';
import { KIND } from '../../wire/header.js';
import { GAP, Gaps, MAX_GAPS, NACK } from '../../wire/nack.js';
import type { LinkBase } from '../ports.js';
import type { Adaptive } from './adaptive.js';
import { answerUs, quickestLink } from './answer-time.js';

export class Nacks {
  constructor(private readonly base: LinkBase) {}

  /** Asks for gaps of a session's lane. Returns how long the answer may take, in µs; 0: nobody was asked. */
  ask(slot: number, gaps: Gaps, now: number): number {
    const { peers, sessions } = this.base.tables;
    const peer = sessions.peer[slot];
    const link =
      peer < 0 || peers.session[peer] !== slot ? NO_LINK : quickestLink(peers, this.base.stats, peer);
    if (link === NO_LINK) return 0;
    const { messages } = this.base.ports;
    const body = messages.open(KIND.NACK, NACK.BYTES + gaps.count * GAP.BYTES);
    const { bytes, view } = this.base.arena;
    bytes[body + NACK.GAPS] = gaps.count;
    let end = gaps.first[0];
    writeU64(view, body + NACK.FROM, end);
    for (let gap = 0; gap < gaps.count; gap++) {
      const at = body + NACK.BYTES + gap * GAP.BYTES;
      view.setUint16(at + GAP.AFTER, gaps.first[gap] - end);
      view.setUint16(at + GAP.DATAGRAMS, gaps.datagrams[gap]);
      end = gaps.endOf(gap);
    }
    messages.send(slot, link, now);
    return answerUs(this.base.stats, link);
  }
}

/** Takes the peer's NACKs. */
export class NackReader {
  private readonly gaps = new Gaps();

  constructor(
    private readonly base: LinkBase,
    private readonly adaptive: Adaptive,
  ) {}

  heard(datagram: Datagram): void {
    const { peer, slot, now } = datagram;
    if (!this.read(datagram)) return this.base.drops.message(DROP.malformed, datagram);
    const { peers } = this.base.tables;
    if (peers.policy[peer] !== POLICY.adaptive || slot !== peers.session[peer]) return;
    this.adaptive.sendAgain(peer, this.gaps, now);
  }

  private read({ body, end }: Datagram): boolean {
    const { gaps } = this;
    const { bytes, view } = this.base.arena;
    const count = bytes[body + NACK.GAPS];
    if (count > MAX_GAPS || end - body < NACK.BYTES + count * GAP.BYTES) return false;
    let first = readU64(view, body + NACK.FROM);
    gaps.count = 0;
    for (let gap = 0; gap < count; gap++) {
      const at = body + NACK.BYTES + gap * GAP.BYTES;
      first += view.getUint16(at + GAP.AFTER);
      gaps.add(first, view.getUint16(at + GAP.DATAGRAMS));
      first = gaps.endOf(gap);
    }
    return true;
  }
}
