/** The MTU of the peer's TAP, which its heartbeats tell: both ends of a LAN should have the same. */
import type { Datagram } from '../../state/datagram.js';
import { HEARTBEAT } from '../../wire/heartbeat.js';
import type { LinkBase } from '../ports.js';

/**
 * A peer may change its mind as often as it likes: the control thread hears of the first changes at once, and of one in
 * this time (µs) of those that go on.
 */
const TOLD_EVERY_US = 10_000_000;
const TOLD_AT_ONCE = 4;

/** Tells the control thread where a heartbeat names another MTU than the last one that was told; 0: it names none. */
export function hearTapMtu(base: LinkBase, { peer, body, end, now }: Datagram): void {
  const { peers } = base.tables;
  const isThere = end - body >= HEARTBEAT.TAP_MTU + 2;
  const mtu = isThere ? base.arena.view.getUint16(body + HEARTBEAT.TAP_MTU) : 0;
  if (mtu === peers.tapMtu[peer]) return;
  const freshAt = Math.max(peers.tapMtuFreshAt[peer], now);
  if (freshAt - now > (TOLD_AT_ONCE - 1) * TOLD_EVERY_US) return;
  peers.tapMtu[peer] = mtu;
  peers.tapMtuFreshAt[peer] = freshAt + TOLD_EVERY_US;
  base.ports.emit({ kind: 'tap-mtu', peer, mtu });
}
