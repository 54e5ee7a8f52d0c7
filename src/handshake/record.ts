/** What came of handshakes with each peer, and who was refused: from this the operator learns why a peer is down. */
import { ByRow } from '../base/by-row.js';
import type { PathRef } from '../contract/events.js';
import { PATH } from '../native/ops.js';
import { type HandshakeReason, NORMAL_HANDSHAKES } from './reasons.js';
import { keepNewest } from './recent-set.js';

const MAX_STRANGERS = 64;
const ADDRESS_WORDS = 4;

/** `mac1-wrong`: not addressed to our public key, and therefore dropped before it was read. */
export type RefusalReason = HandshakeReason | 'mac1-wrong';

/** A handshake message that led nowhere. */
export interface Refusal {
  readonly reason: RefusalReason;
  /** Microseconds of boot time. */
  readonly at: number;
  /** The path it came by, in words of `PATH`. */
  readonly path: readonly number[];
  /** Number of the peer that it came from; null where that is not known. */
  readonly peer: number | null;
  /** The sender's public key, where it proved to have it and is no peer. */
  readonly publicKey: Uint8Array | null;
}

export interface PeerRecord {
  /** Initiations sent since the last response. */
  unanswered: number;
  /** When the peer last responded, and when it last called us with an authentic initiation; null for never. */
  answeredAt: number | null;
  calledAt: number | null;
  /** The last refusal since a handshake succeeded. */
  refusal: Refusal | null;
  /** Two hosts were seen to use its key in turn: when last, and the paths of both. */
  twins: { at: number; paths: readonly [readonly number[], readonly number[]] } | null;
}

export class HandshakeRecord {
  private readonly peers = new ByRow<PeerRecord>();
  private readonly lastOf = new Map<RefusalReason, Refusal>();
  /** By address; the one that was refused longest ago first. */
  private readonly strangers = new Map<string, Refusal>();

  of(peer: number): PeerRecord {
    let found = this.peers.get(peer);
    if (found === undefined) {
      found = { unanswered: 0, answeredAt: null, calledAt: null, refusal: null, twins: null };
      this.peers.set(peer, found);
    }
    return found;
  }

  /** The last refusal for a reason. */
  last(reason: RefusalReason): Refusal | null {
    return this.lastOf.get(reason) ?? null;
  }

  /** The last refusal of somebody unknown at the remote address of this path. */
  strangerAt(path: readonly number[]): Refusal | null {
    return this.strangers.get(addressKey(path)) ?? null;
  }

  forget(peer: number): void {
    this.peers.delete(peer);
  }

  sent(peer: number): void {
    this.of(peer).unanswered++;
  }

  answered(peer: number, now: number): void {
    Object.assign(this.of(peer), { unanswered: 0, answeredAt: now, refusal: null });
  }

  called(peer: number, now: number): void {
    const record = this.of(peer);
    record.calledAt = now;
    record.refusal = null;
  }

  sharedKey(peer: number, [one, other]: readonly [PathRef, PathRef], at: number): void {
    this.of(peer).twins = { at, paths: [one.words, other.words] };
  }

  refused(
    reason: HandshakeReason,
    path: readonly number[],
    from: { peer: number | null; publicKey: Uint8Array | null },
    at: number,
  ): void {
    const refusal: Refusal = { reason, at, path, ...from };
    this.lastOf.set(reason, refusal);
    if (NORMAL_HANDSHAKES.has(reason)) return;
    if (from.peer !== null) this.of(from.peer).refusal = refusal;
    else this.addStranger(refusal);
  }

  /** A message for another public key than ours came by a path. */
  misaddressed(path: readonly number[], at: number): void {
    const refusal: Refusal = { reason: 'mac1-wrong', at, path, peer: null, publicKey: null };
    this.lastOf.set(refusal.reason, refusal);
    this.addStranger(refusal);
  }

  private addStranger(refusal: Refusal): void {
    keepNewest(this.strangers, addressKey(refusal.path), refusal, MAX_STRANGERS);
  }
}

function addressKey(path: readonly number[]): string {
  return [path[PATH.FAMILY], ...path.slice(PATH.ADDR, PATH.ADDR + ADDRESS_WORDS)].join(',');
}
